"""Piper's catalogue: the index ``voices.json`` of ``rhasspy/piper-voices``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from vits.config.json_file import load_json_object
from vits.errors import VoiceError
from vits.hub.client import Hub
from vits.hub.names import PIPER

__all__ = ["CatalogueEntry", "read_catalogue"]

INDEX = "voices.json"


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

    def request() -> str:
        return hub.package.hf_hub_download(
            PIPER, INDEX, cache_dir=hub.cache, endpoint=hub.endpoint, token=hub.token
        )

    path = Path(hub.ask(PIPER, request))
    try:
        values = load_json_object(path)
        return [_entry(name, values[name]) for name in sorted(values)]
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
