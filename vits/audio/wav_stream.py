"""WAV output to a pipe, without knowing the length in advance."""

import struct
from typing import BinaryIO

import numpy as np

from vits.audio.files import to_pcm16

__all__ = ["WavStreamWriter"]

UNKNOWN_LENGTH = 0xFFFFFFFF  # the convention for the header of a WAV that is streamed


class WavStreamWriter:
    """Writes a mono 16-bit WAV to a stream and flushes after every chunk.

    The header is written at once, with an unknown length.

    Args:
        stream: binary output; it is not closed.
        sample_rate: samples per second (Hz).
    """

    def __init__(self, stream: BinaryIO, sample_rate: int) -> None:
        self._stream = stream
        encoding = struct.pack("<HHIIHH", 1, 1, sample_rate, 2 * sample_rate, 2, 16)
        riff = struct.pack("<4sI4s", b"RIFF", UNKNOWN_LENGTH, b"WAVE")
        chunks = struct.pack("<4sI", b"fmt ", len(encoding)) + encoding
        stream.write(riff + chunks + struct.pack("<4sI", b"data", UNKNOWN_LENGTH))

    def write(self, samples: np.ndarray) -> None:
        """Write samples (L,) in [-1, 1]; values outside are clipped."""
        self._stream.write(to_pcm16(samples).astype("<i2").tobytes())
        self._stream.flush()
