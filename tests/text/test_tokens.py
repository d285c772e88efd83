import random

import pytest

from vits.text.tokens import split_inline_phonemes, split_tokens, split_words


def test_parts_concatenate_to_the_text():
    rng = random.Random(0)
    for _ in range(2000):
        text = "".join(rng.choice("ab1 .,:;!?\"'—[]") for _ in range(rng.randrange(30)))
        assert "".join(word + marks for word, marks in split_tokens(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Well, yes!", ["Well", "yes"]),
        ("3,5 km at 12:30", ["3,5", "km", "at", "12:30"]),
        ("the U.S. and example.com.", ["the", "U.S", "and", "example.com"]),
        ("the end.Then", ["the", "end", "Then"]),
        ("don't 'go' well-known", ["don't", "'go'", "well-known"]),
        ('"¿Qué?"', ["Qué"]),
        ("... !", []),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


def test_inline_brackets():
    assert split_inline_phonemes("a [[b c]] d") == [("a ", False), ("b c", True), (" d", False)]
    assert split_inline_phonemes("[[a]][[b]]") == [("a", True), ("b", True)]
    assert split_inline_phonemes("a [[b") == [("a [[b", False)]
    assert split_inline_phonemes("") == []
