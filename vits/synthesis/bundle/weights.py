"""Reading and writing of a voice's generator as safetensors.

A compact voice has no posterior encoder. Its tensors are stored as float16 if that loses nothing,
as after ``make_compact``, and otherwise as float32.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized

from vits.config import VitsConfig
from vits.errors import VoiceError
from vits.models.posterior_encoder import NoPosteriorEncoder, leave_out_posterior
from vits.models.vits import Vits

__all__ = ["build_generator", "is_compact", "make_compact", "read_generator", "write_generator"]

LEFT_OUT = "posterior_encoder."


def make_compact(generator: Vits) -> None:
    """Remove the posterior encoder in place, and round all weights to float16."""
    leave_out_posterior(generator)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.copy_(parameter.half())


def is_compact(generator: Vits) -> bool:
    """Return whether a generator has no posterior encoder."""
    return isinstance(generator.get_submodule("posterior_encoder"), NoPosteriorEncoder)


def read_generator(path: Path, config: VitsConfig) -> Vits:
    """Read the generator of a voice.

    Raises:
        VoiceError: the file is damaged, or its tensors are not those of ``config``'s model.
    """
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise VoiceError(
            f"{path} is damaged ({error}); copy it again or bundle the voice again"
        ) from error
    return build_generator(weights, config, str(path))


def write_generator(path: Path, generator: Vits) -> None:
    """Write the generator's tensors under the names of its state dict.

    Raises:
        VoiceError: the generator is prepared for inference, so its weight norm is folded.
    """
    if not any(is_parametrized(module) for module in generator.modules()):
        raise VoiceError(
            "this generator is prepared for inference and has lost its weight normalisation; "
            "read the voice again and write that"
        )
    # clone() separates tensors that share memory, which safetensors refuses to write
    weights = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in generator.state_dict().items()
    }
    if is_compact(generator) and _fits_half(weights):
        weights = {name: value.half() for name, value in weights.items()}
    path.write_bytes(save(weights))  # save_file would make it readable for its owner only


def build_generator(weights: Mapping[str, Tensor], config: VitsConfig, where: str) -> Vits:
    """Build a generator and load tensors that match it exactly.

    Args:
        weights: tensors by their name in ``Vits(config).state_dict()``.
        config: configuration of the model.
        where: source of the tensors for messages, e.g. a file.

    Raises:
        VoiceError: a tensor is missing, unknown, of the wrong shape or type, or not finite; the
            message names the first.
    """
    # A new model would draw its initial weights from the caller's random state.
    with torch.random.fork_rng(devices=[]):  # pyright: ignore[reportUnknownMemberType]
        generator = Vits(config)
    if not any(name.startswith(LEFT_OUT) for name in weights):
        leave_out_posterior(generator)
        weights = {n: v.float() if v.dtype == torch.float16 else v for n, v in weights.items()}
    _check(weights, generator.state_dict(), where)
    generator.load_state_dict(weights)
    return generator


def _fits_half(weights: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(value, value.half().float()) for value in weights.values())


def _check(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str) -> None:
    """Raise unless names, shapes and types match and all values are finite."""
    _require_none(where, "lacks tensor", [name for name in expected if name not in weights])
    _require_none(
        where, "has the unknown tensor", [name for name in weights if name not in expected]
    )
    for name, wanted in expected.items():
        found = weights[name]
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            raise VoiceError(
                f"{where}: tensor {name} is {_describe(found)}, but the model needs "
                f"{_describe(wanted)}; weights and configuration do not belong together"
            )
    damaged = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    _require_none(where, "has NaN or infinite values in tensor", damaged)


def _require_none(where: str, fault: str, names: list[str]) -> None:
    """Raise unless ``names`` is empty; the message has the first and counts the others."""
    if names:
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise VoiceError(
            f"{where} {fault} {names[0]}{others}; bundle the voice again from an intact checkpoint"
        )


def _describe(value: Tensor) -> str:
    """Return type and shape, e.g. ``float32 (192, 80)``."""
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
