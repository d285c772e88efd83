"""Detect the format of a voice from its files and settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vits.errors import MissingFileError, VoiceError
from vits.interop import native
from vits.interop.coqui import format as coqui
from vits.interop.full_voice import FullVoice, VoiceFormat
from vits.interop.onnx import format as onnx
from vits.interop.original import format as original
from vits.interop.piper import format as piper
from vits.interop.safe_loading import has_mapping, load_json
from vits.interop.transformers import format as transformers
from vits.synthesis.bundle.voice_bundle import is_voice

__all__ = ["FORMATS", "detect_format", "find_format", "read"]

FORMATS: Mapping[str, VoiceFormat] = {
    each.title: each
    for each in (
        native.FORMAT,
        original.FORMAT,
        transformers.FORMAT,
        coqui.FORMAT,
        piper.FORMAT,
        onnx.FORMAT,
    )
}


def read(path: Path) -> FullVoice:
    """Read a voice of any known format.

    Raises:
        MissingFileError: the file or folder does not exist.
        VoiceError: the format is unknown, or the voice is damaged or cannot be converted.
        CheckpointError: a checkpoint of this project is damaged.
    """
    try:
        return detect_format(path).read(path)
    except OSError as error:
        if isinstance(error, MissingFileError):
            raise
        raise VoiceError(f"cannot read {path}: {error.strerror or error}") from error


def detect_format(path: Path) -> VoiceFormat:
    """Return the format of a file or folder.

    Raises:
        MissingFileError: the file or folder does not exist.
        VoiceError: the format is unknown.
    """
    if not path.exists():
        raise MissingFileError(f"{path} does not exist; check the path")
    found = find_format(path)
    if found is not None:
        return found
    raise VoiceError(
        f"{path} has no known voice format; expected a voice folder, transformers' config.json, "
        "the original's G_*.pth, Coqui's model.pth, Piper's *.ckpt or a VITS as *.onnx, each with "
        "its settings"
    )


def find_format(path: Path) -> VoiceFormat | None:
    """Return the format of an existing file or folder, or None.

    Raises:
        VoiceError: the settings are those of another architecture, or damaged.
    """
    folder = path if path.is_dir() else path.parent
    if path.suffix == ".onnx":
        return onnx.FORMAT
    if path.suffix == ".ckpt":
        is_ours = path.is_file() and has_mapping(path, "vits")
        return native.FORMAT if is_ours else piper.FORMAT
    if is_voice(folder) and path.suffix != ".pth":
        return native.FORMAT
    if path.is_dir() and any(path.glob("*.onnx")) and not any(path.glob("*.ckpt")):
        return onnx.FORMAT
    detected = _detect_in_folder(folder)
    if detected is not None:
        return detected
    if path.is_dir():
        checkpoints = sorted(path.rglob("*.ckpt"))
        if checkpoints:
            return find_format(checkpoints[-1])
    return None


def _detect_in_folder(folder: Path) -> VoiceFormat | None:
    """Return the format of the first JSON file of a folder that is a voice's settings."""
    for entry in sorted(folder.glob("*.json"), key=lambda e: (e.name != "config.json", e.name)):
        if entry.stat().st_size > 0 and entry.name not in ("vocab.json", "tokenizer_config.json"):
            detected = _detect_by_settings(load_json(entry))
            if detected is not None:
                return detected
    return None


def _detect_by_settings(settings: Mapping[str, Any]) -> VoiceFormat | None:
    if settings.get("model_type") is not None:
        if settings["model_type"] != "vits":
            kind = str(settings["model_type"])[:60]
            raise VoiceError(f"model_type {kind!r} is another architecture; only vits can be read")
        return transformers.FORMAT
    if piper.is_settings(settings):
        return piper.FORMAT
    if isinstance(settings.get("model"), str) and "audio" in settings:
        return coqui.FORMAT
    if isinstance(settings.get("model"), Mapping) and isinstance(settings.get("data"), Mapping):
        return original.FORMAT
    return None
