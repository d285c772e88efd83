"""A complete voice, discriminators included, and what every format must provide."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from vits.config import VitsConfig
from vits.errors import VitsError, VoiceError, one_line
from vits.models.discriminators import build_discriminators
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["FullVoice", "VoiceFormat", "check_discriminators", "require_droppable", "wrap_errors"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class FullVoice:
    """A voice with everything that training can resume from.

    Attributes:
        format: title of the format it was read from.
        bundle: generator, front end, speakers, settings and card.
        discriminators: tensors under our names, with the shapes that
            ``bundle.generator.config`` gives; None if the source has none.
    """

    format: str
    bundle: VoiceBundle
    discriminators: Mapping[str, Tensor] | None = None


@dataclass(frozen=True, kw_only=True)
class VoiceFormat:
    """A voice format: how to read it, how to write it, and what it cannot hold.

    Attributes:
        title: name on the command line.
        read: reads a voice from a file or folder.
        write: writes a voice into an empty folder.
        unsupported_parts: returns every part of a voice that the format cannot hold, and why.
    """

    title: str
    read: Callable[[Path], FullVoice]
    write: Callable[[Path, FullVoice], None]
    unsupported_parts: Callable[[FullVoice], dict[str, str]]


def require_droppable(title: str, unsupported: Mapping[str, str], drop: Iterable[str]) -> None:
    """Require that every part that a format cannot hold may be dropped.

    Args:
        title: name of the format.
        unsupported: part -> reason.
        drop: parts that may be dropped.

    Raises:
        VoiceError: some may not; the message names all of them.
    """
    kept = {part: reason for part, reason in unsupported.items() if part not in set(drop)}
    if kept:
        reasons = "; ".join(f"{part} ({reason})" for part, reason in kept.items())
        raise VoiceError(
            f"{title} cannot hold: {reasons}. Leave out what you can do without with "
            f"--drop {','.join(kept)}"
        )


def check_discriminators(
    weights: Mapping[str, Tensor], config: VitsConfig, source: str
) -> dict[str, Tensor]:
    """Return discriminator tensors after checking that they are exactly those of a model.

    Raises:
        VoiceError: a tensor is missing, unknown, of the wrong shape, or not finite.
    """
    expected = _discriminator_shapes(config)
    names = sorted(expected.keys() ^ weights.keys())
    if names:
        fault = "lacks" if names[0] in expected else "has the unknown"
        raise VoiceError(f"{source} {fault} tensor {names[0]} of the discriminators")
    for name, value in weights.items():
        if value.shape != expected[name]:
            raise VoiceError(
                f"{source}: tensor {name} of the discriminators is {tuple(value.shape)}, but must "
                f"be {tuple(expected[name])}"
            )
        if not torch.isfinite(value).all():
            raise VoiceError(f"{source} has NaN or infinite values in {name} of the discriminators")
    return dict(weights)


@cache
def _discriminator_shapes(config: VitsConfig) -> dict[str, torch.Size]:
    with torch.device("meta"):
        state = build_discriminators(config).state_dict()
    return {name: value.shape for name, value in state.items()}


def wrap_errors(source: object, build: Callable[[], T]) -> T:
    """Call ``build`` and turn any error into one line that names the file.

    Raises:
        VoiceError: the file is damaged or breaks a rule.
    """
    try:
        return build()
    except VitsError as error:
        prefix = "" if str(source) in str(error) else f"{source}: "
        raise VoiceError(f"{prefix}{error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
        reason = one_line(error, 200)
        raise VoiceError(f"{source} is damaged: {type(error).__name__}: {reason}") from error
