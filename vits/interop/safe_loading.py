"""Load untrusted files: no code in them is run, and implausible sizes are refused.

PyTorch's format is a zip of a pickle and raw numbers. It is loaded with ``weights_only=True`` after
a check of the zip; older formats (a bare pickle, a tar) are refused.
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vits.config.json_file import load_json_object
from vits.errors import ConfigError, MissingFileError, VoiceError, one_line

__all__ = [
    "as_json_values",
    "as_tensors",
    "has_mapping",
    "load_json",
    "load_safetensors",
    "load_torch",
]

LARGEST_PICKLE = 64 << 20
MOST_ENTRIES = 100_000
_WRAPPERS = ("module.", "_orig_mod.")
# Paths that other machines pickled; they are loaded as plain text.
_PATHS = (
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "pathlib._local.PosixPath",
    "pathlib._local.WindowsPath",
    "pathlib.Path",
)


def load_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; Infinity, which Python writes for "no limit", becomes a string.

    Raises:
        MissingFileError: the file does not exist.
        VoiceError: it is too large, or not a JSON object.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; this voice format needs it")
    try:
        return load_json_object(path, _constant)
    except ConfigError as error:
        raise VoiceError(str(error)) from error


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        VoiceError: it is damaged.
    """
    try:
        return as_tensors(load_file(path), path)
    except (SafetensorError, ValueError, RuntimeError, OverflowError, MemoryError) as error:
        reason = one_line(error, 200)
        raise VoiceError(f"{path} is damaged: {reason}") from error


def load_torch(path: Path) -> dict[str, Any]:
    """Read a PyTorch checkpoint without running code from it.

    Raises:
        MissingFileError: the file does not exist.
        VoiceError: it is damaged, contains code, or claims to hold more than its own size.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; check the path")
    _require_plain_zip(path)
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        (_join, name) for name in _PATHS
    ]
    try:
        with torch.serialization.safe_globals(allowed):
            values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile file can fail anywhere in torch's reader
        raise VoiceError(f"{path} is damaged or not only data: {_reason(error)}") from error
    if not isinstance(values, dict):
        raise VoiceError(f"{path} must hold a dictionary, not {type(values).__name__}")
    return cast(dict[str, Any], values)


def has_mapping(path: Path, key: str) -> bool:
    """Return whether a PyTorch checkpoint holds a dictionary under a key, without loading it.

    Raises:
        VoiceError: the file is not a plausible checkpoint.
    """
    _require_plain_zip(path)
    length = len(key).to_bytes(4, "little")
    # BINUNICODE with the key, BINPUT or LONG_BINPUT, EMPTY_DICT: how pickle's protocol 2 begins it
    start = rb"X" + re.escape(length + key.encode()) + rb"(?:q.|r....)\}"
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
            return any(re.search(start, archive.read(name), re.DOTALL) for name in pickles)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise VoiceError(f"{path} is damaged: {error}") from error


def as_tensors(values: object, source: object) -> dict[str, Tensor]:
    """Return a state dict of float32 tensors; half precision is converted.

    The prefixes that torch adds to the names of wrapped (parallel or compiled) models are removed.

    Raises:
        VoiceError: it is not a mapping of names to dense tensors of at most float32.
    """
    if not isinstance(values, Mapping) or not values:
        raise VoiceError(f"{source} has no state dict")
    tensors: dict[str, Tensor] = {}
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise VoiceError(
                f"{source}: entry {str(name)[:120]!r} of the state dict is not a tensor"
            )
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
            raise VoiceError(f"{source}: tensor {name[:120]!r} must be a dense CPU tensor")
        if value.untyped_storage().nbytes() < value.numel() * value.element_size():
            raise VoiceError(f"{source}: tensor {name[:120]!r} is larger than its stored data")
        tensors[name] = _to_float32(name, value, source)
    for prefix in _WRAPPERS:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _to_float32(name: str, value: Tensor, source: object) -> Tensor:
    if value.dtype in (torch.float16, torch.bfloat16):
        return value.float()
    if value.dtype != torch.float32:
        raise VoiceError(f"{source}: tensor {name[:120]!r} is {value.dtype}; convert it to float32")
    return value.detach().contiguous()


def _require_plain_zip(path: Path) -> None:
    """Require an uncompressed zip of plausible size whose entries stay in its folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise VoiceError(
            f"{path} is damaged, or not in the zip format that torch.save writes: {error}"
        ) from error
    if len(entries) > MOST_ENTRIES:
        raise VoiceError(f"{path} has {len(entries)} entries; at most {MOST_ENTRIES} are allowed")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] in ("", "~") or ":" in parts[0]:
            raise VoiceError(f"{path} has an entry outside its folder: {entry.filename[:80]!r}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise VoiceError(f"{path} has a compressed entry, which torch.save never writes")
        if parts[-1].endswith(".pkl") and entry.file_size > LARGEST_PICKLE:
            raise VoiceError(f"{path} has a pickle of {entry.file_size >> 20} MiB")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise VoiceError(f"{path} claims to hold more than its own size")


def as_json_values(value: Any, depth: int = 6) -> Any:
    """Return a value from a checkpoint as JSON values; other types become the name of their type.

    Args:
        value: any object.
        depth: levels of nesting that are kept.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:10_000]
    if depth and isinstance(value, Mapping) and len(value) <= 10_000:
        return {str(key)[:200]: as_json_values(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple)) and len(value) <= 10_000:
        return [as_json_values(item, depth - 1) for item in value]
    return f"<{type(value).__name__}>"


def _join(*parts: object) -> str:
    """Replace a pickled path by its parts as one string, which is never used as a path."""
    return "/".join(str(part) for part in parts)[:4096]


def _reason(error: Exception) -> str:
    """Shorten torch's message to what is wrong with the file."""
    text = one_line(error)
    for mark in ("Unsupported global: ", "WeightsUnpickler error: ", "Unsupported "):
        if mark in text:
            return text[text.index(mark) :][:160]
    return text[:160] or type(error).__name__


def _constant(name: str) -> str:
    """Keep Infinity as a string, which fails as soon as a number is needed; refuse NaN."""
    if name == "NaN":
        raise ValueError(f"{name} is not a JSON number")
    return name
