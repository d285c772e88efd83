"""Which format a file or folder is, by what its settings say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vits.errors import MissingFileError, VoiceError
from vits.interop import native
from vits.interop.coqui import format as coqui
from vits.interop.full_voice import Format, WholeVoice
from vits.interop.original import format as original
from vits.interop.piper import format as piper
from vits.interop.safe_loading import load_json, load_torch
from vits.interop.transformers import format as transformers
from vits.synthesis.bundle.voice_bundle import is_voice

__all__ = ["FORMATS", "read", "recognise"]

FORMATS: Mapping[str, Format] = {
    each.title: each
    for each in (
        native.FORMAT,
        original.FORMAT,
        transformers.FORMAT,
        coqui.FORMAT,
        piper.FORMAT,
    )
}


def read(path: Path) -> WholeVoice:
    """Read a voice of whatever format.

    Raises:
        MissingFileError: there is no such file or folder.
        VoiceError: it is of none of the formats, is damaged, or holds what cannot be carried over.
        CheckpointError: it is a damaged checkpoint of our own.
    """
    try:
        return recognise(path).read(path)
    except OSError as error:
        if isinstance(error, MissingFileError):
            raise
        raise VoiceError(f"cannot read {path}: {error.strerror or error}") from error


def recognise(path: Path) -> Format:
    """Tell the format of a file or folder.

    Raises:
        MissingFileError: there is no such file or folder.
        VoiceError: it is of none of the formats.
    """
    if not path.exists():
        raise MissingFileError(f"{path} does not exist; check the path")
    folder = path if path.is_dir() else path.parent
    if path.suffix in (".onnx", ".ckpt"):
        own = path.suffix == ".ckpt" and path.is_file() and "vits" in load_torch(path)
        return native.FORMAT if own else piper.FORMAT
    if is_voice(folder) and path.suffix != ".pth":
        return native.FORMAT
    found = _by_settings(folder)
    if found is not None:
        return found
    if path.is_dir():
        checkpoints = sorted(path.rglob("*.ckpt"))
        if checkpoints:
            return recognise(checkpoints[-1])
    raise VoiceError(
        f"{path} is no voice that is known: looked for a voice of ours, transformers' config.json, "
        "the original's G_*.pth, Coqui's model.pth or Piper's *.ckpt, each with its settings"
    )


def _by_settings(folder: Path) -> Format | None:
    """Tell the format of a folder by its settings file; None if there is none that is known."""
    for entry in sorted(folder.glob("*.json"), key=lambda e: (e.name != "config.json", e.name)):
        if entry.stat().st_size > 0 and entry.name not in ("vocab.json", "tokenizer_config.json"):
            found = _of(load_json(entry))
            if found is not None:
                return found
    return None


def _of(values: Mapping[str, Any]) -> Format | None:
    if values.get("model_type") is not None:
        if values["model_type"] != "vits":
            kind = str(values["model_type"])[:60]
            raise VoiceError(f"model_type {kind!r} is another architecture; only vits is known")
        return transformers.FORMAT
    if piper.is_settings(values):
        return piper.FORMAT
    if isinstance(values.get("model"), str) and "audio" in values:
        return coqui.FORMAT
    if isinstance(values.get("model"), Mapping) and isinstance(values.get("data"), Mapping):
        return original.FORMAT
    return None
