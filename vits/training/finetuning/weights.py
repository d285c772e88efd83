"""Starts a model from the weights of a voice."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vits.errors import CheckpointError, one_line
from vits.models.convnext_decoder import ConvNextDecoder
from vits.models.low_rank import load_plain, split_state
from vits.models.vits import Vits
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.vocabulary import Vocabulary

__all__ = ["EMBEDDINGS", "gains_pitch", "start_from"]

EMBEDDINGS = {
    "text_encoder.embedding.weight": "symbols",
    "speaker_embedding.weight": "speakers",
}
"""Embeddings, and the attribute of ``Vocabulary`` with their entries."""


SPEAKER_VECTORS = "speaker_embedding.vectors"
"""Vectors of the named speakers, which are no parameter."""

PITCH = ("pitch_predictor.", "decoder.pitch.", "decoder.excitations.")
"""What only a model with pitch has."""


@torch.no_grad()
def start_from(
    base: BaseVoice, vocabulary: Vocabulary, generator: Vits, discriminators: nn.Module
) -> None:
    """Fill a new model with the weights of a voice.

    Embeddings get their new entries. If a voice of one speaker becomes one of several, the layers
    that apply the speaker start with weights of 0: until they are trained, every speaker sounds
    like the old one, bit for bit.

    A voice without pitch that gets it keeps its decoder. What the excitation adds in HiFi-GAN and
    iSTFT decoders starts with weights of 0; the phase of a ConvNeXt decoder, which was absolute,
    starts anew as that of the excitation. The pitch predictor is new.

    Raises:
        CheckpointError: the weights do not match the model.
    """
    weights = _extended(base, vocabulary, split_state(generator.state_dict())[0])
    _load(generator, weights, base.source)
    if gains_pitch(base, generator) and isinstance(generator.decoder, ConvNextDecoder):
        generator.decoder.restart_phase()
    if base.discriminators is not None:
        _load(discriminators, base.discriminators, base.source)


def gains_pitch(base: BaseVoice, generator: Vits) -> bool:
    """Return whether the voice has no pitch and the new model has."""
    return base.config.pitch is None and generator.config.pitch is not None


def _extended(
    base: BaseVoice, vocabulary: Vocabulary, fresh: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the voice's weights under the names of ``fresh``, the weights of a new model."""
    weights: dict[str, Tensor] = dict(base.generator)
    for name, value in fresh.items():
        if name in base.generator and name in EMBEDDINGS:
            weights[name] = getattr(vocabulary, EMBEDDINGS[name]).extend(base.generator[name])
        elif name == SPEAKER_VECTORS and base.speaker_vectors is not None:
            old = base.speaker_vectors  # old speakers keep theirs, new ones have the data's
            weights[name] = torch.cat([old, value[len(old) :]])
        elif base.config.pitch is None and name.startswith(PITCH):
            weights[name] = value
        elif name not in base.generator and name in EMBEDDINGS:
            weights[name] = value  # random: speakers that start equal would stay equal
        elif name not in base.generator and "conditioning" in name.split("."):
            # of a normalised weight only the norm: a direction of 0 has no gradient
            weights[name] = value if name.endswith(".original1") else torch.zeros_like(value)
    return weights


def _load(module: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    try:
        load_plain(module, weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"{source}: its weights are not those of its configuration ({one_line(error, 200)})"
        ) from error
