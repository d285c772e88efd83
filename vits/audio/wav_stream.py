"""A recording into a pipe, where nobody knows yet how long it will be."""

import struct
from typing import BinaryIO

import numpy as np

from vits.audio.files import to_pcm16

__all__ = ["WavStreamWriter"]

LENGTH_NOT_KNOWN = 0xFFFFFFFF  # what programs write, and expect, in the header of a wave in a pipe


class WavStreamWriter:
    """Writes 16-bit mono wav, header first, and passes every piece on at once.

    Args:
        stream: binary; stays open.
        sample_rate: samples per second (Hz).
    """

    def __init__(self, stream: BinaryIO, sample_rate: int) -> None:
        self._stream = stream
        shape = struct.pack("<HHIIHH", 1, 1, sample_rate, 2 * sample_rate, 2, 16)
        riff = struct.pack("<4sI4s", b"RIFF", LENGTH_NOT_KNOWN, b"WAVE")
        chunks = struct.pack("<4sI", b"fmt ", len(shape)) + shape
        stream.write(riff + chunks + struct.pack("<4sI", b"data", LENGTH_NOT_KNOWN))

    def write(self, samples: np.ndarray) -> None:
        """Write samples (L,) in [-1, 1]; louder ones are clipped."""
        self._stream.write(to_pcm16(samples).astype("<i2").tobytes())
        self._stream.flush()
