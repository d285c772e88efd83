"""Reading of a voice folder; nothing in it is executed."""

from pathlib import Path

from vits.config import from_dict
from vits.config.legacy import read_model
from vits.errors import MissingFileError, VitsError, VoiceError
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.onnx_bundle import GRAPH_FILE, SETTINGS_FILE
from vits.synthesis.bundle.schema import checked, mapping, names, read_json, read_keys
from vits.synthesis.bundle.voice_bundle import (
    CARD,
    CONFIG,
    CONFIG_KEYS,
    FORMAT,
    REQUIRED,
    WEIGHTS,
    VoiceBundle,
)
from vits.synthesis.bundle.weights import read_generator
from vits.synthesis.settings import Settings
from vits.text import Frontend

__all__ = ["read_voice"]


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
    if len(missing) == len(REQUIRED) and any(folder.glob("*.onnx")):
        raise VoiceError(
            f"{folder} has a graph, but not {GRAPH_FILE} and {SETTINGS_FILE}; write both with: "
            "vits export VOICE --to onnx -o DIR"
        )
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
    values = read_keys(path, CONFIG_KEYS, FORMAT)
    model = checked(path, lambda: read_model(values["model"]))
    frontend = checked(path, lambda: Frontend.from_dict(mapping(values, "frontend")))
    settings = checked(path, lambda: from_dict(Settings, values["inference"], "inference"))
    card = checked(folder / CARD, lambda: from_dict(Card, read_json(folder / CARD), "card"))
    speakers = checked(path, lambda: names(values["speakers"]))
    fingerprint = checked(path, lambda: mapping(values, "fingerprint"))
    generator = read_generator(folder / WEIGHTS, model)
    return checked(
        path,
        lambda: VoiceBundle(
            generator=generator,
            frontend=frontend,
            fingerprint=fingerprint,
            speakers=speakers,
            settings=settings,
            card=card,
        ),
    )
