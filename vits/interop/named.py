"""Voices by name: found here, or downloaded from the hub once and kept as a voice folder.

The cache is ``HF_HOME/vits``: for each repository, voice folders by commit, and the commit that a
branch or tag had when it was last asked for. A folder is written completely or not at all.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import NamedTemporaryFile

from vits.errors import MissingFileError, VoiceError
from vits.hub.client import UnreachableError, connect, home, is_offline
from vits.hub.download import Published, download, look_up
from vits.hub.names import VoiceName, parse_name
from vits.synthesis.bundle.voice_bundle import is_voice

__all__ = ["cached_voices", "find_or_download", "named_voice", "remove_voice"]

REFERENCES, VOICES = "refs", "voices"


def find_or_download(path: Path | str) -> Path:
    """Return an existing path as it is, and the folder of a voice for a name.

    Raises:
        VitsError: the name cannot be downloaded.
    """
    name = None if Path(path).exists() else parse_name(str(path))
    return Path(path) if name is None else named_voice(name)


def named_voice(name: VoiceName) -> Path:
    """Return the folder of a voice of the hub; it is downloaded and converted if it is new.

    Raises:
        MissingExtraError: the extra ``hub`` is not installed.
        MissingFileError: it is not cached, and cannot be fetched.
        VoiceError: it is no voice, or cannot be read.
    """
    if is_offline():
        return _cached(name)
    hub = connect(f"the voice {name.shown}")
    try:
        found = look_up(hub, name)
        folder = _place(name) / VOICES / found.commit
        if not is_voice(folder):
            _convert(download(hub, found), folder, found)
        _write_reference(name, found.commit)
    except UnreachableError:
        return _cached(name)
    return folder


def cached_voices() -> Iterator[tuple[str, str, Path]]:
    """Yield repository or name, revision and folder of every voice that is cached."""
    for reference in sorted((home() / "vits").glob(f"*/{REFERENCES}/*")):
        folder = reference.parents[1] / VOICES / reference.read_text(encoding="utf-8")
        if is_voice(folder) and not reference.name.startswith("."):
            yield reference.parents[1].name.replace("--", "/"), reference.name, folder


def remove_voice(name: VoiceName) -> Path:
    """Remove all revisions of a voice from the cache; return the folder that held them.

    Raises:
        MissingFileError: it is not cached.
    """
    place = _place(name)
    if not place.is_dir():
        raise MissingFileError(f"{name.shown} is not in {place.parent}; see: vits voices")
    rmtree(place)
    return place


def _place(name: VoiceName) -> Path:
    title = name.shown if name.folder else name.repository.replace("/", "--")
    return home() / "vits" / title


def _cached(name: VoiceName) -> Path:
    """Return what a revision was when it was last downloaded.

    Raises:
        MissingFileError: it never was.
    """
    place = _place(name)
    reference = place / REFERENCES / _file_name(name.revision)
    commit = reference.read_text(encoding="utf-8") if reference.is_file() else name.revision
    folder = place / VOICES / _file_name(commit)
    if not is_voice(folder):
        raise MissingFileError(
            f"{name.shown} is no path here and is not cached in {place}, and the hub cannot be "
            "reached"
        )
    return folder


def _convert(source: Path, folder: Path, found: Published) -> None:
    """Write a downloaded voice as ours; another process may do the same at the same time."""
    from vits.interop.convert import write
    from vits.interop.detect_format import read
    from vits.interop.full_voice import FullVoice

    voice = read(source)
    card = voice.bundle.card
    title = found.name.shown if found.name.folder else found.name.repository.rpartition("/")[2]
    card = replace(
        card,
        name=title if card.name == "voice" else card.name,
        licence=card.licence or found.licence,
        origin=card.origin or found.address,
    )
    voice = FullVoice(
        format=voice.format,
        bundle=replace(voice.bundle, card=card),
        discriminators=voice.discriminators,
    )
    try:
        write(voice, folder, "vits")
    except VoiceError:
        if not is_voice(folder):
            raise
        return
    licence = card.licence or "its licence is not stated: ask its maker before you use it"
    sys.stderr.write(f"{found.name.shown}: {licence}, from {card.origin}\n")


def _write_reference(name: VoiceName, commit: str) -> None:
    path = _place(name) / REFERENCES / _file_name(name.revision)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as file:
        file.write(commit)
    Path(file.name).replace(path)


def _file_name(revision: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", revision)
