"""Pitch: its predictor, its control, and the source that excites a decoder."""

from vits.models.pitch.control import AS_PREDICTED, PitchControl
from vits.models.pitch.predictor import PitchPredictor, pitch_predictor, require_pitch
from vits.models.pitch.source import Source, make_source

__all__ = [
    "AS_PREDICTED",
    "PitchControl",
    "PitchPredictor",
    "Source",
    "make_source",
    "pitch_predictor",
    "require_pitch",
]
