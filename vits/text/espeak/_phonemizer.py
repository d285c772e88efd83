"""phonemizer's wrapper of espeak-ng, imported by itself.

``import phonemizer`` also imports joblib, and with it multiprocessing and asyncio: a quarter of a
second at every start, for something that is not used here. So the wrapper is imported as if the
packages above it were empty, and what that leaves behind is taken away again: who imports
phonemizer afterwards gets all of it.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

__all__ = ["import_wrapper"]

_PACKAGES = ("phonemizer", "phonemizer.backend", "phonemizer.backend.espeak")
_WRAPPER = "phonemizer.backend.espeak.wrapper"


def import_wrapper() -> Any:
    """Return the module ``phonemizer.backend.espeak.wrapper``.

    Raises:
        ImportError: phonemizer is not installed.
    """
    if "phonemizer" in sys.modules:  # somebody has paid for it already
        return import_module(_WRAPPER)
    found = find_spec("phonemizer")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'phonemizer'", name="phonemizer")
    with _empty_packages(Path(found.origin).parent):
        return import_module(_WRAPPER)


@contextmanager
def _empty_packages(folder: Path) -> Generator[None]:
    """Put empty packages in the place of phonemizer's, for the modules in them to be found."""
    for name in _PACKAGES:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "phonemizer"]:
            del sys.modules[name]
