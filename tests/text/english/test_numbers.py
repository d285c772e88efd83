import random

import pytest

from vits.text.english.numbers import cardinal, digits, number, ordinal, plural, year


def values():
    rng = random.Random(0)
    yield from range(1200)
    yield from (rng.randrange(10 ** rng.randrange(1, 16)) for _ in range(1000))


@pytest.mark.parametrize("british", [False, True])
@pytest.mark.slow
def test_cardinals_agree_with_inflect(british):
    import inflect

    engine = inflect.engine()
    for value in values():
        expected = engine.number_to_words(value, andword="and" if british else "")
        assert cardinal(value, british) == expected.replace(",", ""), value


@pytest.mark.slow
def test_ordinals_agree_with_inflect():
    import inflect

    engine = inflect.engine()
    for value in values():
        expected = engine.number_to_words(engine.ordinal(value), andword="")
        assert ordinal(str(value)) == expected.replace(",", ""), value


def test_every_year_has_its_last_two_digits():
    for value in range(1100, 2100):
        said = year(value)
        if value % 100:
            assert said.endswith(cardinal(value % 100)), value
    assert year(1100) == "eleven hundred"
    assert year(2009) == "two thousand nine"
    assert year(2009, british=True) == "two thousand and nine"


def test_digit_by_digit():
    assert digits("0-1 2") == "zero one two"
    assert number("007") == "zero zero seven"
    assert number("0.50") == "zero point five zero"
    assert number("1" * 16) == " ".join(["one"] * 16)


def test_plurals():
    assert [plural(word) for word in ("ninety", "six", "hundred")] == [
        "nineties",
        "sixes",
        "hundreds",
    ]
