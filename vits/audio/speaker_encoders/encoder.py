"""The interface of speaker encoders, and how one is found by its name."""

from pathlib import Path
from typing import Protocol

import numpy as np

from vits.errors import ConfigError

__all__ = ["RATE", "RESEMBLYZER", "SpeakerEncoder", "open_encoder"]

RATE = 16000  # Hz: what encoders listen to
RESEMBLYZER = "resemblyzer"


class SpeakerEncoder(Protocol):
    """Maps speech to a vector of its speaker.

    Attributes:
        name: which encoder it is; vectors of encoders with different names cannot be compared.
        size: length of its vectors.
    """

    name: str
    size: int

    def __call__(self, speech: np.ndarray) -> np.ndarray:
        """Return a vector (V,) float32 of speech (L,) float32 at 16 kHz, a second or more."""
        ...


def open_encoder(which: str) -> SpeakerEncoder:
    """Open an encoder.

    Args:
        which: ``resemblyzer``, or the path of an ONNX graph, as ``OnnxEncoder`` describes.

    Raises:
        ConfigError: it is neither.
        MissingExtraError: the package that it needs is not installed.
    """
    if which == RESEMBLYZER:
        from vits.audio.speaker_encoders.resemblyzer import Resemblyzer

        return Resemblyzer()
    if Path(which).suffix == ".onnx":
        from vits.audio.speaker_encoders.onnx_encoder import OnnxEncoder

        return OnnxEncoder(Path(which))
    raise ConfigError(
        f"speaker encoder {which!r} must be {RESEMBLYZER!r} or the path of an .onnx file"
    )
