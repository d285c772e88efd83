"""Recordings with a text of the same name: ``a.wav`` and ``a.txt`` or ``a.lab``."""

import os
from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import (
    AUDIO_SUFFIXES,
    OTHER_SUFFIXES,
    read_text,
    strip_suffix,
)
from vits.data.prepared.manifest import Row
from vits.errors import DataError

__all__ = ["has_pairs", "read_pairs"]

TEXT_SUFFIXES = (".txt", ".lab", ".TXT", ".LAB")
_SUFFIXES = (*AUDIO_SUFFIXES, *OTHER_SUFFIXES)
_TEXT_FOLDERS = ("txt", "text", "texts", "lab", "labels", "transcript", "transcripts")


def has_pairs(root: Path) -> bool:
    """Return whether a folder has a recording with a text of the same name."""
    return next(_pairs(root), None) is not None


def read_pairs(root: Path) -> Iterator[Row]:
    """Read recordings whose texts lie in files of the same name.

    Args:
        root: a folder; texts lie beside the recordings, in a folder ``txt`` (or ``lab``, …)
            beside theirs, or in such a folder of ``root`` with the same folders below it. If the
            recordings lie in several folders, these are the speakers, as for the Montreal Forced
            Aligner; of ``ann/wav`` and ``bob/wav``, ``ann`` and ``bob``.

    Yields:
        One row per recording, sorted by folder and name; the text is empty if there is none.

    Raises:
        DataError: a text is not UTF-8, or a recording has two different texts.
    """
    found = list(_recordings(root))
    speakers = _speakers({path.parent.relative_to(root).parts for path in found}, root.name)
    for path in found:
        texts = _texts(path, root)
        contents = [read_text(text) for text in texts]
        if len(set(contents)) > 1:
            names = " and ".join(text.name for text in texts)
            raise DataError(f"{path} has the texts {names}, which differ; keep one of them")
        yield Row(
            id=strip_suffix(path.relative_to(root).as_posix(), _SUFFIXES),
            audio=str(path),
            text=contents[0] if contents else "",
            speaker=speakers[path.parent.relative_to(root).parts],
        )


def _speakers(folders: set[tuple[str, ...]], root: str) -> dict[tuple[str, ...], str]:
    """Return the speaker of each folder: its name, or above folders that all speakers have."""
    if len(folders) < 2:
        return dict.fromkeys(folders, "")
    names = {folder: folder for folder in folders}
    while all(names.values()) and len({name[-1] for name in names.values()}) == 1:
        names = {folder: name[:-1] for folder, name in names.items()}
    return {folder: (name or folder or (root,))[-1] for folder, name in names.items()}


def _pairs(root: Path) -> Iterator[Path]:
    """Yield the recordings that have a text."""
    return (path for path in _recordings(root) if _texts(path, root))


def _recordings(root: Path) -> Iterator[Path]:
    """Yield the recordings below a folder, one for each name."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names: dict[str, str] = {}
        for file in sorted(files, key=lambda file: (file.lower().endswith(OTHER_SUFFIXES), file)):
            if file.lower().endswith(_SUFFIXES) and not file.startswith("."):
                names.setdefault(strip_suffix(file, _SUFFIXES), file)
        yield from (Path(folder, names[stem]) for stem in sorted(names))


def _texts(recording: Path, root: Path) -> list[Path]:
    """Return the texts of a recording."""
    stem = strip_suffix(recording.name, _SUFFIXES)
    beside = root if recording.parent == root else recording.parent.parent
    below = recording.parent.relative_to(root).parts[1:]
    folders = [recording.parent, *(beside / name for name in _TEXT_FOLDERS)]
    folders += [root.joinpath(name, *below) for name in _TEXT_FOLDERS]
    folders = list(dict.fromkeys(folders))
    paths = [folder / f"{stem}{suffix}" for folder in folders for suffix in TEXT_SUFFIXES]
    return [path for path in paths if path.is_file()]
