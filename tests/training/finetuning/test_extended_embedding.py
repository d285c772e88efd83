"""Grown embeddings: which rows stay, where new ones come from."""

import pytest
import torch

from vits.errors import ConfigError
from vits.text import SymbolTable
from vits.training.finetuning.extended_embedding import (
    ExtendedEmbedding,
    extend_speakers,
    extend_symbols,
)

OLD = torch.arange(12.0).reshape(4, 3) ** 2


def test_old_rows_stay_and_new_ones_are_means():
    rows = ExtendedEmbedding(names=("_", "a", "b", "x", "y"), n_old=3, sources=((1,), (1, 2)))
    grown = rows.extend(OLD)  # its fourth row has no name: nothing ever used it
    assert torch.equal(grown[:3], OLD[:3])
    assert torch.equal(grown[3], OLD[1])
    assert torch.equal(grown[4], (OLD[1] + OLD[2]) / 2)
    assert rows.new == ("x", "y")


def test_what_an_optimizer_knows_is_padded_with_zeros():
    rows = ExtendedEmbedding(names=("_", "a", "x"), n_old=2, sources=((1,),))
    assert torch.equal(rows.pad(OLD), torch.cat([OLD[:2], torch.zeros(1, 3)]))


def test_symbols_are_appended_beside_their_neighbours():
    base = SymbolTable(("_", "s", "l", "a", "'", "'"))
    rows = extend_symbols(base, ["_", "ɬ", "a", "\u0303", "l", "ɑ"], phonetic=True)
    assert rows.names == ("_", "s", "l", "a", "'", "'", "ɑ", "ɬ", "\u0303")
    sources = dict(zip(rows.new, rows.sources, strict=True))
    assert sources == {"ɬ": (2,), "ɑ": (3,), "\u0303": (1, 2, 3, 4, 5)}


def test_a_neighbour_was_trained():
    base = SymbolTable(("_", "s", "l", "ɫ"))
    rows = extend_symbols(base, ["_", "ɬ", "ʘ"], phonetic=True, trained=[0, 1, 3])
    assert dict(zip(rows.new, rows.sources, strict=True)) == {"ɬ": (3,), "ʘ": (1,)}


def test_the_blank_of_the_data_is_the_voices():
    rows = extend_symbols(SymbolTable(("_", "a")), ["<pad>", "a", "b"], phonetic=False)
    assert rows.names == ("_", "a", "b")


@pytest.mark.parametrize(
    ("base", "data", "add", "names", "n_old"),
    [
        ((), (), False, ("",), 1),
        ((), ("bo",), False, ("bo",), 1),  # takes the place
        (("al",), ("bo",), False, ("bo",), 1),
        (("al",), ("bo",), True, ("al", "bo"), 1),
        ((), ("bo",), True, ("", "bo"), 1),
        (("al",), ("al",), True, ("al",), 1),
        (("al",), ("al", "bo"), False, ("al", "bo"), 1),
        ((), ("al", "bo"), False, ("", "al", "bo"), 1),
        (("al", "bo"), ("bo",), False, ("al", "bo"), 2),
        (("bo", "al"), ("al", "cy", "dy"), False, ("bo", "al", "cy", "dy"), 2),
    ],
)
def test_speakers(base, data, add, names, n_old):
    rows = extend_speakers(base, data, add=add)
    assert (rows.names, rows.n_old) == (names, n_old)
    assert rows.sources == (tuple(range(n_old)),) * (len(names) - n_old)


@pytest.mark.parametrize(("base", "add"), [(("al", "bo"), False), (("al",), True), ((), True)])
def test_a_speaker_without_a_name_needs_one(base, add):
    with pytest.raises(ConfigError, match=r"no name: give one with --data.speaker NAME"):
        extend_speakers(base, (), add=add)
