"""Audio encoding: a whole waveform as one file, or a stream encoded chunk by chunk."""

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import torch

from vits.audio.ffmpeg import AacWriter, find_ffmpeg
from vits.audio.files import to_pcm16
from vits.audio.resample import resample
from vits.audio.wav_stream import WavStreamWriter

__all__ = ["FORMATS", "Encoder", "encode", "installed_formats", "media_type", "output_rate"]

_BLOCK = 1 << 16  # samples written at once; libsndfile's Vorbis encoder overflows the stack on more
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)  # Hz, RFC 6716
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_FFMPEG = "ffmpeg"  # the container of what that program encodes
# Variable bit rate needs a header with the total length, which a stream does not know yet.
_STREAMED_MP3 = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}
_MIN_MARGIN = 0.02  # seconds on either side of a cut; over half the filter of every rate above


@dataclass(frozen=True)
class AudioFormat:
    """An audio file format.

    Attributes:
        container: libsndfile's name of the container; "" for raw samples, "ffmpeg" for what that
            program encodes.
        subtype: libsndfile's name of the codec.
        media_type: value of the header ``Content-Type``.
        rates: supported sample rates (Hz); empty: any.
    """

    container: str
    subtype: str
    media_type: str
    rates: tuple[int, ...] = ()


FORMATS = {
    "mp3": AudioFormat("MP3", "MPEG_LAYER_III", "audio/mpeg", _MP3_RATES),
    "opus": AudioFormat("OGG", "OPUS", "audio/ogg; codecs=opus", _OPUS_RATES),
    "ogg": AudioFormat("OGG", "VORBIS", "audio/ogg; codecs=vorbis"),
    "aac": AudioFormat(_FFMPEG, "AAC", "audio/aac", _MP3_RATES),
    "flac": AudioFormat("FLAC", "PCM_16", "audio/flac"),
    "wav": AudioFormat("WAV", "PCM_16", "audio/wav"),
    "pcm": AudioFormat("", "PCM_16", "audio/pcm"),
}
"""Formats by ``response_format``; mono; PCM formats are 16-bit little-endian, aac is ADTS."""


def installed_formats() -> tuple[str, ...]:
    """Return the formats that can be written here: aac needs the program ``ffmpeg``."""
    has_ffmpeg = find_ffmpeg() is not None
    return tuple(n for n, entry in FORMATS.items() if has_ffmpeg or entry.container != _FFMPEG)


def output_rate(name: str, sample_rate: int) -> int:
    """Return the next higher sample rate that a format supports, or else its highest (Hz)."""
    rates = FORMATS[name].rates
    above = [rate for rate in rates if rate >= sample_rate]
    return sample_rate if not rates else min(above) if above else max(rates)


def media_type(name: str, sample_rate: int) -> str:
    """Return the content type; that of raw PCM includes the sample rate (Hz)."""
    media_type = FORMATS[name].media_type
    if FORMATS[name].container:
        return media_type
    return f"{media_type}; rate={sample_rate}; channels=1"


def encode(
    name: str, samples: np.ndarray, sample_rate: int, target_rate: int | None = None
) -> bytes:
    """Encode a whole waveform; the arguments are those of ``Encoder``.

    Args:
        name: key of ``FORMATS``.
        samples: (L,) float32, clipped to -1 to 1.
        sample_rate: sample rate of ``samples`` (Hz).
        target_rate: sample rate of the file (Hz); None: ``sample_rate``.
    """
    with Encoder(name, sample_rate, target_rate, complete=True) as encoder:
        encoder.write(samples)
        return encoder.finish()


