"""Which row of a grown embedding comes from which rows of the old one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vits.errors import ConfigError
from vits.text import SymbolTable
from vits.text.phonetics.nearest_symbol import nearest_symbol

__all__ = ["Rows", "align_speakers", "align_symbols"]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a grown embedding: the old ones, then the new.

    Attributes:
        names: of all rows.
        n_old: rows that keep place and values.
        sources: for each new row, the old rows whose mean it starts from.
    """

    names: tuple[str, ...]
    n_old: int
    sources: tuple[tuple[int, ...], ...] = ()

    @property
    def new(self) -> tuple[str, ...]:
        """Names of the new rows."""
        return self.names[self.n_old :]

    def grow(self, old: Tensor) -> Tensor:
        """Return the embedding (N, C) with its new rows; rows that had no name are left out."""
        means = [old[list(source)].mean(0) for source in self.sources]
        return torch.stack([*old[: self.n_old], *means])

    def pad(self, old: Tensor) -> Tensor:
        """Return what an optimizer knows of each row (N, C), nothing of the new ones."""
        new = old.new_zeros(len(self.new), *old.shape[1:])
        return torch.cat([old[: self.n_old], new])


def align_symbols(
    base: SymbolTable,
    data: Sequence[str],
    *,
    phonetic: bool,
    trained: Sequence[int] | None = None,
) -> Rows:
    """Append the symbols of the data that a voice has not, each beside its nearest neighbour.

    Args:
        base: the voice's symbols.
        data: the data's symbols; the first is its blank and stands for the voice's.
        phonetic: symbols are phonemes, not characters.
        trained: rows of ``base`` that were trained; None: any may have been.

    Returns:
        Rows whose sources are the neighbour's, or all trained rows where there is none.
    """
    table = base.extended(symbol for symbol in data[1:] if symbol not in base)
    rows = range(1, len(base)) if trained is None else trained
    taught = [row for row in rows if row > 0] or [0]
    known = [base.symbols[row] for row in taught if base.id(base.symbols[row]) == row]
    sources: list[tuple[int, ...]] = []
    for symbol in table.symbols[len(base) :]:
        near = nearest_symbol(symbol, known, phonetic=phonetic)
        sources.append(tuple(taught) if near is None else (base.id(near),))
    return Rows(names=table.symbols, n_old=len(base), sources=tuple(sources))


def align_speakers(base: Sequence[str], data: Sequence[str], *, add: bool) -> Rows:
    """Append the speakers of the data that a voice has not.

    A voice of one speaker and data of one speaker give a voice of that speaker, in the old one's
    place, unless ``add`` keeps both.

    Args:
        base: names of the voice's speakers; empty for one unnamed speaker.
        data: names of the data's speakers; empty for one unnamed speaker.
        add: keep the one speaker of a voice beside the one of the data.

    Returns:
        Rows whose sources are all old rows; ``names`` holds "" for an unnamed speaker.

    Raises:
        ConfigError: the data's speaker has no name and needs one.
    """
    old, new = tuple(base) or ("",), tuple(data) or ("",)
    if len(old) == len(new) == 1 and not add:
        return Rows(names=new, n_old=1)
    if new == ("",) and (len(old) > 1 or add):
        raise ConfigError(
            "the data's speaker has no name: give one with --data.speaker NAME; a name that the "
            f"voice has ({', '.join(old[:5])}) goes on with that speaker, another adds one"
            if any(old)
            else "the data's speaker has no name: give one with --data.speaker NAME"
        )
    added = tuple(name for name in new if name not in old)
    everyone = tuple(range(len(old)))
    return Rows(names=old + added, n_old=len(old), sources=(everyone,) * len(added))
