"""Compilation of the networks by ``torch.compile``, part by part."""

from typing import Any

from torch import nn

from vits.models.discriminators import Discriminators
from vits.models.vits import Vits

__all__ = ["compile_parts", "is_compiled", "parts_to_compile"]

BACKEND = "inductor"
BOXES = (
    "text_encoder",
    "posterior_encoder",
    "prior_flow",
    "duration_predictor",
    "pitch_predictor",
    "decoder",
)


def parts_to_compile(generator: Vits, discriminators: Discriminators) -> dict[str, nn.Module]:
    """Return the networks that are compiled, by name; alignment and losses are not."""
    boxes = {name: getattr(generator, name) for name in BOXES}
    parts = {name: box for name, box in boxes.items() if box is not None}
    members = enumerate(discriminators.members)
    return parts | {f"discriminators.{i}": member for i, member in members}


def compile_parts(generator: Vits, discriminators: Discriminators) -> None:
    """Compile each network on its first call, in place; parameters keep their names.

    A graph is that of the plain modules. Decoder and discriminators see one shape. For the others a
    second length makes the length a symbol, so that each is compiled twice.

    Args:
        generator: the generator.
        discriminators: the discriminators.
    """
    for part in parts_to_compile(generator, discriminators).values():
        part.compile(backend=BACKEND)


def is_compiled(network: Any) -> bool:
    """Return whether ``compile_parts`` has compiled a network or what it wraps."""
    if not isinstance(network, nn.Module):
        return False
    return any(x._compiled_call_impl is not None for x in network.modules())  # pyright: ignore[reportPrivateUsage]
