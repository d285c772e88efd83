"""Extension of an embedding: which new entry starts from which old ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vits.errors import ConfigError
from vits.text import SymbolTable
from vits.text.phonetics.nearest_symbol import nearest_symbol

__all__ = ["ExtendedEmbedding", "extend_speakers", "extend_symbols"]


@dataclass(frozen=True, kw_only=True)
class ExtendedEmbedding:
    """The entries of an extended embedding: the old ones, then the new ones.

    Attributes:
        names: symbol or speaker of each entry.
        n_old: number of entries that keep their id and value.
        sources: for each new entry, the ids of the old entries whose mean it starts from.
    """

    names: tuple[str, ...]
    n_old: int
    sources: tuple[tuple[int, ...], ...] = ()

    @property
    def new(self) -> tuple[str, ...]:
        """Names of the new entries."""
        return self.names[self.n_old :]

    def extend(self, old: Tensor) -> Tensor:
        """Return the embedding (N, C) with its new entries; entries without a name are left out."""
        means = [old[list(source)].mean(0) for source in self.sources]
        return torch.stack([*old[: self.n_old], *means])

    def pad(self, old: Tensor) -> Tensor:
        """Return an optimizer state (N, C) with zeros for the new entries."""
        new = old.new_zeros(len(self.new), *old.shape[1:])
        return torch.cat([old[: self.n_old], new])


def extend_symbols(
    base: SymbolTable,
    data: Sequence[str],
    *,
    phonetic: bool,
    trained: Sequence[int] | None = None,
) -> ExtendedEmbedding:
    """Add the symbols of the data that a voice lacks; each starts from its nearest symbol.

    Args:
        base: the voice's symbols.
        data: the data's symbols; the first is its blank and maps to the voice's.
        phonetic: whether symbols are phonemes instead of characters.
        trained: ids of ``base`` that were trained; None if unknown.

    Returns:
        Entries that start from the nearest symbol, or from all trained ones if there is none.
    """
    table = base.extended(symbol for symbol in data[1:] if symbol not in base)
    ids = range(1, len(base)) if trained is None else trained
    taught = [id for id in ids if id > 0] or [0]
    known = [base.symbols[id] for id in taught if base.id(base.symbols[id]) == id]
    sources: list[tuple[int, ...]] = []
    for symbol in table.symbols[len(base) :]:
        near = nearest_symbol(symbol, known, phonetic=phonetic)
        sources.append(tuple(taught) if near is None else (base.id(near),))
    return ExtendedEmbedding(names=table.symbols, n_old=len(base), sources=tuple(sources))


def extend_speakers(base: Sequence[str], data: Sequence[str], *, add: bool) -> ExtendedEmbedding:
    """Add the speakers of the data that a voice lacks.

    If voice and data have one speaker each, the data's replaces the voice's unless ``add`` keeps
    both.

    Args:
        base: names of the voice's speakers; empty for one unnamed speaker.
        data: names of the data's speakers; empty for one unnamed speaker.
        add: keep the single speaker of a voice as well as that of the data.

    Returns:
        Entries that start from the mean of all old ones; ``names`` has "" for an unnamed speaker.

    Raises:
        ConfigError: the data's speaker has no name and needs one.
    """
    old, new = tuple(base) or ("",), tuple(data) or ("",)
    if len(old) == len(new) == 1 and not add:
        return ExtendedEmbedding(names=new, n_old=1)
    if new == ("",) and (len(old) > 1 or add):
        raise ConfigError(
            "the data's speaker has no name: give one with --data.speaker NAME; a name that the "
            f"voice has ({', '.join(old[:5])}) goes on with that speaker, another adds one"
            if any(old)
            else "the data's speaker has no name: give one with --data.speaker NAME"
        )
    added = tuple(name for name in new if name not in old)
    everyone = tuple(range(len(old)))
    return ExtendedEmbedding(names=old + added, n_old=len(old), sources=(everyone,) * len(added))
