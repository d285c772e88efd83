"""A model's weights grown from those of a voice."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vits.errors import CheckpointError
from vits.models.vits import Vits
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.vocabulary import Alignment

__all__ = ["EMBEDDINGS", "start_from"]

EMBEDDINGS = {
    "text_encoder.embedding.weight": "symbols",
    "speaker_embedding.weight": "speakers",
}
"""Tensors with a row for each symbol or speaker, and the rows of ``Alignment`` they follow."""


@torch.no_grad()
def start_from(
    base: BaseVoice, alignment: Alignment, generator: Vits, discriminators: nn.Module
) -> None:
    """Fill a new model with a voice's weights.

    Embeddings get their new rows. A voice of one speaker that becomes one of several gets layers
    that bring the speaker in, with weights of zero: until they are trained, every speaker sounds
    as the one did, bit for bit.

    Raises:
        CheckpointError: the weights are those of another model.
    """
    grown = _grown(base, alignment, generator.state_dict())
    _load(generator, grown, base.source)
    if base.discriminators is not None:
        _load(discriminators, base.discriminators, base.source)


def _grown(base: BaseVoice, alignment: Alignment, fresh: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under the names of ``fresh``, a new model of the wanted shape."""
    weights: dict[str, Tensor] = dict(base.generator)
    for name, value in fresh.items():
        if name in base.generator and name in EMBEDDINGS:
            weights[name] = getattr(alignment, EMBEDDINGS[name]).grow(base.generator[name])
        elif name not in base.generator and name in EMBEDDINGS:
            weights[name] = value  # rows that differ from the start: speakers must part
        elif name not in base.generator and "conditioning" in name.split("."):
            # of a normed weight only the norm: a direction of zero has no gradient
            weights[name] = value if name.endswith(".original1") else torch.zeros_like(value)
    return weights


def _load(module: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise CheckpointError(
            f"{source}: its weights are not those of its configuration "
            f"({' '.join(str(error).split())[:200]})"
        ) from error
