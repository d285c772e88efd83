import pytest

from vits.text import split_sentences

WRAPPED = (
    "The quick brown fox jumps over the lazy dog and\n"
    "runs through the forest until it reaches the wide\n"
    "river, where it stops."
)


@pytest.mark.parametrize(
    "parts",
    [
        ["My favourite fruits:\n", "Apple\n", "Banana\n", "Cherry"],
        ["My favourite fruits:\n", "apple\n", "banana"],
        ["1. First\n", "2. Second\n", "3. Third"],
        ["- one\n", "- two"],
        ["* one\n", "* two"],
        ["a) one\n", "b) two"],
        ["Chapter One\n\n", "It was late."],
        ["# Heading\n", "Text follows here."],
        [WRAPPED],
        ["A line\nof a paragraph."],
        ["Roses are red,\n", "Violets are blue,\n", "Sugar is sweet,\n", "And so are you."],
        ["Name: Bob\n", "Age: 5"],
    ],
)
def test_line_ends(parts):
    assert split_sentences("".join(parts)) == parts


def test_long_sentences_are_cut_before_a_conjunction():
    text = "word " * 30 + "because " + "word " * 70
    first, *_ = split_sentences(text, 250)
    assert first == "word " * 30
