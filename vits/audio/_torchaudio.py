"""Import of torchaudio that works with any torch build; nothing else imports it directly.

The CUDA extension of torchaudio 2.11 fails to load with a CPU build of torch (OSError) or with a
torch for another CUDA version (RuntimeError), and no variable disables it. This library only uses
pure Python parts of torchaudio (resampling, mel filterbanks). If the extension fails to load,
torchaudio is imported again with its extension marked unavailable. Nothing on disk changes, and
later plain ``import torchaudio`` statements, such as those of transformers, get the working module.
"""

import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["import_torchaudio"]

_EXTENSION = "torchaudio._extension"
_LOCK = threading.Lock()


def import_torchaudio() -> ModuleType:
    """Import torchaudio, without its compiled extension if that fails to load.

    Raises:
        ModuleNotFoundError: torchaudio is not installed.
    """
    with _LOCK:
        try:
            return importlib.import_module("torchaudio")
        except (OSError, RuntimeError):
            return _import_without_extension()


def _import_without_extension() -> ModuleType:
    """Import torchaudio again with a stub for its extension package."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]  # the failed import leaves parts behind
    finder = _MissingExtension()
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("torchaudio")
    finally:
        sys.meta_path.remove(finder)


class _MissingExtension(MetaPathFinder, Loader):
    """Import hook that replaces ``torchaudio._extension`` by a stub marked unavailable."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname == _EXTENSION else None

    def exec_module(self, module: ModuleType) -> None:
        names: dict[str, Any] = {
            "_IS_TORCHAUDIO_EXT_AVAILABLE": False,
            "_IS_ALIGN_AVAILABLE": False,
            "_check_cuda_version": lambda: None,
            "_load_lib": lambda lib: False,
            "fail_if_no_align": _refuse,
        }
        module.__dict__.update(names)


def _refuse(function: Callable[..., Any]) -> Callable[..., Any]:
    """Replace a function that needs the extension by one that raises RuntimeError."""

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError(
            f"torchaudio's {function.__name__} needs its compiled extension, which does not load "
            "with this torch build; install the matching torchaudio"
        )

    return refuse
