"""What a model is told beside the text: from rows of an embedding to what its layers add."""

from torch import Tensor, nn

from vits.errors import ConfigError
from vits.layers.rows import convolve_rows

__all__ = ["add_told", "detached_rows", "embed_rows"]


def embed_rows(embedding: nn.Embedding | None, rows: Tensor | None, what: str) -> Tensor | None:
    """Look up (B, G, 1), of rows (B,) int64 or of mixes (B, N) float.

    Args:
        embedding: (N, G); None: there is one of its kind only, and whatever is passed is ignored.
        rows: one for each sample.
        what: ``speakers`` or ``languages``.

    Raises:
        ConfigError: no rows are given, and they are needed.
    """
    if embedding is None:
        return None
    if rows is None:
        raise ConfigError(
            f"{what} None must name one of {embedding.num_embeddings} {what} for each sample"
        )
    if rows.is_floating_point():
        return (rows @ embedding.weight).unsqueeze(2)
    return embedding(rows).unsqueeze(2)


def detached_rows(x: Tensor, like: nn.Conv1d) -> Tensor:
    """(B, C, S) -> (B, S, C) in the precision of a layer; no gradient flows back."""
    return x.detach().transpose(1, 2).to(like.weight.dtype)


def add_told(x: Tensor, *told: tuple[nn.Conv1d | None, Tensor | None]) -> Tensor:
    """Add to rows what else is known, each through its layer; either may be missing."""
    for layer, value in told:
        if layer is not None and value is not None:
            x = x + convolve_rows(layer, detached_rows(value, layer))
    return x
