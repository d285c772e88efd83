"""Reading and writing audio files with soundfile."""

import math
import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import soundfile

from vits.audio import ffmpeg
from vits.errors import AudioError, MissingFileError, one_line

__all__ = [
    "FORMATS",
    "AudioInfo",
    "AudioWriter",
    "info",
    "read",
    "riff_contradiction",
    "riff_shortfall",
    "sample_rate",
    "to_pcm16",
    "write",
]

FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""soundfile's format and subtype for every extension that ``write`` supports."""

_FULL_SCALE = 32768
_BLOCK = 1 << 16  # samples per call; libsndfile's Vorbis encoder overflows the stack on more
_UNKNOWN_SIZE = 0x7FFFF000  # programs that stream a WAV write at least this: length unknown
_UNKNOWN_LENGTH = 1 << 62  # samples; libsndfile reports at least this for a streamed FLAC
_MOST_VALUES = 1 << 28  # samples times channels that are read: 1 GiB; compression can hide more
_RATES = (1000, 768_000)  # Hz; a header outside of it is false, and resampling would need too much
_MOST_CHUNKS = 10_000  # of a RIFF file
_PCM, _FLOAT = 1, 3  # format tags of RIFF


class AudioInfo(NamedTuple):
    """Header of an audio file.

    Attributes:
        sample_rate: samples per second (Hz).
        channels: number of channels.
        samples: samples per channel.
        format: container, e.g. ``WAV``.
        subtype: encoding, e.g. ``PCM_16``.
    """

    sample_rate: int
    channels: int
    samples: int
    format: str
    subtype: str

    @property
    def seconds(self) -> float:
        """Duration (s)."""
        return self.samples / self.sample_rate


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read the header of an audio file.

    Raises:
        MissingFileError: the file does not exist.
        AudioError: it is not an audio file.
    """
    if Path(path).suffix.lower() in ffmpeg.SUFFIXES:
        samples, rate = ffmpeg.decode(_existing(path))
        kind = Path(path).suffix[1:].upper()
        return AudioInfo(rate, samples.shape[1], len(samples), kind, "FFMPEG")
    with _open(path) as file:
        length = file.frames
        if length >= _UNKNOWN_LENGTH:
            length = sum(len(block) for block in _blocks(file, path, math.inf))
        return AudioInfo(file.samplerate, file.channels, length, file.format, file.subtype)


def sample_rate(path: str | os.PathLike[str]) -> int:
    """Read the sample rate of an audio file (Hz); errors are those of ``info``."""
    if Path(path).suffix.lower() in ffmpeg.SUFFIXES:
        return ffmpeg.decode(_existing(path))[1]
    with _open(path) as file:
        return file.samplerate


def read(path: str | os.PathLike[str], *, max_seconds: float = math.inf) -> tuple[np.ndarray, int]:
    """Read an audio file completely.

    Args:
        path: a file in any format of libsndfile: wav, flac, ogg, mp3 and more; with the program
            ``ffmpeg`` also m4a and others.
        max_seconds: a longer recording is an error (s).

    Returns:
        Samples (L, channels), float32, nominally in [-1, 1]; and the sample rate (Hz).

    Raises:
        MissingFileError: the file does not exist.
        AudioError: it is not an audio file, it is shorter than its header declares or longer than
            ``max_seconds``, or its header contradicts itself.
    """
    if Path(path).suffix.lower() in ffmpeg.SUFFIXES:
        samples, rate = ffmpeg.decode(_existing(path))
        return samples.copy(), rate  # the decoded ones are kept, and must not change
    declared, layout = _riff_header(_existing(path))
    missing = declared - Path(path).stat().st_size
    if missing > 0:
        raise AudioError(
            f"{path} is truncated: {missing} bytes fewer than its RIFF header declares; "
            "copy it again"
        )
    fault = _contradiction(layout)
    if fault:
        raise AudioError(f"{path}: {fault}; write the file again")
    with _open(path) as file:
        blocks = list(_blocks(file, path, max_seconds))
        samples = np.concatenate(blocks) if blocks else np.zeros((0, file.channels), np.float32)
        if len(samples) < file.frames < _UNKNOWN_LENGTH:
            raise AudioError(
                f"{path} is truncated: {len(samples)} samples of {file.frames}; copy it again"
            )
        return samples, file.samplerate


def _blocks(
    file: soundfile.SoundFile, path: str | os.PathLike[str], max_seconds: float
) -> Iterator[np.ndarray]:
    """Decode a file in blocks (L, channels), so that a false header costs no memory."""
    lowest, highest = _RATES
    if not lowest <= file.samplerate <= highest:
        raise AudioError(
            f"{path}: sample rate {file.samplerate} Hz must be from {lowest} to {highest} Hz"
        )
    if file.frames == 0:
        return
    total, most = 0, min(_MOST_VALUES // file.channels, max_seconds * file.samplerate)
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        total += len(block)
        if total > most:
            raise AudioError(
                f"{path} is longer than {most / file.samplerate:.0f} s; split the recording"
            )
        yield block


def write(path: str | os.PathLike[str], samples: np.ndarray, sample_rate: int) -> None:
    """Write a mono audio file; the extension selects the format.

    wav and flac are 16-bit PCM. Samples outside [-1, 1] are clipped and counted in a warning.

    Args:
        path: ends in .wav, .flac, .ogg or .mp3; an existing file is replaced.
        samples: (L,) floating point in [-1, 1].
        sample_rate: samples per second (Hz).

    Raises:
        AudioError: unknown extension, samples that are not finite or not (L,), or a sample rate
            that the format does not support.
        MissingFileError: the folder does not exist.
    """
    samples = _checked(np.asarray(samples))
    with AudioWriter(path, sample_rate) as writer:
        writer.write(samples)


class AudioWriter:
    """Writes a mono audio file in chunks, with the format, clipping and errors of ``write``.

    A context manager: the data goes to a temporary file, which is renamed to ``path`` if the
    block succeeds and removed if it fails.

    Args:
        path: ends in .wav, .flac, .ogg or .mp3; an existing file is replaced.
        sample_rate: samples per second (Hz).

    Raises:
        AudioError: unknown extension, or a sample rate that the format does not support.
        MissingFileError: the folder does not exist.
    """

    def __init__(self, path: str | os.PathLike[str], sample_rate: int) -> None:
        self._path = path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise AudioError(
                f"{path} has the extension {path.suffix!r}; write one of {', '.join(FORMATS)}"
            )
        if not path.parent.is_dir():
            raise MissingFileError(f"folder {path.parent} does not exist; create it first")
        self._rate = sample_rate
        name, self._subtype = FORMATS[path.suffix.lower()]
        self._target = path.resolve()  # keep a symbolic link as it is
        self._part = self._target.with_name(f".{path.name}.{os.getpid()}.part")
        self._n_samples, self._n_outside, self._peak = 0, 0, 1.0
        with self._convert_errors():
            try:
                self._file = soundfile.SoundFile(
                    self._part, "w", sample_rate, 1, self._subtype, format=name
                )
            except soundfile.SoundFileError:
                self._part.unlink(missing_ok=True)
                raise

    def write(self, samples: np.ndarray) -> None:
        """Append samples (L,).

        Raises:
            AudioError: a sample is not finite, or the disk is full.
        """
        magnitude = np.abs(_checked(samples))
        self._n_samples += len(samples)
        self._n_outside += np.count_nonzero(magnitude > 1)
        self._peak = max(self._peak, float(magnitude.max(initial=0)))
        samples = np.clip(samples, -1, 1)
        if self._subtype == "PCM_16":
            samples = to_pcm16(samples)
        with self._convert_errors():
            for start in range(0, len(samples), _BLOCK):
                self._file.write(samples[start : start + _BLOCK])

    def __enter__(self) -> "AudioWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Rename the temporary file to its final name, or remove it after an error."""
        try:
            with self._convert_errors():
                self._file.close()
                if kind is None:
                    self._part.replace(self._target)
        finally:
            self._part.unlink(missing_ok=True)
        if kind is None and self._n_outside:
            warnings.warn(
                f"{self._n_outside} of {self._n_samples} samples were outside [-1, 1] and were "
                f"clipped; multiply the wave by {_gain(self._peak):.3g} to avoid clipping",
                stacklevel=3,
            )

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        """Convert errors of soundfile and the system to AudioError with the file's name."""
        try:
            yield
        except (soundfile.SoundFileError, OSError) as error:
            text = one_line(error).replace(str(self._part), str(self._path))
            raise AudioError(f"cannot write {self._path} at {self._rate} Hz: {text}") from error


