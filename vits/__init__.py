"""End-to-end text-to-speech with VITS (Kim, Kong & Son, ICML 2021, arXiv:2106.06103).

``vits.synthesize("Hello.", voice="voices/ada").save("hello.wav")`` is the whole of it. The names
below are imported when they are first used, so ``import vits`` itself costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vits.config import VitsConfig
    from vits.interop.load import load, synthesize
    from vits.models.vits import Vits
    from vits.synthesis import Speech, Voice

    __version__: str

__all__ = ["Speech", "Vits", "VitsConfig", "Voice", "__version__", "load", "synthesize"]

_HOMES = {
    "Speech": "vits.synthesis",
    "Vits": "vits.models.vits",
    "VitsConfig": "vits.config",
    "Voice": "vits.synthesis",
    "load": "vits.interop.load",
    "synthesize": "vits.interop.load",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("vits")
        except PackageNotFoundError:
            return version("vits-speak")
    if name not in _HOMES:
        raise AttributeError(f"module 'vits' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, imported already or not."""
    return sorted({*globals(), *__all__})
