import pytest

from vits.text import normalize

CASES = {
    "Mr. Smith, Mrs. Jones and Dr. Who": "Mister Smith, Missis Jones and Doctor Who",
    "St. Paul lives at 5 Elm St. and 12 Main Dr. Then home.": (
        "Saint Paul lives at five Elm Street and twelve Main Drive. Then home."
    ),
    "cats vs. dogs, e.g. Rex, i.e. that one, etc.": (
        "cats versus dogs, for example, Rex, that is, that one, et cetera."
    ),
    "No. 5 is no. 7. No. I said no.": "number five is number seven. No. I said no.",
    "The U.S. army. I live in the U.S.": "The U.S army. I live in the U.S.",
    "NASA and AT&T & co": "NASA and AT&T and co",
    "J. K. Rowling": "J K Rowling",
    "Henry VIII, Louis XIV and Elizabeth II": (
        "Henry the eighth, Louis the fourteenth and Elizabeth the second"
    ),
    "Chapter IV of World War II": "Chapter four of World War two",
    "Henry I think, Malcolm X, MIX, I, VI": "Henry I think, Malcolm X, MIX, I, VI",
    "#5 of ~20": "number five of about twenty",
    "5 < 6 > 4": "five less than six greater than four",
    "and/or": "and or",
    "½ of 2½": "one half of two and a half",
    "Jan. 5": "January fifth",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_expansion(text, expected):
    assert normalize(text, "en-us") == expected


@pytest.mark.parametrize("text", CASES)
def test_expansion_is_idempotent(text):
    once = normalize(text, "en-us")
    assert normalize(once, "en-us") == once


def test_plain_text_is_unchanged():
    text = 'It was a bright cold day in April, and the clocks were striking; "why?" he said.'
    assert normalize(text, "en-us") == text
