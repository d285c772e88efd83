import pytest

from vits.errors import TextError
from vits.text.ssml.say_as import say_as


@pytest.mark.parametrize(
    ("interpret_as", "text", "expected"),
    [
        ("characters", "aB-2", "A, B, dash, two"),
        ("spell-out", "é\u0301 ß", "É\u0301, ß"),
        ("digits", "007", "zero zero seven"),
        ("digits", "555-12", "five five five, one two"),
        ("digits", "٣", "three"),
        ("cardinal", "1,234.5", "one thousand two hundred thirty-four point five"),
        ("cardinal", "-3", "minus three"),
        ("ordinal", "3", "third"),
        ("ordinal", "1,002nd", "one thousand second"),
    ],
)
def test_say_as(interpret_as, text, expected):
    assert say_as(interpret_as, text, "en-us") == expected


def test_british_and_foreign_numbers():
    assert say_as("cardinal", "101", "en-gb") == "one hundred and one"
    assert say_as("cardinal", "101", "de") == "101"
    assert say_as("digits", "12", "de") == "1 2"
    assert say_as("characters", "a1", "de") == "A, 1"


@pytest.mark.parametrize(
    ("interpret_as", "text", "language"),
    [
        ("characters", "a\u263a", "en-us"),
        ("characters", "a-b", "de"),
        ("digits", "12a", "en-us"),
        ("digits", "-", "en-us"),
        ("digits", "²x", "en-us"),
        ("cardinal", "many", "en-us"),
        ("ordinal", "3.5", "en-us"),
        ("ordinal", "3", "de"),
        ("telephone", "1", "en-us"),
    ],
)
def test_unsupported_say_as_is_rejected(interpret_as, text, language):
    with pytest.raises(TextError):
        say_as(interpret_as, text, language)
