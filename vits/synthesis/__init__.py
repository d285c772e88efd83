"""Voices: the folder they are kept in, loading them, and speaking with them.

The names are imported on first use: a voice in ONNX Runtime speaks without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vits.synthesis.bundle import VoiceBundle
    from vits.synthesis.captions import Captions
    from vits.synthesis.card import Card
    from vits.synthesis.checkpoint import bundle_checkpoint, find_checkpoint
    from vits.synthesis.drift import FrontendDriftWarning
    from vits.synthesis.onnx_voice import OnnxVoice
    from vits.synthesis.precision import PrecisionWarning
    from vits.synthesis.reading import read_voice
    from vits.synthesis.script import SkippedSentenceWarning
    from vits.synthesis.settings import InferenceConfig
    from vits.synthesis.shortcuts import load, synthesize
    from vits.synthesis.speech import Speech, Timing
    from vits.synthesis.voice import Voice
    from vits.synthesis.writing import write_voice

__all__ = [
    "Captions",
    "Card",
    "FrontendDriftWarning",
    "InferenceConfig",
    "OnnxVoice",
    "PrecisionWarning",
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
    "Card": "card",
    "FrontendDriftWarning": "drift",
    "InferenceConfig": "settings",
    "OnnxVoice": "onnx_voice",
    "PrecisionWarning": "precision",
    "SkippedSentenceWarning": "script",
    "Speech": "speech",
    "Timing": "speech",
    "Voice": "voice",
    "VoiceBundle": "bundle",
    "bundle_checkpoint": "checkpoint",
    "find_checkpoint": "checkpoint",
    "load": "shortcuts",
    "read_voice": "reading",
    "synthesize": "shortcuts",
    "write_voice": "writing",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vits.synthesis' has no attribute {name!r}")
    return getattr(import_module(f"vits.synthesis.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, imported already or not."""
    return sorted({*globals(), *__all__})
