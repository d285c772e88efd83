"""Conditioning on speakers and languages: embeddings, and how layers add them."""

import torch
from torch import Tensor, nn

from vits.config import VitsConfig
from vits.errors import ConfigError

__all__ = [
    "SpeakerVectors",
    "add_conditioning",
    "detach_as",
    "embed",
    "require_convertible",
    "speaker_embedding",
]


class SpeakerVectors(nn.Module):
    """Speaker embedding of vectors of a speaker encoder: a linear layer.

    Source: Casanova et al. 2022 (YourTTS), arXiv:2112.02418, section 2; the layer is not there.

    Attributes:
        vectors: of the named speakers (N, V); training fills them with their means.
    """

    vectors: Tensor

    def __init__(self, n_speakers: int, size: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(n_speakers, size))
        self.projection = nn.Linear(size, channels)

    def forward(self, speakers: Tensor) -> Tensor:
        """Embed ids (B,) int64 of named speakers, or vectors (B, V): (B, G)."""
        known = speakers.is_floating_point()
        return self.projection(speakers if known else self.vectors[speakers])


def speaker_embedding(config: VitsConfig) -> nn.Embedding | SpeakerVectors | None:
    """Build the speaker embedding of a model; None for one speaker."""
    count, channels = config.n_speakers, config.speaker_channels
    if count == 1:
        return None
    if config.speaker_vectors is not None:
        return SpeakerVectors(count, config.speaker_vectors.size, channels)
    return nn.Embedding(count, channels)


def embed(
    embedding: nn.Embedding | SpeakerVectors | None, ids: Tensor | None, what: str
) -> Tensor | None:
    """Look up embeddings (B, G, 1) of ids (B,) int64, or of mixtures (B, N) float.

    Args:
        embedding: (N, G); None: the model has one speaker or no languages, and ``ids`` are ignored.
        ids: one for each sample, or the weights of a mixture; for ``SpeakerVectors``, what it
            takes.
        what: ``speakers`` or ``languages``, for the message.

    Returns:
        (B, G, 1); None without an embedding.

    Raises:
        ConfigError: the embedding needs ids and there are none.
    """
    if embedding is None:
        return None
    if ids is None:
        vectors = isinstance(embedding, SpeakerVectors)
        count = len(embedding.vectors) if vectors else embedding.num_embeddings
        raise ConfigError(f"{what} None must name one of {count} {what} for each sample")
    if isinstance(embedding, SpeakerVectors):
        return embedding(ids).unsqueeze(2)
    if ids.is_floating_point():
        return (ids @ embedding.weight).unsqueeze(2)
    return embedding(ids).unsqueeze(2)


def detach_as(x: Tensor, layer: nn.Conv1d) -> Tensor:
    """Return ``x``, any shape, in the precision of a layer and outside the graph."""
    return x.detach().to(layer.weight.dtype)


def add_conditioning(x: Tensor, *terms: tuple[nn.Conv1d | None, Tensor | None]) -> Tensor:
    """Add projected conditioning to ``x`` (B, C, S); no gradient flows back into it.

    Args:
        x: (B, C, S).
        terms: a projection and its conditioning (B, G, 1); a term with a None is left out.
    """
    for layer, conditioning in terms:
        if layer is not None and conditioning is not None:
            x = x + layer(detach_as(conditioning, layer))
    return x


def require_convertible(config: VitsConfig) -> None:
    """Refuse voice conversion with a model that cannot convert.

    Raises:
        ConfigError: the model has one speaker only.
    """
    if config.n_speakers == 1:
        raise ConfigError("n_speakers 1 must be at least 2 for voice conversion")
