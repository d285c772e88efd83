"""Reading and writing of a voice's generator as safetensors.

A compact voice has no posterior encoder. Its tensors are stored as float16 if that loses nothing,
as after ``make_compact``, and otherwise as float32.
"""

import contextlib
import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open  # pyright: ignore[reportUnknownVariableType]
from safetensors.torch import load_file, save  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized
from torch.overrides import TorchFunctionMode

from vits.config import DiscriminatorConfig, VitsConfig
from vits.config.checks import key_of
from vits.errors import VoiceError, brief
from vits.models.conditioning import SpeakerVectors
from vits.models.posterior_encoder import NoPosteriorEncoder, leave_out_posterior
from vits.models.vits import Vits

__all__ = ["build_generator", "is_compact", "make_compact", "read_generator", "write_generator"]

LEFT_OUT = "posterior_encoder."
# what modules make their tensors with
FACTORIES = frozenset({torch.empty, torch.randn, torch.zeros, torch.ones, torch.full})
SPARE = 2**25  # elements that a model may have more than its tensors: 128 MiB
REPEATED = ("n_layers", "n_flows", "n_blocks")  # keys that say how often a part is built


def make_compact(generator: Vits) -> None:
    """Remove the posterior encoder in place, and round all weights to float16."""
    leave_out_posterior(generator)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.copy_(parameter.half())
        if isinstance(generator.speaker_embedding, SpeakerVectors):
            vectors = generator.speaker_embedding.vectors
            vectors.copy_(vectors.half())


def is_compact(generator: Vits) -> bool:
    """Return whether a generator has no posterior encoder."""
    return isinstance(generator.get_submodule("posterior_encoder"), NoPosteriorEncoder)


def read_generator(path: Path, config: VitsConfig) -> Vits:
    """Read the generator of a voice.

    Raises:
        VoiceError: the file is damaged, or its tensors are not those of ``config``'s model.
    """
    try:
        shapes: dict[str, tuple[int, ...]] = {}
        opened: Any = safe_open(path, "pt", device="cpu")
        with opened as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                shapes[name] = tuple(file.get_slice(name).get_shape())
        generator = _plan(shapes, config, str(path))  # before the tensors are read
        weights = load_file(path)
    except SafetensorError as error:
        raise VoiceError(
            f"{path} is damaged ({error}); copy it again or bundle the voice again"
        ) from error
    _require_tensors(weights, str(path))
    return _load(weights, generator, str(path))


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

    Names and shapes are compared before memory is taken for the model. Its weights are float32 on
    the CPU, whatever the process has set as default.

    Args:
        weights: tensors by their name in ``Vits(config).state_dict()``.
        config: configuration of the model.
        where: source of the tensors for messages, e.g. a file.

    Raises:
        VoiceError: a tensor is missing, unknown, of the wrong shape or type, or not finite; the
            message names the first.
    """
    _require_tensors(weights, where)
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    return _load(weights, _plan(shapes, config, where), where)


def _load(weights: Mapping[str, Tensor], generator: Vits, where: str) -> Vits:
    """Load tensors of a generator's names and shapes."""
    if isinstance(generator.get_submodule("posterior_encoder"), NoPosteriorEncoder):
        weights = {n: v.float() if v.dtype == torch.float16 else v for n, v in weights.items()}
    _check(weights, generator.state_dict(), where)
    generator.load_state_dict(weights)
    return generator


def _fits_half(weights: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(value, value.half().float()) for value in weights.values())


class _LargerError(Exception):
    """A model takes more memory than its tensors explain."""


class _Construction(TorchFunctionMode):
    """Builds modules without random values, up to a number of elements."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.left = limit

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        if func in FACTORIES and args:
            shape = args[0] if isinstance(args[0], Sequence) else args
            self.left -= math.prod(cast(Sequence[int], shape))
            if self.left < 0:
                raise _LargerError
        return func(*args, **kwargs)


def _build(
    config: VitsConfig, names: Collection[str], device: str = "cpu", limit: float = math.inf
) -> Vits:
    """Build a generator without values, and without a posterior encoder that no tensor belongs to.

    Raises:
        _LargerError: it has more elements than ``limit``.
    """
    with contextlib.ExitStack() as stack:
        # what is still drawn shall not come from the caller's random state
        stack.enter_context(torch.random.fork_rng(devices=[]))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if torch.get_default_device() != torch.device(device):  # a context makes every call slower
            stack.enter_context(torch.device(device))
        stack.enter_context(_Construction(limit))
        generator = Vits(config)
        if torch.get_default_dtype() != torch.float32:
            generator = generator.float()
    if not any(name.startswith(LEFT_OUT) for name in names):
        leave_out_posterior(generator)
    return generator


def _plan(shapes: Mapping[str, tuple[int, ...]], config: VitsConfig, where: str) -> Vits:
    """Build the configured model if names and shapes are its own.

    Raises:
        VoiceError: they differ.
    """
    _require_few_parts(config, len(shapes), where)
    # twice, for parts that are replaced while the model is built
    limit = 2 * sum(math.prod(shape) for shape in shapes.values()) + SPARE
    try:
        generator = _build(config, shapes, limit=limit)
    except _LargerError:
        generator = _build(config, shapes, "meta")  # which takes no memory, but imports a compiler
    expected = generator.state_dict()
    _require_none(where, "lacks tensor", [name for name in expected if name not in shapes])
    _require_none(
        where, "has the unknown tensor", [name for name in shapes if name not in expected]
    )
    for name, wanted in expected.items():
        if shapes[name] != tuple(wanted.shape):
            raise VoiceError(
                f"{where}: tensor {name} has the shape {shapes[name]}, but the model needs "
                f"{_describe(wanted)}; weights and configuration do not belong together"
            )
    on_meta = next(generator.parameters()).is_meta
    return _build(config, shapes) if on_meta else generator


def _require_few_parts(config: object, n_tensors: int, where: str) -> None:
    """Require at most as many layers as tensors, because even empty modules take time to build."""
    for name, value in vars(config).items():
        if dataclasses.is_dataclass(value) and not isinstance(value, DiscriminatorConfig):
            _require_few_parts(value, n_tensors, where)
        entries = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
        count = cast(int, value) if name in REPEATED else len(entries)
        if count > n_tensors:
            raise VoiceError(
                f"{where} has {n_tensors} tensors, too few for {key_of(config, name)} of {count}; "
                "weights and configuration do not belong together"
            )


def _require_tensors(weights: Mapping[str, object], where: str) -> None:
    """Require dense tensors on the CPU that have all of their values.

    Raises:
        VoiceError: an entry is something else; the message names the first.
    """
    for name, value in weights.items():
        if not isinstance(value, Tensor):
            raise VoiceError(f"{where}: {brief(name)} is {brief(value)}, not a tensor")
        plain = value.layout == torch.strided and value.device.type == "cpu"
        if not plain or value.is_quantized or value.is_complex():
            raise VoiceError(f"{where}: tensor {brief(name)} must be a dense CPU tensor")
        if value.untyped_storage().nbytes() < value.numel() * value.element_size():
            raise VoiceError(f"{where}: tensor {brief(name)} is larger than its stored data")


def _check(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str) -> None:
    """Raise unless types match and all values are finite."""
    for name, wanted in expected.items():
        found = weights[name]
        if found.dtype != wanted.dtype:
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
