"""LibriTTS and LibriSpeech: recordings in ``<speaker>/<chapter>``, and their texts."""

import os
from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES, find_recording, read_text, strip_suffix
from vits.data.prepared.manifest import Row, numbered_lines

__all__ = ["is_libritts", "read_libritts"]

_TEXT, _TEXTS = ".normalized.txt", ".trans.txt"


def is_libritts(root: Path) -> bool:
    """Return whether a folder has texts of LibriTTS or LibriSpeech, with or without its subsets."""
    patterns = [f"{'*/' * depth}*{text}" for depth in (2, 3) for text in (_TEXT, _TEXTS)]
    return any(any(root.glob(pattern)) for pattern in patterns)


def read_libritts(root: Path) -> Iterator[Row]:
    """Read LibriTTS, LibriSpeech, or one of their subsets.

    Args:
        root: a folder with ``<speaker>/<chapter>`` folders at any depth. A text is in
            ``<id>.normalized.txt``, or on a line of ``<speaker>-<chapter>.trans.txt``.

    Yields:
        One row per recording or text, sorted by folder and id. A row without a text has an empty
        text; a row without a recording names a file that does not exist.

    Raises:
        DataError: a text is not UTF-8.

    Source:
        Zen et al., LibriTTS, Interspeech 2019, section 3; Panayotov et al., LibriSpeech, ICASSP
        2015.
    """
    for folder, folders, files in os.walk(root):
        folders.sort()
        chapter = Path(folder)
        texts = _texts(chapter, files)
        for name in sorted({*texts, *(name for file in files if (name := _utterance(file)))}):
            yield Row(
                id=name,
                audio=str(find_recording(chapter / name)),
                text=texts.get(name) or read_text(chapter / f"{name}{_TEXT}"),
                speaker=chapter.parent.name,
            )


def _texts(chapter: Path, files: list[str]) -> dict[str, str]:
    """Return the texts of LibriSpeech by utterance."""
    paths = [chapter / file for file in files if file.endswith(_TEXTS) and file[0] != "."]
    parts = [line.split(maxsplit=1) for path in sorted(paths) for _, line in numbered_lines(path)]
    return {name: "".join(rest).strip() for name, *rest in parts}


def _utterance(file: str) -> str | None:
    """Return the id of a recording or text file; None for any other file."""
    if file.startswith("."):  # archive metadata, e.g. ._84_121123.wav
        return None
    if file.endswith(_TEXT):
        return file[: -len(_TEXT)]
    return strip_suffix(file) if file.lower().endswith(AUDIO_SUFFIXES) else None
