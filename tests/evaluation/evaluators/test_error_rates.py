import pytest

from vits.evaluation.evaluators.error_rates import count_errors, plain_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dr. Smith paid $3.50.", "doctor smith paid three dollars and fifty cents"),
        ("It's the well-known café — 'tis!", "it's the well known cafe tis"),
        ("...!", ""),
        ("DON’T", "don't"),
    ],
)
def test_words_are_as_a_recogniser_writes_them(text, words):
    assert plain_words(text) == words.split()
    assert plain_words(words) == words.split()


def test_other_languages_keep_their_letters():
    assert plain_words("Où est-il, l'été?", "fr-fr") == ["où", "est", "il", "l'été"]


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("the old bridge", "the old bridge", (0, 3, 0, 14)),
        ("the old bridge", "the cold bridge", (1, 3, 1, 14)),
        ("the old bridge", "the bridge", (1, 3, 4, 14)),
        ("the bridge", "the old bridge", (1, 2, 4, 10)),
        ("the bridge", "", (2, 2, 10, 10)),
        ("a", "b c d", (3, 1, 5, 1)),
    ],
)
def test_errors_are_those_counted_by_hand(said, heard, errors):
    assert count_errors(said.split(), heard.split()) == errors
