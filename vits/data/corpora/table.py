"""Shared parts of the readers: extensions, single recordings and texts."""

from pathlib import Path

from vits.audio.ffmpeg import SUFFIXES as FFMPEG_SUFFIXES
from vits.errors import DataError

__all__ = [
    "AUDIO_SUFFIXES",
    "OTHER_SUFFIXES",
    "find_recording",
    "read_text",
    "strip_suffix",
]

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif")
"""Extensions of recordings, in search order."""

OTHER_SUFFIXES = FFMPEG_SUFFIXES
"""Extensions of recordings that need ``ffmpeg``."""


def find_recording(stem: Path) -> Path:
    """Return the first existing file ``stem`` + extension, by default ``stem`` + ``.wav``."""
    candidates = [stem.with_name(stem.name + suffix) for suffix in AUDIO_SUFFIXES]
    return next((path for path in candidates if path.exists()), candidates[0])


def read_text(path: Path) -> str:
    """Read a file with a single text; empty if the file does not exist.

    Raises:
        DataError: the file is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").strip() if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 at byte {error.start}; convert the file to UTF-8"
        ) from error


def strip_suffix(name: str, suffixes: tuple[str, ...] = AUDIO_SUFFIXES) -> str:
    """Return a file name without its audio extension, with ``/`` as path separator."""
    name = name.replace("\\", "/")
    suffix = next((s for s in suffixes if name.lower().endswith(s)), "")
    return name[: len(name) - len(suffix)]
