"""Reading and writing audio files with soundfile."""

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import soundfile

from vits.errors import AudioError, MissingFileError

__all__ = [
    "FORMATS",
    "AudioInfo",
    "AudioWriter",
    "info",
    "read",
    "riff_shortfall",
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
    with _open(path) as file:
        return AudioInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Read an audio file completely.

    Args:
        path: a file in any format of libsndfile: wav, flac, ogg, mp3 and more.

    Returns:
        Samples (L, channels), float32, nominally in [-1, 1]; and the sample rate (Hz).

    Raises:
        MissingFileError: the file does not exist.
        AudioError: it is not an audio file, or it is shorter than its header declares.
    """
    missing = riff_shortfall(path)
    if missing:
        raise AudioError(
            f"{path} is truncated: {missing} bytes fewer than its RIFF header declares; "
            "copy it again"
        )
    with _open(path) as file:
        samples = file.read(dtype="float32", always_2d=True)
        if len(samples) < file.frames:
            raise AudioError(
                f"{path} is truncated: {len(samples)} samples of {file.frames}; copy it again"
            )
        return samples, file.samplerate


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
                f"clipped; multiply the wave by {1 / self._peak:.3g} to avoid clipping",
                stacklevel=3,
            )

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        """Convert errors of soundfile and the system to AudioError with the file's name."""
        try:
            yield
        except (soundfile.SoundFileError, OSError) as error:
            text = _line(error).replace(str(self._part), str(self._path))
            raise AudioError(f"cannot write {self._path} at {self._rate} Hz: {text}") from error


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
    path = _existing(path)
    try:
        with path.open("rb") as file:
            return max(0, _declared_size(file) - path.stat().st_size)
    except OSError as error:
        raise AudioError(f"cannot read {path}: {_line(error)}") from error


def _declared_size(file: BinaryIO) -> int:
    """Return the file size that a RIFF WAV header declares; 0 if it is unknown."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] not in (b"WAVE", b"WAVE"[: len(head) - 8]):
        return 0
    if len(head) < 12:
        return 12
    while len(chunk := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data":
            return 0 if size >= _UNKNOWN_SIZE else file.tell() + size
        file.seek(size + size % 2, os.SEEK_CUR)
    (size,) = struct.unpack_from("<I", head, 4)
    return 0 if size >= _UNKNOWN_SIZE else 8 + size


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


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[soundfile.SoundFile]:
    """Open an audio file; convert errors of soundfile and the system to AudioError."""
    path = _existing(path)
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path} is not a readable audio file: {_line(error)}") from error


def _existing(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it exists and is not a folder."""
    path = Path(path)
    if not path.exists():
        raise MissingFileError(f"{path} does not exist")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; give the path of an audio file")
    return path


def _line(error: Exception) -> str:
    """Return the text of an error on one line."""
    return " ".join(str(error).split())
