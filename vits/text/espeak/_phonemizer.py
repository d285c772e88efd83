"""Import of phonemizer's espeak-ng wrapper without the rest of phonemizer.

``import phonemizer`` also imports joblib, multiprocessing and asyncio, which costs a quarter of a
second per start and is not needed here. The wrapper is therefore imported with empty parent
packages, which are removed afterwards, so that a later ``import phonemizer`` works as usual.
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
    if "phonemizer" in sys.modules:  # already imported by other code
        return import_module(_WRAPPER)
    found = find_spec("phonemizer")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'phonemizer'", name="phonemizer")
    with _empty_packages(Path(found.origin).parent):
        return import_module(_WRAPPER)


@contextmanager
def _empty_packages(folder: Path) -> Generator[None]:
    """Temporarily replace phonemizer's packages by empty ones with the same search path."""
    for name in _PACKAGES:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "phonemizer"]:
            del sys.modules[name]
