"""Samples as bytes of a file, whole or as they come."""

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import torch

from vits.audio.files import to_pcm16
from vits.audio.resample import resample
from vits.audio.wav_stream import WavStreamWriter

__all__ = ["FORMATS", "Encoder", "encode", "media_type", "written_rate"]

_BLOCK = 1 << 16  # samples written at once; libsndfile's Vorbis encoder overflows the stack on more
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)  # Hz, RFC 6716
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# A stream cannot be given the table at its front that tells the length of varying bit rates.
_STREAMED_MP3 = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}
_MARGIN = 0.02  # seconds on either side of a cut; more than half the filter of any rate here


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        container: libsndfile's name of it; "" for samples without any.
        subtype: libsndfile's name of the coding.
        media_type: for the answer's header.
        rates: sample rates that it can do (Hz); empty: any.
    """

    container: str
    subtype: str
    media_type: str
    rates: tuple[int, ...] = ()


FORMATS = {
    "mp3": Format("MP3", "MPEG_LAYER_III", "audio/mpeg", _MP3_RATES),
    "opus": Format("OGG", "OPUS", "audio/ogg; codecs=opus", _OPUS_RATES),
    "ogg": Format("OGG", "VORBIS", "audio/ogg; codecs=vorbis"),
    "flac": Format("FLAC", "PCM_16", "audio/flac"),
    "wav": Format("WAV", "PCM_16", "audio/wav"),
    "pcm": Format("", "PCM_16", "audio/pcm"),
}
"""By ``response_format``; 16 bits where there are any, little-endian, one channel."""


def written_rate(name: str, sample_rate: int) -> int:
    """Return the rate that a format is written at: the next one that it can do (Hz)."""
    rates = FORMATS[name].rates
    above = [rate for rate in rates if rate >= sample_rate]
    return sample_rate if not rates else min(above) if above else max(rates)


def media_type(name: str, sample_rate: int) -> str:
    """Return the content type; samples without a header have their rate in it."""
    kind = FORMATS[name].media_type
    return kind if FORMATS[name].container else f"{kind}; rate={sample_rate}; channels=1"


def encode(name: str, samples: np.ndarray, sample_rate: int, wanted: int | None = None) -> bytes:
    """Encode a whole wave.

    Args:
        name: of the format.
        samples: (L,) float32.
        sample_rate: of ``samples`` (Hz).
        wanted: sample rate of the file (Hz); None: that of the samples.
    """
    rate = written_rate(name, wanted or sample_rate)
    samples = resample(torch.from_numpy(samples), sample_rate, rate).numpy()
    if not FORMATS[name].container:
        return _quantized(samples).tobytes()
    buffer = io.BytesIO()
    with _open(buffer, name, rate) as file:
        _write(file, name, samples)
    return buffer.getvalue()


class Encoder:
    """Encodes a wave piece by piece; the file's length is nowhere in it.

    Args:
        name: of the format.
        sample_rate: of the pieces (Hz).
        wanted: sample rate of the file (Hz); None: that of the pieces.
    """

    def __init__(self, name: str, sample_rate: int, wanted: int | None = None) -> None:
        self.sample_rate = written_rate(name, wanted or sample_rate)
        self._name = name
        self._change = _Resampler(sample_rate, self.sample_rate)
        self._out = _Pipe()
        self._pipe: WavStreamWriter | None = None
        self._file: soundfile.SoundFile | None = None
        if name == "wav":
            self._pipe = WavStreamWriter(self._out, self.sample_rate)
        elif FORMATS[name].container:
            how = _STREAMED_MP3 if name == "mp3" else {}
            self._file = _open(self._out, name, self.sample_rate, **how)

    def write(self, samples: np.ndarray) -> bytes:
        """Take samples (L,) and return what of the file is ready."""
        self._append(self._change.take(samples))
        return self._out.drain()

    def finish(self) -> bytes:
        """Return the rest of the file."""
        self._append(self._change.finish())
        if self._file is not None:
            self._file.close()
        return self._out.drain()

    def _append(self, samples: np.ndarray) -> None:
        if self._pipe is not None:
            self._pipe.write(np.clip(samples, -1, 1))
        elif self._file is not None:
            _write(self._file, self._name, samples)
        else:
            self._out.write(_quantized(samples).tobytes())


class _Pipe(io.BytesIO):
    """A file whose beginning may be gone already: what is written there again is lost."""

    def __init__(self) -> None:
        super().__init__()
        self._place = self._sent = self._end = 0

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Write, where that is still possible; a header is given its length at the end."""
        view = memoryview(data).cast("B")
        lost = max(0, self._sent - self._place)
        super().seek(max(self._place, self._sent) - self._sent)
        super().write(view[lost:])
        self._place += len(view)
        self._end = max(self._end, self._place)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, counted from the beginning that may be gone."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._end}[whence]
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def drain(self) -> bytes:
        """Return what has been written and let go of it."""
        data = self.getvalue()
        super().seek(0)
        self.truncate()
        self._sent += len(data)
        return data


class _Resampler:
    """Resamples piece by piece what comes out as if it were resampled at once.

    Pieces are cut where samples of both rates fall together, and have as much around them as the
    filter reaches.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        common = math.gcd(from_rate, to_rate)
        self._rates = from_rate, to_rate
        self._old, self._new = from_rate // common, to_rate // common
        lowest = min(from_rate, to_rate)
        reach = max(_MARGIN, 64 / (0.9 * lowest) + 2 / lowest)  # half the filter of ``resample``
        self._margin = math.ceil(reach * from_rate / self._old) * self._old
        self._kept = np.zeros(0, np.float32)
        self._before = 0  # samples of ``_kept`` that were given already

    def take(self, samples: np.ndarray) -> np.ndarray:
        """Take samples and return what of the result is settled."""
        if self._old == self._new:
            return samples
        self._kept = np.concatenate([self._kept, samples])
        settled = (len(self._kept) - self._margin - self._before) // self._old * self._old
        return self._give(settled) if settled > 0 else np.zeros(0, np.float32)

    def finish(self) -> np.ndarray:
        """Return the rest."""
        rest = len(self._kept) - self._before
        return self._give(rest) if rest and self._old != self._new else np.zeros(0, np.float32)

    def _give(self, count: int) -> np.ndarray:
        wave = resample(torch.from_numpy(self._kept), *self._rates).numpy()
        start = self._before // self._old * self._new
        given = wave[start : start + math.ceil(count * self._new / self._old)]
        end = self._before + count
        cut = max(0, (end - self._margin) // self._old * self._old)
        self._kept, self._before = self._kept[cut:], end - cut
        return given


def _open(file: io.BytesIO, name: str, sample_rate: int, **how: Any) -> soundfile.SoundFile:
    kind = FORMATS[name]
    subtype, container = kind.subtype, kind.container
    return soundfile.SoundFile(file, "w", sample_rate, 1, subtype, format=container, **how)


def _write(file: soundfile.SoundFile, name: str, samples: np.ndarray) -> None:
    ready = _quantized(samples) if FORMATS[name].subtype == "PCM_16" else np.clip(samples, -1, 1)
    for start in range(0, len(ready), _BLOCK):
        file.write(ready[start : start + _BLOCK])


def _quantized(samples: np.ndarray) -> np.ndarray:
    return to_pcm16(np.clip(samples, -1, 1)).astype("<i2")
