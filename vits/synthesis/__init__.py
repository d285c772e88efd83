"""Voices: the folder they are kept in, loading them, and speaking with them.

The names are imported on first use: a voice in ONNX Runtime speaks without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vits.synthesis.api import load, synthesize
    from vits.synthesis.bundle.card import Card
    from vits.synthesis.bundle.from_checkpoint import bundle_checkpoint, find_checkpoint
    from vits.synthesis.bundle.frontend_mismatch import FrontendMismatchWarning
    from vits.synthesis.bundle.read import read_voice
    from vits.synthesis.bundle.voice_bundle import VoiceBundle
    from vits.synthesis.bundle.write import write_voice
    from vits.synthesis.captions import Captions
    from vits.synthesis.onnx_voice import OnnxVoice
    from vits.synthesis.runtime.precision import PrecisionWarning
    from vits.synthesis.script.sentences import SkippedSentenceWarning
    from vits.synthesis.settings import Settings
    from vits.synthesis.speech import Speech
    from vits.synthesis.timing import Timing
    from vits.synthesis.voice import Voice

__all__ = [
    "Captions",
    "Card",
    "FrontendMismatchWarning",
    "OnnxVoice",
    "PrecisionWarning",
    "Settings",
    "SkippedSentenceWarning",
    "Speech",
    "Timing",
    "Voice",
    "VoiceBundle",
    "bundle_checkpoint",
    "find_checkpoint",
    "load",
    "read_voice",
    "synthesize",
    "write_voice",
]

_HOMES = {
    "Captions": "captions",
    "Card": "bundle.card",
    "FrontendMismatchWarning": "bundle.frontend_mismatch",
    "Settings": "settings",
    "OnnxVoice": "onnx_voice",
    "PrecisionWarning": "runtime.precision",
    "SkippedSentenceWarning": "script.sentences",
    "Speech": "speech",
    "Timing": "timing",
    "Voice": "voice",
    "VoiceBundle": "bundle.voice_bundle",
    "bundle_checkpoint": "bundle.from_checkpoint",
    "find_checkpoint": "bundle.from_checkpoint",
    "load": "api",
    "read_voice": "bundle.read",
    "synthesize": "api",
    "write_voice": "bundle.write",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vits.synthesis' has no attribute {name!r}")
    return getattr(import_module(f"vits.synthesis.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, imported already or not."""
    return sorted({*globals(), *__all__})