class Encoder:
    """Incremental encoder; a context manager, which ends the program of a format that needs one.

    Args:
        name: key of ``FORMATS``.
        sample_rate: sample rate of the input (Hz).
        target_rate: sample rate of the file (Hz); None: ``sample_rate``.
        complete: return all bytes at the end, of a file that stores its own length; a stream
            cannot store it.

    Attributes:
        sample_rate: sample rate of the file (Hz).
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        target_rate: int | None = None,
        *,
        complete: bool = False,
    ) -> None:
        self.sample_rate = output_rate(name, target_rate or sample_rate)
        self._name, self._complete = name, complete
        self._resampler = _Resampler(sample_rate, self.sample_rate)
        self._out = io.BytesIO() if complete else _DrainableBuffer()
        self._wav: WavStreamWriter | None = None
        self._file: soundfile.SoundFile | None = None
        self._aac = AacWriter(self.sample_rate) if name == "aac" else None
        if name == "wav" and not complete:
            self._wav = WavStreamWriter(self._out, self.sample_rate)
        elif FORMATS[name].container and self._aac is None:
            options = _STREAMED_MP3 if name == "mp3" and not complete else {}
            self._file = _open(self._out, name, self.sample_rate, **options)

    def __enter__(self) -> "Encoder":
        return self

    def __exit__(self, *_: object) -> None:
        if self._aac is not None:
            self._aac.close()

    def write(self, samples: np.ndarray) -> bytes:
        """Encode samples (L,) float32 and return the bytes that are ready.

        Raises:
            AudioError: the program of the format fails.
        """
        self._append(self._resampler.push(samples))
        return self._ready()

    def finish(self) -> bytes:
        """Flush the encoder and return the last bytes of the file."""
        self._append(self._resampler.finish())
        if self._file is not None:
            self._file.close()
        if self._aac is not None:
            self._out.write(self._aac.finish())
        return self._out.getvalue() if self._complete else self._ready()

    def _ready(self) -> bytes:
        return self._out.drain() if isinstance(self._out, _DrainableBuffer) else b""

    def _append(self, samples: np.ndarray) -> None:
        if self._wav is not None:
            self._wav.write(np.clip(samples, -1, 1))
        elif self._file is not None:
            _write(self._file, self._name, samples)
        elif self._aac is not None:
            self._out.write(self._aac.write(_to_int16(samples).tobytes()))
        else:
            self._out.write(_to_int16(samples).tobytes())


class _DrainableBuffer(io.BytesIO):
    """A file whose drained beginning can no longer be changed: writes there are ignored."""

    def __init__(self) -> None:
        super().__init__()
        self._position = self._drained = self._end = 0

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Write, except for bytes before the drained position, e.g. a length in the header."""
        view = memoryview(data).cast("B")
        skipped = max(0, self._drained - self._position)
        super().seek(max(self._position, self._drained) - self._drained)
        super().write(view[skipped:])
        self._position += len(view)
        self._end = max(self._end, self._position)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set the position, counted from the beginning of the file, drained or not."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def drain(self) -> bytes:
        """Return the bytes written since the last call and free them."""
        data = self.getvalue()
        super().seek(0)
        self.truncate()
        self._drained += len(data)
        return data


class _Resampler:
    """Streaming resampler whose output equals resampling the whole signal at once.

    Chunks are cut where samples of both rates coincide, and are resampled with half a filter
    length of context on either side.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        common = math.gcd(from_rate, to_rate)
        self._rates = from_rate, to_rate
        self._old, self._new = from_rate // common, to_rate // common
        lowest = min(from_rate, to_rate)
        # half the filter length of ``resample`` (seconds)
        context = max(_MIN_MARGIN, 64 / (0.9 * lowest) + 2 / lowest)
        self._margin = math.ceil(context * from_rate / self._old) * self._old
        self._buffer = np.zeros(0, np.float32)
        self._done = 0  # samples at the start of ``_buffer`` whose output was returned already

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Add samples and return the output that later samples cannot change."""
        if self._old == self._new:
            return samples
        self._buffer = np.concatenate([self._buffer, samples])
        final = (len(self._buffer) - self._margin - self._done) // self._old * self._old
        return self._pop(final) if final > 0 else np.zeros(0, np.float32)

    def finish(self) -> np.ndarray:
        """Return the remaining output."""
        rest = len(self._buffer) - self._done
        return self._pop(rest) if rest and self._old != self._new else np.zeros(0, np.float32)

    def _pop(self, count: int) -> np.ndarray:
        wave = resample(torch.from_numpy(self._buffer), *self._rates).numpy()
        start = self._done // self._old * self._new
        output = wave[start : start + math.ceil(count * self._new / self._old)]
        end = self._done + count
        cut = max(0, (end - self._margin) // self._old * self._old)
        self._buffer, self._done = self._buffer[cut:], end - cut
        return output


def _open(file: io.BytesIO, name: str, sample_rate: int, **options: Any) -> soundfile.SoundFile:
    subtype, container = FORMATS[name].subtype, FORMATS[name].container
    return soundfile.SoundFile(file, "w", sample_rate, 1, subtype, format=container, **options)


def _write(file: soundfile.SoundFile, name: str, samples: np.ndarray) -> None:
    encodable = _to_int16(samples) if FORMATS[name].subtype == "PCM_16" else np.clip(samples, -1, 1)
    for start in range(0, len(encodable), _BLOCK):
        file.write(encodable[start : start + _BLOCK])


def _to_int16(samples: np.ndarray) -> np.ndarray:
    return to_pcm16(np.clip(samples, -1, 1)).astype("<i2")
