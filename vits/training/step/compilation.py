"""Compilation of the networks by ``torch.compile``, part by part."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vits.alignment.backend import triton_problem
from vits.errors import ConfigError
from vits.models.discriminators import Discriminators
from vits.models.vits import Vits

__all__ = [
    "begin_step",
    "compile_function",
    "compile_parts",
    "is_compiled",
    "parts_to_compile",
    "require_compiler",
]

BACKEND = "inductor"
REPLAYED = "reduce-overhead"  # torch's name for what it replays as CUDA graphs
# Networks of one class share their graphs' limit, which is 8 by default: too few for the original's
# five periods in three kinds of pass. Two sizes of batch and nine spectrogram discriminators fit.
GRAPHS = 64
# what sees whole texts or utterances, whose lengths differ
BOXES = (
    "text_encoder",
    "posterior_encoder",
    "prior_flow",
    "duration_predictor",
    "pitch_predictor",
)


def parts_to_compile(generator: Vits, discriminators: Discriminators) -> dict[str, nn.Module]:
    """Return the networks that are compiled, by name; alignment and losses are not."""
    parts = {name: getattr(generator, name) for name in BOXES}
    parts["durations"] = discriminators.durations
    parts["decoder"] = generator.decoder
    parts |= {f"discriminators.{i}": member for i, member in enumerate(discriminators.members)}
    return {name: part for name, part in parts.items() if part is not None}


def require_compiler(device: torch.device) -> None:
    """Refuse to compile for a CUDA GPU on which Triton does not work.

    Raises:
        ConfigError: with the reason.
    """
    problem = triton_problem(device) if device.type == "cuda" else None
    if problem is not None:
        raise ConfigError(
            f"training.compile needs Triton, which does not work here ({problem}); mend that, or "
            "take training.compile 'none'"
        )


def compile_parts(
    generator: Vits, discriminators: Discriminators, *, replayed: bool = False
) -> None:
    """Compile each network at its first pass of training, in place; parameters keep their names.

    A graph is that of the plain modules, for every size of batch above 1 and every length, so that
    other batches compile nothing. Passes of validation, whose segments are whole utterances, are
    not compiled.

    Args:
        generator: the generator.
        discriminators: the discriminators.
        replayed: replay decoder and discriminators, whose lengths are constant, as CUDA graphs; on
            other devices this does nothing.

    Raises:
        ConfigError: as ``require_compiler``.
    """
    require_compiler(next(generator.parameters()).device)
    config: Any = torch._dynamo.config
    config.recompile_limit = max(config.recompile_limit, GRAPHS)
    for name, part in parts_to_compile(generator, discriminators).items():
        varying = name in (*BOXES, "durations")
        part.compile(backend=BACKEND, mode=REPLAYED if replayed and not varying else None)
        part._compiled_call_impl = _in_training(part, varying=varying)


def compile_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of tensors of constant length, and replay it as ``compile_parts``."""
    compiled = torch.compile(function, backend=BACKEND, mode=REPLAYED)

    def call(*args: Any) -> Any:
        _mark(args, varying=False)
        return compiled(*args)

    return call


def begin_step(device: torch.device) -> None:
    """Let CUDA graphs write over what those of the step before have returned."""
    if device.type == "cuda":
        torch.compiler.cudagraph_mark_step_begin()


def is_compiled(network: Any) -> bool:
    """Return whether ``compile_parts`` has compiled a network or what it wraps."""
    if not isinstance(network, nn.Module):
        return False
    return any(x._compiled_call_impl is not None for x in network.modules())  # pyright: ignore[reportPrivateUsage]


def _in_training(part: nn.Module, *, varying: bool) -> Callable[..., Any]:
    """Return what a compiled network calls: its graph in training, otherwise itself."""
    compiled: Any = part._compiled_call_impl  # pyright: ignore[reportPrivateUsage]

    def call(*args: Any, **options: Any) -> Any:
        if not part.training:
            return part._call_impl(*args, **options)
        _mark((*args, *options.values()), varying=varying)
        return compiled(*args, **options)

    return call


def _mark(values: tuple[Any, ...], *, varying: bool) -> None:
    """Mark what differs between batches, so that the first graph is one for all of them."""
    for x in values:
        if isinstance(x, Tensor) and x.dim():
            last = [x.dim() - 1] if varying and x.dim() > 1 and x.shape[-1] > 1 else []
            torch._dynamo.maybe_mark_dynamic(x, [0, *last])  # pyright: ignore[reportPrivateImportUsage]
