"""VCTK: ``txt/<speaker>/<id>.txt``, and ``wav48/…`` or ``wav48_silence_trimmed/…``."""

import re
from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.table import AUDIO_SUFFIXES, find_recording, read_text, strip_suffix
from vits.data.prepared.manifest import Row
from vits.errors import DataError

__all__ = ["read_vctk"]

_MICROPHONE = re.compile(r"_mic([12])$")


def read_vctk(root: Path, audio_dir: Path | None = None, microphone: int = 1) -> Iterator[Row]:
    """Read VCTK, versions 0.80 (one microphone) and 0.92 (two).

    Args:
        root: the folder with ``txt`` and the recordings.
        audio_dir: folder of the recordings; default: the only folder ``wav48…`` in ``root``.
        microphone: 1 or 2 in version 0.92; version 0.80 only has 1.

    Yields:
        One row per recording of the microphone or text, sorted by speaker and id. A row without a
        text (speaker p315) has an empty text; a row without a recording names a file that does not
        exist.

    Raises:
        DataError: the folder of the recordings is ambiguous, the microphone does not exist, or a
            text is not UTF-8.

    Source:
        Yamagishi, Veaux and MacDonald, CSTR VCTK Corpus, 2019 (version 0.92).
    """
    if microphone not in (1, 2):
        raise DataError(f"microphone {microphone} must be 1 or 2")
    audio = audio_dir or _audio_folder(root)
    recordings = [path for path in _files(audio) if path.suffix.lower() in AUDIO_SUFFIXES]
    names = {(path.parent.name, strip_suffix(path.name)) for path in recordings}
    two_microphones = any(_MICROPHONE.search(name) for _, name in names)
    if microphone == 2 and not two_microphones:
        raise DataError(
            f"microphone {microphone} does not exist in {audio}; only version 0.92 has two"
        )
    ending = f"_mic{microphone}" if two_microphones else ""
    texts = {(path.parent.name, path.stem) for path in _files(root / "txt", ".txt")}
    recorded = {
        (speaker, _MICROPHONE.sub("", name)) for speaker, name in names if name.endswith(ending)
    }
    for speaker, name in sorted(texts | recorded):
        yield Row(
            id=name,
            audio=str(find_recording(audio / speaker / f"{name}{ending}")),
            text=read_text(root / "txt" / speaker / f"{name}.txt"),
            speaker=speaker,
        )


def _files(folder: Path, suffix: str = "") -> list[Path]:
    """Return the files ``<speaker>/<name>`` of a folder, without hidden archive metadata."""
    return [p for p in folder.glob(f"*/*{suffix}") if p.is_file() and not p.name.startswith(".")]


def _audio_folder(root: Path) -> Path:
    """Return the only folder of recordings."""
    folders = sorted(path for path in root.glob("wav48*") if path.is_dir())
    if len(folders) != 1:
        listed = ", ".join(path.name for path in folders) or "no folder wav48…"
        raise DataError(
            f"{root} has {listed}; it must have exactly one wav48…; choose one with --audio-dir"
        )
    return folders[0]