def _gain(peak: float) -> float:
    """Return a factor of three digits that brings a peak above 1 to at most 1."""
    digits = 2 - math.floor(math.log10(1 / peak))
    return math.floor(10**digits / peak) / 10**digits


def to_pcm16(samples: np.ndarray) -> np.ndarray:
    """Round samples in [-1, 1] to int16; ``read`` returns exactly value / 32768.

    soundfile multiplies by 32767 when writing and divides by 32768 when reading, so repeated
    copies of a recording would become quieter.
    """
    scaled = np.rint(np.asarray(samples, dtype=np.float64) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def riff_shortfall(path: str | os.PathLike[str]) -> int:
    """Return how many bytes a RIFF WAV file is shorter than its header declares.

    0 for a complete file, for a streamed file (unknown length in its header) and for any other
    format.

    Raises:
        MissingFileError: the file does not exist.
        AudioError: the path is a folder or cannot be opened.
    """
    declared, _ = _riff_header(_existing(path))
    return max(0, declared - Path(path).stat().st_size)


def riff_contradiction(path: str | os.PathLike[str]) -> str:
    """Return how the header of a RIFF WAV file contradicts itself; empty if it does not.

    Raises:
        MissingFileError: the file does not exist.
        AudioError: the path is a folder or cannot be opened.
    """
    return _contradiction(_riff_header(_existing(path))[1])


def _contradiction(layout: tuple[int, ...] | None) -> str:
    """Return how a format chunk contradicts itself; empty if it does not."""
    kind, channels, rate, bytes_per_second, frame, bits = layout or (0, 0, 0, 0, 0, 0)
    if kind not in (_PCM, _FLOAT) or not frame:
        return ""
    if bytes_per_second != rate * frame:
        return (
            f"the header has {bytes_per_second} bytes per second, but {rate} Hz of {frame} bytes "
            f"are {rate * frame}"
        )
    if frame != channels * ((bits + 7) // 8):
        return f"the header has {frame} bytes for {channels} channels of {bits} bits"
    return ""


def _riff_header(path: Path) -> tuple[int, tuple[int, ...] | None]:
    """Return the size that a RIFF WAV header declares, 0 if unknown, and its format chunk."""
    try:
        with path.open("rb") as file:
            return _parse_riff(file)
    except OSError as error:
        raise AudioError(f"cannot read {path}: {one_line(error)}") from error


def _parse_riff(file: BinaryIO) -> tuple[int, tuple[int, ...] | None]:
    """Return the file size that a RIFF WAV header declares, 0 if unknown, and the format."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] not in (b"WAVE", b"WAVE"[: len(head) - 8]):
        return 0, None
    if len(head) < 12:
        return 12, None
    layout = None
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            break
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data":
            return 0 if size >= _UNKNOWN_SIZE else file.tell() + size, layout
        start = file.tell()
        if name == b"fmt " and len(content := file.read(16)) == 16:
            layout = struct.unpack("<HHIIHH", content)
        file.seek(start + size + size % 2)
    (size,) = struct.unpack_from("<I", head, 4)
    return 0 if size >= _UNKNOWN_SIZE else 8 + size, layout


def _checked(samples: np.ndarray) -> np.ndarray:
    """Return the samples; raise AudioError unless they are (L,) and finite."""
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            f"samples of shape {samples.shape} and type {samples.dtype} must be (L,) floating point"
        )
    if not np.isfinite(samples).all():
        bad = np.count_nonzero(~np.isfinite(samples))
        raise AudioError(f"{bad} of {len(samples)} samples are not finite; all must be finite")
    return samples


class _Forward(soundfile.SoundFile):
    """An audio file that is read once from its beginning.

    After every block soundfile seeks to where it is already, which a FLAC of unknown length
    refuses at its end and which resets an MP3 decoder.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[soundfile.SoundFile]:
    """Open an audio file; convert errors of soundfile and the system to AudioError."""
    path = _existing(path)
    try:
        with _Forward(path) as file:
            yield file
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path} is not a readable audio file: {one_line(error)}") from error


def _existing(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it exists and is not a folder."""
    path = Path(path)
    if not path.exists():
        raise MissingFileError(f"{path} does not exist")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; give the path of an audio file")
    if not path.is_file():
        raise AudioError(f"{path} is a pipe or a device; give the path of an audio file")
    return path
