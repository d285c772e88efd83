"""LibriTTS: ``<speaker>/<chapter>/<id>.wav`` and ``<id>.normalized.txt``."""

import os
from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES, find_recording, read_text, strip_suffix
from vits.data.prepared.manifest import Row

__all__ = ["read_libritts"]

_TEXT = ".normalized.txt"


def read_libritts(root: Path) -> Iterator[Row]:
    """Read LibriTTS, or one of its subsets.

    Args:
        root: a folder with ``<speaker>/<chapter>`` folders at any depth.

    Yields:
        One row per recording or text, sorted by folder and id. A row without a text has an empty
        text; a row without a recording names a file that does not exist.

    Raises:
        DataError: a text is not UTF-8.

    Source:
        Zen et al., LibriTTS, Interspeech 2019, section 3.
    """
    for folder, folders, files in os.walk(root):
        folders.sort()
        chapter = Path(folder)
        for name in sorted({name for file in files if (name := _utterance(file))}):
            yield Row(
                id=name,
                audio=str(find_recording(chapter / name)),
                text=read_text(chapter / f"{name}{_TEXT}"),
                speaker=chapter.parent.name,
            )


def _utterance(file: str) -> str | None:
    """Return the id of a recording or text file; None for any other file."""
    if file.startswith("."):  # archive metadata, e.g. ._84_121123.wav
        return None
    if file.endswith(_TEXT):
        return file[: -len(_TEXT)]
    return strip_suffix(file) if file.lower().endswith(AUDIO_SUFFIXES) else None
