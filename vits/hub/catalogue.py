"""Piper's catalogue: the index ``voices.json`` of ``rhasspy/piper-voices``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from vits.config.json_file import load_json_object
from vits.errors import VoiceError
from vits.hub.client import Hub
from vits.hub.names import PIPER, VoiceName

__all__ = ["CatalogueEntry", "read_catalogue", "read_digests"]

INDEX = "voices.json"
T = TypeVar("T")


class CatalogueEntry(NamedTuple):
    """A voice of the catalogue.

    Attributes:
        name: what ``vits.load`` takes.
        language: code and English name, e.g. ``de_DE German``.
        quality: x_low, low, medium or high.
        speakers: number of speakers.
        size: bytes of its files.
    """

    name: str
    language: str
    quality: str
    speakers: int
    size: int


def read_catalogue(hub: Hub) -> list[CatalogueEntry]:
    """Return the voices of the catalogue by name.

    Raises:
        VitsError: it cannot be fetched or read.
    """
    return _read(hub, lambda values: [_entry(name, values[name]) for name in sorted(values)])


def read_digests(hub: Hub, name: VoiceName) -> dict[str, str]:
    """Return the hashes of a voice's files, ``md5:...``, by path; empty for an unlisted voice.

    Raises:
        VitsError: the catalogue cannot be fetched or read.
    """

    def digests(values: Mapping[str, Any]) -> dict[str, str]:
        files = cast(Mapping[str, Any], values.get(name.shown, {"files": {}})["files"])
        found = {path: str(entry.get("md5_digest", "")) for path, entry in files.items()}
        return {path: f"md5:{md5}" for path, md5 in found.items() if md5}

    return _read(hub, digests)


def _read(hub: Hub, convert: Callable[[Mapping[str, Any]], T]) -> T:
    def request() -> str:
        return hub.package.hf_hub_download(
            PIPER, INDEX, cache_dir=hub.cache, endpoint=hub.endpoint, token=hub.token
        )

    path = Path(hub.ask(PIPER, request))
    try:
        return convert(load_json_object(path))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VoiceError(f"{INDEX} of {PIPER} is damaged; download it again") from error


def _entry(name: str, values: Mapping[str, Any]) -> CatalogueEntry:
    language = cast(Mapping[str, Any], values["language"])
    files = cast(Mapping[str, Any], values["files"])
    return CatalogueEntry(
        name=name,
        language=f"{language['code']} {language['name_english']}",
        quality=str(values["quality"]),
        speakers=int(values["num_speakers"]),
        size=sum(int(entry["size_bytes"]) for entry in files.values()),
    )
