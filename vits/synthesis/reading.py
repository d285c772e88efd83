"""A voice folder read and checked; nothing in it is ever executed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from vits.config import VitsConfig, from_dict
from vits.errors import MissingFileError, VitsError, VoiceError
from vits.synthesis.bundle import CARD, CONFIG, FORMAT, REQUIRED, WEIGHTS, VoiceBundle
from vits.synthesis.card import Card
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.weights import read_generator
from vits.text import Frontend

__all__ = ["read_voice"]

KEYS = ("format", "model", "frontend", "fingerprint", "speakers", "inference")

T = TypeVar("T")


def read_voice(folder: str | Path) -> VoiceBundle:
    """Read a voice folder.

    Raises:
        MissingFileError: the folder does not exist.
        VoiceError: it is not a voice, or a part of it is missing or damaged.
    """
    folder = Path(folder)
    try:
        _require_voice(folder)
        return _read_parts(folder)
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot read the voice {folder}: {error.strerror}") from error


def _require_voice(folder: Path) -> None:
    """Raise unless ``folder`` is a folder with the files of a voice."""
    files = ", ".join(REQUIRED)
    if folder.is_file():
        raise VoiceError(
            f"{folder} is a file, but a voice is a folder with {files}; "
            f"make one from a checkpoint with: vits bundle CHECKPOINT -o DIR"
        )
    if not folder.is_dir():
        raise MissingFileError(
            f"voice folder {folder} does not exist; check the path, "
            "or make a voice with: vits bundle CHECKPOINT -o DIR"
        )
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if len(missing) == len(REQUIRED):
        raise VoiceError(
            f"{folder} is not a voice: looked for {files}, found none; "
            "make a voice with: vits bundle CHECKPOINT -o DIR"
        )
    if missing:
        raise VoiceError(
            f"voice {folder} lacks {', '.join(missing)}; copy it again or bundle it again"
        )


def _read_parts(folder: Path) -> VoiceBundle:
    """Read and check each file."""
    path = folder / CONFIG
    values = _read_json(path)
    if values.get("format") != FORMAT:
        raise VoiceError(
            f"{path}: format {values.get('format')!r} must be {FORMAT}; "
            "a newer voice needs a newer vits"
        )
    unknown, missing = values.keys() - set(KEYS), set(KEYS) - values.keys()
    if unknown or missing:
        fault = f"unknown key {min(unknown)}" if unknown else f"key {min(missing)} is missing"
        raise VoiceError(f"{path}: {fault}; known: {', '.join(KEYS)}")
    model = _checked(path, lambda: from_dict(VitsConfig, values["model"], "model"))
    frontend = _checked(path, lambda: Frontend.from_dict(_mapping(values, "frontend")))
    inference = _checked(path, lambda: from_dict(InferenceConfig, values["inference"], "inference"))
    card = _checked(folder / CARD, lambda: from_dict(Card, _read_json(folder / CARD), "card"))
    speakers = _checked(path, lambda: _names(values["speakers"]))
    fingerprint = _checked(path, lambda: _mapping(values, "fingerprint"))
    generator = read_generator(folder / WEIGHTS, model)
    return _checked(
        path,
        lambda: VoiceBundle(
            generator=generator,
            frontend=frontend,
            fingerprint=fingerprint,
            speakers=speakers,
            inference=inference,
            card=card,
        ),
    )


def _read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object; NaN and Infinity are no JSON."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise VoiceError(f"{path} is not valid JSON: {error}; copy it again") from error
    if not isinstance(values, dict):
        raise VoiceError(f"{path} must be a JSON object, not {type(values).__name__}")
    return cast(dict[str, Any], values)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _checked(path: Path, build: Callable[[], T]) -> T:
    """Build a part; a value that breaks a rule is a fault of the file it came from."""
    try:
        return build()
    except VitsError as error:
        where = "" if str(path) in str(error) else f"{path}: "
        raise VoiceError(f"{where}{error}") from error


def _mapping(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(values[key], dict):
        raise VoiceError(f"{key} must be a mapping, not {type(values[key]).__name__}")
    return cast(dict[str, Any], values[key])


def _names(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise VoiceError(f"speakers must be a list, not {type(values).__name__}")
    return tuple(cast(list[str], values))
