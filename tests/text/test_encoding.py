from collections import Counter

import pytest

from vits.errors import TextError, UnknownSymbolError
from vits.text.encoding import (
    PhonemeChunk,
    Spelling,
    SymbolLayout,
    UnknownSymbolWarning,
    encode_chunks,
)
from vits.text.symbols import SymbolTable

TABLE = SymbolTable(("_", "^", "$", " ", "a", "b", "\u00e9"))


def encode(*chunks, unknown="raise", **layout):
    layout = SymbolLayout(**{"blanks": False, **layout})
    return encode_chunks(
        chunks, Counter(), TABLE, layout=layout, spelling=Spelling(), unknown=unknown
    )


AB = (PhonemeChunk("a", "A"), PhonemeChunk(" "), PhonemeChunk("bb", "B"))


@pytest.mark.parametrize(
    ("layout", "ids", "ranges"),
    [
        ({}, (4, 3, 5, 5), [(0, 1), (2, 4)]),
        ({"bos_eos": True}, (1, 4, 3, 5, 5, 2), [(1, 2), (3, 5)]),
        ({"blanks": True}, (0, 4, 0, 3, 0, 5, 0, 5, 0), [(1, 2), (5, 8)]),
        ({"blanks": True, "blank": " "}, (3, 4, 3, 3, 3, 5, 3, 5, 3), [(1, 2), (5, 8)]),
    ],
)
def test_layouts(layout, ids, ranges):
    encoding = encode(*AB, **layout)
    assert encoding.ids == ids
    assert [(word.start, word.end) for word in encoding.words] == ranges
    assert [word.text for word in encoding.words] == ["A", "B"]


def test_a_word_without_known_symbols_leaves_one_space():
    chunks = (AB[0], AB[1], PhonemeChunk("x", "X"), AB[1], AB[2])
    with pytest.warns(UnknownSymbolWarning, match="dropped 1 symbol .*'x'"):
        encoding = encode(*chunks, unknown="drop")
    assert encoding.phonemes == "a bb"
    assert encoding.dropped == {"x": 1}
    with pytest.raises(UnknownSymbolError, match="drop them with unknown='drop'"):
        encode(*chunks)


def test_decomposed_letters_use_the_composed_symbol_of_the_table():
    assert encode(PhonemeChunk("e\u0301", "E")).phonemes == "\u00e9"


def test_punctuation_alone_is_an_error():
    with pytest.raises(TextError, match="nothing to speak"):
        encode(PhonemeChunk(" "))
