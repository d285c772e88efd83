"""What a model is told beside the text: rows of an embedding as columns its layers take."""

from torch import Tensor, nn

from vits.errors import ConfigError

__all__ = ["embed_rows"]


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
