"""Formats that libsndfile lacks, through the program ``ffmpeg`` where it is installed."""

import io
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vits.errors import AudioError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SUFFIXES", "decode", "find_ffmpeg"]

SUFFIXES = (
    ".m4a",
    ".aac",
    ".mp4",
    ".m4b",
    ".wma",
    ".webm",
    ".mka",
    ".mkv",
    ".mov",
    ".amr",
    ".3gp",
    ".ape",
    ".wv",
    ".tta",
    ".spx",
    ".ac3",
    ".caf",
)
"""Extensions of recordings that are read through ``ffmpeg``."""

_LONGEST = 4 * 3600  # seconds of output, so that a false header cannot fill the memory
_TIMEOUT = 600  # seconds


def find_ffmpeg() -> str | None:
    """Return the path of the program ``ffmpeg``; None if it is not installed."""
    return shutil.which("ffmpeg")


def decode(path: Path) -> "tuple[np.ndarray, int]":
    """Decode a recording.

    Args:
        path: the file.

    Returns:
        Samples (L, 1), float32, mixed to mono; and the sample rate (Hz).

    Raises:
        AudioError: ``ffmpeg`` is not installed, or cannot read the file.
    """
    program = find_ffmpeg()
    if program is None:
        kind = path.suffix.lstrip(".").lower()
        raise AudioError(
            f"{path} is in the format {kind}, which cannot be read here; install ffmpeg, or "
            f"convert it: ffmpeg -i '{path}' '{path.with_suffix('.wav')}'"
        )
    state = path.stat()
    return _decode(program, path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # a recording is asked for its header, and then for its samples
def _decode(program: str, path: Path, size: int, changed: int) -> "tuple[np.ndarray, int]":
    """Run ``ffmpeg`` on a file of this size and time of change."""
    import soundfile

    del size, changed
    command = [program, "-v", "error", "-nostdin", "-t", str(_LONGEST), "-i", f"file:{path}"]
    command += ["-vn", "-ac", "1", "-c:a", "pcm_f32le", "-f", "wav", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AudioError(f"{path} cannot be decoded by ffmpeg: {error}") from error
    if done.returncode or not done.stdout:
        message = " ".join(done.stderr.decode(errors="replace").split())[-300:] or "no audio"
        raise AudioError(f"{path} cannot be decoded by ffmpeg: {message}; convert it to wav")
    with soundfile.SoundFile(io.BytesIO(done.stdout)) as file:
        samples = file.read(dtype="float32", always_2d=True)
        samples.setflags(write=False)  # whoever reads the recording gets the same array
        return samples, file.samplerate
