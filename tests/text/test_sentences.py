import random
import time

import pytest

from vits.errors import TextError
from vits.text import split_sentences

PIECES = [
    "a", "B", "Mr", "5", ".", "...", "!", "?", "…", "。", "！", " ", "  ", "\n", "\n\n", '"', "”",
    ")", "(", "[[", "]]", "\0", "é", "e\u0301", "🙂", "e.g.", "\ud800", ",", "; ",
]  # fmt: skip


def test_sentences_concatenate_to_the_text():
    rng = random.Random(0)
    for _ in range(3000):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(60)))
        limit = rng.randrange(1, 40)
        parts = split_sentences(text, limit)
        assert "".join(parts) == text
        assert all(parts)
        assert all(len(part) <= limit or "[[" in part for part in parts)


@pytest.mark.parametrize(
    "sentences",
    [
        ["One. ", "Two! ", "Three? ", "Four…"],
        ["Mr. Smith met Dr. Who at 5 Elm St. in town. ", "He left."],
        ["It costs $3.50. ", "No. 5 is 1.000 m."],
        ["J. K. Rowling wrote e.g. Potter, i.e. books. ", "She did."],
        ["No. ", "I said no."],
        ["Who? ", "Me. ", "I am."],
        ["Wait... what? ", "Yes... ", "Really."],
        ['"Come!" she said. ', '"Why?" ', "He left (alone.) ", "End."],
        ["The U.S. Army came at 5 p.m. ", "It left."],
        ["z.B. Berlin. ", "Usw."],
        ["你好。", "世界！", "好吗？", "好。"],
        ["नमस्ते। ", "दुनिया।"],
        ["A title\n\n", "A line\nof a paragraph. ", "More."],
        ["Say [[a. B c. D]] now. ", "Then."],
        ["It was I. ", "Then he came."],
        [" \n Leading space. ", "End. \n"],
        ["Well... ", "Hm! ... ", "So."],
        [""],
        [" "],
        ["..."],
    ],
)
def test_sentence_ends(sentences):
    assert split_sentences("".join(sentences)) == [part for part in sentences if part]


def test_long_sentences_are_split_after_a_clause_else_after_a_word():
    text = "aaaa bbbb cccc, dddd eeee"
    assert split_sentences(text, 20) == ["aaaa bbbb cccc, ", "dddd eeee"]
    assert split_sentences(text, 12) == ["aaaa bbbb ", "cccc, dddd ", "eeee"]
    assert split_sentences("abcdef", 4) == ["abcd", "ef"]
    assert split_sentences("abce\u0301f", 4) == ["abc", "e\u0301f"]


def test_inline_phonemes_are_not_split():
    assert split_sentences("ab [[c d e f g h]] ij", 8) == ["ab ", "[[c d e f g h]]", " ij"]


@pytest.mark.parametrize("unit", ["a", ".", ". ", "\n", "[[", "A. ", "。", '."', "[[a]]", " "])
@pytest.mark.slow
def test_time_is_linear(unit):
    text = unit * (200_000 // len(unit))
    start = time.perf_counter()
    parts = split_sentences(text)
    assert time.perf_counter() - start < 10
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 400


def test_a_megabyte_of_one_letter_is_split():
    text = "a" * 1_000_000
    assert split_sentences(text) == ["a" * 400] * 2500


def test_a_limit_below_one_is_rejected():
    with pytest.raises(TextError, match="max_chars 0 must be at least 1"):
        split_sentences("a", 0)
