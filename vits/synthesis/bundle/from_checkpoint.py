"""Conversion of a training checkpoint to a voice."""

import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from vits.config.legacy import read_model
from vits.errors import CheckpointError, MissingFileError, VitsError, brief, one_line
from vits.models.low_rank import add_difference, split_state
from vits.synthesis.bundle.adapter import Adapter, digest_of
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.text import Frontend

__all__ = ["adapter_of", "bundle_checkpoint", "find_checkpoint", "load_checkpoint"]

FORMAT = 1
PREFIX = "generator."


def find_checkpoint(path: str | Path) -> Path:
    """Return ``path`` if it is a file, else the newest ``*.ckpt`` anywhere below it.

    Raises:
        MissingFileError: ``path`` does not exist.
        CheckpointError: no checkpoint lies below it.
    """
    path = Path(path)
    if path.is_file():
        return path
    if not path.is_dir():
        raise MissingFileError(f"checkpoint {path} does not exist; check the path")
    found = [entry for entry in path.rglob("*.ckpt") if entry.is_file()]
    if not found:
        raise CheckpointError(
            f"{path} has no *.ckpt below it; name a checkpoint file or the folder of a run"
        )
    return max(found, key=lambda entry: (entry.stat().st_mtime_ns, str(entry)))


def bundle_checkpoint(
    path: str | Path,
    *,
    name: str = "",
    licence: str = "",
    origin: str = "",
    description: str = "",
    average: bool = True,
    values: dict[str, Any] | None = None,
) -> VoiceBundle:
    """Make a voice from a training checkpoint.

    Args:
        path: a checkpoint file.
        name: name of the voice; "": that of the data, or else of the checkpoint.
        licence: licence of the voice, preferably an SPDX name.
        origin: whose voice it is, and who made it.
        description: one or two sentences for readers.
        average: take the moving average of the weights if the checkpoint has one.
        values: what ``load_checkpoint`` returned for the file; None: it is loaded.

    Raises:
        MissingFileError: there is no such file.
        CheckpointError: it is damaged, or not a checkpoint of this library.
    """
    path = Path(path)
    values = load_checkpoint(path) if values is None else values
    try:
        return _build(path, values, name, licence, origin, description, average)
    except CheckpointError:
        raise
    except VitsError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # a checkpoint may hold anything under any key
        reason = f"{type(error).__name__}: {one_line(error, 200)}"
        raise CheckpointError(
            f"{path} is damaged, or not a checkpoint of `vits fit`: {reason}"
        ) from error


def _build(
    path: Path,
    values: dict[str, Any],
    name: str,
    licence: str,
    origin: str,
    description: str,
    average: bool,
) -> VoiceBundle:
    """Build the parts of the voice from a loaded checkpoint."""
    block = _part(path, values, "vits", dict)
    found = block.get("format")
    if not isinstance(found, int) or found != FORMAT:
        raise CheckpointError(
            f"{path}: format {brief(found)} must be {FORMAT}; "
            "it was written by another version of vits"
        )
    ema = _average_of(block) if average else None
    data = _part(path, block, "data", dict)
    dataset = _part(path, data, "name", str)
    card = Card(
        name=name or dataset or path.stem,
        licence=licence,
        origin=origin,
        description=description,
        dataset=dataset,
        utterances=_part(path, data, "utterances", int),
        seconds=float(_part(path, data, "seconds", int, float)),
        training_steps=_part(path, values, "global_step", int),
        averaged=ema is not None,
        vits_version=version("vits"),
    )
    config = read_model(_part(path, block, "model", dict))
    weights, differences = _weights(path, _part(path, values, "state_dict", dict), ema)
    weights |= {n: add_difference(weights[n], factors) for n, factors in differences.items()}
    return VoiceBundle(
        generator=build_generator(weights, config, str(path)),
        frontend=Frontend.from_dict(_part(path, block, "frontend", dict)),
        fingerprint=_part(path, block, "fingerprint", dict),
        speakers=tuple(_part(path, block, "speakers", list)),
        card=card,
    )


