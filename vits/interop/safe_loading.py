"""Files of strangers opened: nothing in them is run, and what is too large to be true is refused.

PyTorch's own format is a zip of a pickle and raw numbers. It is opened with ``weights_only=True``
after a look at the zip; the older kinds (a bare pickle, a tar) are refused.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vits.errors import MissingFileError, VoiceError

__all__ = ["as_tensors", "load_json", "load_safetensors", "load_torch"]

LARGEST_JSON = 32 << 20
LARGEST_PICKLE = 64 << 20
MOST_ENTRIES = 100_000
_WRAPPERS = ("module.", "_orig_mod.")
# What stands in pickles of other machines and is data: a path, which becomes its text.
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
    """Read one JSON object; Infinity, which Python writes for "no limit", becomes its text.

    Raises:
        MissingFileError: there is no such file.
        VoiceError: it is too large, or no JSON object.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; a voice of this kind needs it")
    if path.stat().st_size > LARGEST_JSON:
        raise VoiceError(f"{path} has more than {LARGEST_JSON >> 20} MiB, too much for a setting")
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise VoiceError(f"{path} is not valid JSON: {reason}") from error
    if not isinstance(values, dict):
        raise VoiceError(f"{path} must be a JSON object, not {type(values).__name__}")
    return cast(dict[str, Any], values)


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        VoiceError: it is damaged.
    """
    try:
        return as_tensors(load_file(path), path)
    except (SafetensorError, ValueError, RuntimeError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise VoiceError(f"{path} is damaged: {reason}") from error


def load_torch(path: Path) -> dict[str, Any]:
    """Read a PyTorch checkpoint without running anything that it contains.

    Raises:
        MissingFileError: there is no such file.
        VoiceError: it is damaged, asks for code to be run, or is larger inside than outside.
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


def as_tensors(values: object, where: object) -> dict[str, Tensor]:
    """Return a state dict of float32 tensors; half precision is widened.

    What torch puts before every name of a model that was wrapped for several devices, or compiled,
    is taken off.

    Raises:
        VoiceError: it is no mapping of names to plain tensors of floating point numbers.
    """
    if not isinstance(values, Mapping) or not values:
        raise VoiceError(f"{where} has no state dict")
    tensors: dict[str, Tensor] = {}
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise VoiceError(f"{where}: entry {str(name)[:120]!r} of the state dict is no tensor")
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
            raise VoiceError(f"{where}: tensor {name[:120]!r} is not a plain dense one")
        if value.untyped_storage().nbytes() < value.numel() * value.element_size():
            raise VoiceError(f"{where}: tensor {name[:120]!r} is larger than what is stored of it")
        tensors[name] = _widened(name, value, where)
    for prefix in _WRAPPERS:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _widened(name: str, value: Tensor, where: object) -> Tensor:
    if value.dtype in (torch.float16, torch.bfloat16):
        return value.float()
    if value.dtype != torch.float32:
        raise VoiceError(
            f"{where}: tensor {name[:120]!r} is {value.dtype}, but weights are float32 or narrower"
        )
    return value.detach().contiguous()


def _require_plain_zip(path: Path) -> None:
    """Require a zip that is as large inside as outside and stays inside its folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise VoiceError(
            f"{path} is damaged, or not in the zip format that torch.save writes: {error}"
        ) from error
    if len(entries) > MOST_ENTRIES:
        raise VoiceError(f"{path} has {len(entries)} entries, more than a checkpoint can need")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] in ("", "~") or ":" in parts[0]:
            raise VoiceError(f"{path} has an entry that points outside: {entry.filename[:80]!r}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise VoiceError(f"{path} has a compressed entry, which torch.save never writes")
        if parts[-1].endswith(".pkl") and entry.file_size > LARGEST_PICKLE:
            raise VoiceError(f"{path} has a pickle of {entry.file_size >> 20} MiB")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise VoiceError(f"{path} claims to hold more than its own size")


def _join(*parts: object) -> str:
    """Stand in for the class of a path: its parts as text, and no path that could be used."""
    return "/".join(str(part) for part in parts)[:4096]


def _reason(error: Exception) -> str:
    """Shorten torch's advice to what is wrong with the file."""
    text = " ".join(str(error).split())
    for mark in ("Unsupported global: ", "WeightsUnpickler error: ", "Unsupported "):
        if mark in text:
            return text[text.index(mark) :][:160]
    return text[:160] or type(error).__name__


def _constant(name: str) -> str:
    """Return the text of an infinite number, which no setting that is read may be."""
    if name == "NaN":
        raise ValueError(f"{name} is not a JSON number")
    return name
