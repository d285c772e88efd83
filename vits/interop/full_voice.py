"""A voice with all that a project may keep of it, and the parts a format cannot hold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from vits.config import DiscriminatorConfig
from vits.errors import VitsError, VoiceError
from vits.models.discriminators import Discriminators
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["Format", "WholeVoice", "blaming", "check_discriminators", "require_no_loss"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class WholeVoice:
    """A voice as it was found.

    Attributes:
        format: name of the format it was read from.
        bundle: generator, front end, speakers, settings and card.
        discriminators: their tensors under our names, whose shapes are those of
            ``bundle.generator.config.discriminator``; None where the source has none.
    """

    format: str
    bundle: VoiceBundle
    discriminators: Mapping[str, Tensor] | None = None


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format: how to read it, how to write it, what it has no place for.

    Attributes:
        title: what people call it.
        read: file or folder -> voice.
        write: writes a voice into an empty folder.
        losses: names every part of a voice that the format has no place for, with the reason.
    """

    title: str
    read: Callable[[Path], WholeVoice]
    write: Callable[[Path, WholeVoice], None]
    losses: Callable[[WholeVoice], dict[str, str]]


def require_no_loss(title: str, losses: Mapping[str, str], drop: Iterable[str]) -> None:
    """Require that every part that would be lost may be dropped.

    Raises:
        VoiceError: one may not; all of them are named.
    """
    kept = {part: reason for part, reason in losses.items() if part not in set(drop)}
    if kept:
        reasons = "; ".join(f"{part} ({reason})" for part, reason in kept.items())
        raise VoiceError(
            f"{title} cannot hold: {reasons}. Leave out what you can do without with "
            f"--drop {','.join(kept)}"
        )


def check_discriminators(
    weights: Mapping[str, Tensor], config: DiscriminatorConfig, where: str
) -> dict[str, Tensor]:
    """Return the tensors of discriminators, which must be exactly those of ``config``.

    Raises:
        VoiceError: a tensor is missing, unknown, of the wrong shape, or not finite.
    """
    with torch.device("meta"):
        expected = Discriminators(**vars(config)).state_dict()
    names = sorted(expected.keys() ^ weights.keys())
    if names:
        fault = "lacks" if names[0] in expected else "has the unknown"
        raise VoiceError(f"{where} {fault} tensor {names[0]} of the discriminators")
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise VoiceError(
                f"{where}: tensor {name} of the discriminators is {tuple(value.shape)}, but must "
                f"be {tuple(expected[name].shape)}"
            )
        if not torch.isfinite(value).all():
            raise VoiceError(f"{where} has NaN or infinite values in {name} of the discriminators")
    return dict(weights)


def blaming(where: object, build: Callable[[], T]) -> T:
    """Build a part of a voice; whatever goes wrong is one line about the file it came from.

    Raises:
        VoiceError: the file breaks a rule, in whatever way files can.
    """
    try:
        return build()
    except VitsError as error:
        prefix = "" if str(where) in str(error) else f"{where}: "
        raise VoiceError(f"{prefix}{error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise VoiceError(f"{where} is damaged: {type(error).__name__}: {reason}") from error


def plain(value: Any, depth: int = 6) -> Any:
    """Return what JSON could hold of a value out of a checkpoint; anything else as its type."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:10_000]
    if depth and isinstance(value, Mapping) and len(value) <= 10_000:
        return {str(key)[:200]: plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple)) and len(value) <= 10_000:
        return [plain(item, depth - 1) for item in value]
    return f"<{type(value).__name__}>"
