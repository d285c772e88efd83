"""Finds recordings by name: in any folder, in any case, with or without extension."""

import copy
import os
from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES, OTHER_SUFFIXES, strip_suffix
from vits.errors import DataError

__all__ = ["Recordings"]

_USUAL = ("wavs", "wav")
_SUFFIXES = (*AUDIO_SUFFIXES, *OTHER_SUFFIXES)
_DEPTH = 6  # of folders below that of the table
_MOST = 2_000_000  # entries looked at: a table in a home directory does not read the whole disk


class Recordings:
    """Finds the recordings that a table names.

    A name is looked up in ``wavs`` and ``wav`` beside the table, beside the table itself, and
    finally in every folder below it. Upper and lower case, the extension and directories that all
    names have in common are disregarded if nothing matches exactly.

    Args:
        root: folder of the table.
        audio_dir: the only folder to look in.
    """

    def __init__(self, root: Path, audio_dir: Path | None) -> None:
        self._root = audio_dir or root
        usual = [root / name for name in _USUAL if (root / name).is_dir()]
        self._folders = [audio_dir] if audio_dir else [*usual, root]
        self._names: dict[Path, dict[str, list[str]]] = {}
        self._below: dict[str, list[Path]] | None = None
        self._common: tuple[str, ...] = ()

    def named(self, names: Iterable[str]) -> "Recordings":
        """Return the same recordings for a table with these names; folders are not read again."""
        other = copy.copy(self)
        other._common = _common_folders([_plain(name) for name in names])
        return other

    def find(self, name: str) -> Path:
        """Return the recording of a name; where it was expected if there is none.

        Raises:
            DataError: recordings in several folders have this name.
        """
        name = _plain(name)
        found = self._matches(name)
        if len({path.parent for path in found}) > 1:
            folders = ", ".join(sorted({str(path.parent) for path in found})[:3])
            raise DataError(f"recording {name} is in {folders}; choose one with --audio-dir")
        return found[0] if found else self._expected(name)

    def has(self, name: str) -> bool:
        """Return whether there is a recording of this name."""
        return bool(name) and len(name) < 1024 and bool(self._matches(_plain(name)))

    def _matches(self, name: str) -> list[Path]:
        """Return the files that a name may mean, best first; several folders only if equal."""
        parts = Path(name).parts
        shared = len(self._common) if parts[: len(self._common)] == self._common else 0
        for part in dict.fromkeys((name, "/".join(parts[shared:]))):
            if not part or "\0" in part:
                continue
            for folder in self._folders:
                if found := self._in_folder(folder / part):
                    return [found]
            if found := self._anywhere(part):
                return found
        return []

    def _in_folder(self, path: Path) -> Path | None:
        """Return the file of a path, of another case or extension if need be."""
        files = self._listing(path.parent).get(strip_suffix(path.name, _SUFFIXES).lower(), [])
        return path.parent / min(files, key=lambda name: _rank(name, path.name)) if files else None

    def _listing(self, folder: Path) -> dict[str, list[str]]:
        """Return the recordings of a folder by their names in lower case without extension."""
        if folder not in self._names:
            names = defaultdict[str, list[str]](list)
            try:
                entries = sorted(path.name for path in folder.iterdir())
            except (OSError, ValueError):
                entries = []
            for entry in entries:
                stem = strip_suffix(entry, _SUFFIXES)
                if stem != entry and not entry.startswith("."):
                    names[stem.lower()].append(entry)
            self._names[folder] = names
        return self._names[folder]

    def _anywhere(self, name: str) -> list[Path]:
        """Return the recordings below the folder whose path ends in the name."""
        wanted = tuple(part.lower() for part in Path(strip_suffix(name, _SUFFIXES)).parts)
        found = [
            path
            for path in self._index().get(wanted[-1] if wanted else "", [])
            if tuple(part.lower() for part in path.parts[-len(wanted) : -1]) == wanted[:-1]
        ]
        best: dict[Path, Path] = {}
        for path in sorted(found, key=lambda path: _rank(path.name, Path(name).name)):
            best.setdefault(path.parent, path)
        return list(best.values())

    def _index(self) -> dict[str, list[Path]]:
        """Return all recordings below the folder by their names."""
        if self._below is None:
            self._below, seen = defaultdict(list), 0
            for folder, folders, _ in os.walk(self._root):
                here = Path(folder)
                deep = len(here.relative_to(self._root).parts) >= _DEPTH
                folders[:] = [] if deep else sorted(f for f in folders if not f.startswith("."))
                for stem, files in self._listing(here).items():
                    self._below[stem] += [here / file for file in files]
                    seen += len(files)
                seen += len(folders)
                if seen > _MOST:
                    break
        return self._below

    def _expected(self, name: str) -> Path:
        """Return where a recording was expected that does not exist."""
        top = Path(name).parts[0] if name else ""
        folder = self._folders[0]
        if len(self._folders) > 1 and "/" in name and (self._root / top).is_dir():
            folder = self._root
        path = folder / name
        return path if strip_suffix(name, _SUFFIXES) != name else path.with_name(f"{path.name}.wav")


def _rank(entry: str, wanted: str) -> tuple[bool, bool, bool, int]:
    """Order files by how well they fit the wanted name, and by extension."""
    stem, suffix = strip_suffix(entry, _SUFFIXES), Path(entry).suffix.lower()
    right_stem = stem == strip_suffix(wanted, _SUFFIXES)
    unreadable = suffix in OTHER_SUFFIXES
    return unreadable, entry != wanted, not right_stem, _SUFFIXES.index(suffix)


def _plain(name: str) -> str:
    """Return a name with ``/`` between folders and without a leading ``./``."""
    name = name.strip().replace("\\", "/")
    return name[2:] if name.startswith("./") else name


def _common_folders(names: list[str]) -> tuple[str, ...]:
    """Return the leading directories that all names share."""
    folders = [Path(name).parts[:-1] for name in names if name]
    first, last = min(folders, default=()), max(folders, default=())  # others lie in between
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return tuple(part for part, _ in same)
