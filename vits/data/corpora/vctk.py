"""VCTK: ``txt/<speaker>/<id>.txt`` beside ``wav48/…`` or ``wav48_silence_trimmed/…``."""

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
        root: the folder that holds ``txt`` and the recordings.
        audio_dir: folder of the recordings; by default the only one named ``wav48…`` in ``root``.
        microphone: 1 or 2, in version 0.92; version 0.80 has only the first.

    Yields:
        One row for each recording of the microphone and each text, sorted by speaker and id; where
        one of the two is missing, the text is empty (speaker p315) or the file does not exist.

    Raises:
        DataError: the folder of the recordings is ambiguous, the corpus has no such microphone, or
            a text is not UTF-8.

    Source:
        Yamagishi, Veaux and MacDonald, CSTR VCTK Corpus, 2019 (version 0.92).
    """
    if microphone not in (1, 2):
        raise DataError(f"microphone {microphone} must be 1 or 2")
    audio = audio_dir or _audio_folder(root)
    takes = [path for path in _files(audio) if path.suffix.lower() in AUDIO_SUFFIXES]
    names = {(path.parent.name, strip_suffix(path.name)) for path in takes}
    two = any(_MICROPHONE.search(name) for _, name in names)
    if microphone == 2 and not two:
        raise DataError(f"{audio} has one microphone, not {microphone}; version 0.92 has two")
    ending = f"_mic{microphone}" if two else ""
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
    """Return the files ``<speaker>/<name>`` of a folder; hidden ones are an archiver's."""
    return [p for p in folder.glob(f"*/*{suffix}") if p.is_file() and not p.name.startswith(".")]


def _audio_folder(root: Path) -> Path:
    """Return the only folder of recordings."""
    folders = sorted(path for path in root.glob("wav48*") if path.is_dir())
    if len(folders) != 1:
        found = ", ".join(path.name for path in folders) or "none"
        raise DataError(
            f"{root}: {found} found, must be one folder named wav48…; choose it with --audio-dir"
        )
    return folders[0]