def adapter_of(path: Path, values: dict[str, Any], bundle: VoiceBundle) -> Adapter:
    """Return the adapter of a run by low rank, apart from the voice that it was trained on.

    Args:
        path: the checkpoint, for messages.
        values: what ``load_checkpoint`` returned for it.
        bundle: the voice that ``bundle_checkpoint`` made of it.

    Raises:
        CheckpointError: the run trained whole weights.
    """
    ema = _average_of(values["vits"]) if bundle.card.averaged else None
    weights, differences = _weights(path, values["state_dict"], ema)
    if not differences:
        raise CheckpointError(
            f"{path} has no adapter: its run trained whole weights; name a folder for the voice, "
            "or fine-tune with --lora"
        )
    return Adapter(
        differences=differences,
        base=digest_of(weights, differences),
        card=bundle.card,
        speakers=bundle.speakers,
    )


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Load a checkpoint of ``vits fit`` without executing anything in it.

    Raises:
        MissingFileError: there is no such file.
        CheckpointError: it is damaged, or not a checkpoint of this library.
    """
    if not path.is_file():
        raise MissingFileError(f"checkpoint {path} does not exist; check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()  # torch does not check the checksums
        if broken is not None:
            raise ValueError(f"the checksum of {broken} is wrong")
        values = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged file can fail anywhere in torch's reader
        reason = str(error).strip().split("\n", 1)[0][:200] or type(error).__name__
        raise CheckpointError(
            f"{path} is damaged, incomplete or not a checkpoint ({reason}); take an earlier one"
        ) from error
    if not isinstance(values, dict) or "vits" not in values:
        raise CheckpointError(
            f"{path} is not a checkpoint of `vits fit`: it has no part 'vits'; name one that is"
        )
    return cast(dict[str, Any], values)


def _average_of(block: Mapping[str, Any]) -> object:
    """Return the moving average of a checkpoint; None if it has none."""
    found = cast(object, block.get("ema"))
    return None if found == {} else found  # {} until the first step


def _weights(
    path: Path, state: dict[str, Any], ema: object
) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
    """Return the generator's tensors, replaced by their moving averages if given.

    The second value are the differences of a run by low rank, rounded to float16 as in an adapter.
    """
    weights = {
        key.removeprefix(PREFIX): value
        for key, value in state.items()
        if isinstance(cast(object, key), str) and key.startswith(PREFIX)
    }
    if not weights:
        raise CheckpointError(f"{path}: state_dict has no tensor under {PREFIX}*")
    if ema is None:
        return _split(weights)
    if not isinstance(ema, dict):
        raise CheckpointError(f"{path}: ema must be a mapping, not {type(ema).__name__}")
    averages = cast(dict[str, Tensor], ema)
    unknown = averages.keys() - weights.keys()
    if unknown:
        raise CheckpointError(
            f"{path}: ema has {min(map(str, unknown))[:100]}, which the generator has not; "
            "bundle without the average (--no-ema)"
        )
    return _split(weights | averages)


def _split(
    state: dict[str, Tensor],
) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
    """Split the tensors of a run by low rank; others have no differences."""
    weights, differences = split_state(_as_float32(state))
    rounded = {
        name: {factor: value.half() for factor, value in factors.items()}
        for name, factors in differences.items()
    }
    return weights, rounded


def _as_float32(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert floating point tensors to float32, the precision of voices."""
    return {
        name: value.float() if _is_plain(value) and value.is_floating_point() else value
        for name, value in weights.items()
    }


def _is_plain(value: object) -> bool:
    """Return whether a value is a tensor that has all of its values; others are refused later."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and value.untyped_storage().nbytes() >= value.numel() * value.element_size()
    )


def _part(path: Path, values: Mapping[str, Any], key: str, *kinds: type) -> Any:
    """Return an entry of a checkpoint after checking that it exists and has its type."""
    if key not in values:
        raise CheckpointError(f"{path} lacks {key!r}: it is no complete checkpoint of `vits fit`")
    if not isinstance(values[key], kinds):
        found = type(values[key]).__name__
        raise CheckpointError(f"{path}: {key} is of type {found}; the checkpoint is damaged")
    return values[key]
