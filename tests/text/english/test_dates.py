import pytest

from vits.text import normalize

CASES = {
    "2020-03-04": "March fourth, twenty twenty",
    "3/4/2020": "March fourth, twenty twenty",
    "25/12/1999": "December twenty-fifth, nineteen ninety-nine",
    "March 3rd 2020": "March third, twenty twenty",
    "March 3, 2020, and": "March third, twenty twenty, and",
    "3 March 2020": "the third of March, twenty twenty",
    "the 5th of May, 2021": "the fifth of May, twenty twenty-one",
    "Sept. 9th": "September ninth",
    "March 2020": "March twenty twenty",
    "I may 5 times": "I may five times",
    "32/13/2020": "thirty-two/thirteen/twenty twenty",
    "at 3:05 pm": "at three oh five P M",
    "15:30": "fifteen thirty",
    "12:00": "twelve o'clock",
    "15:00": "fifteen hundred",
    "3 p.m. today": "three P M today",
    "It is 5 p.m.": "It is five P M.",
    "10:00 AM": "ten A M",
    "12:30:45": "twelve thirty and forty-five seconds",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_expansion(text, expected):
    assert normalize(text, "en-us") == expected


def test_british_dates_are_day_first():
    assert normalize("3/4/2020", "en-gb") == "the third of April, twenty twenty"
    assert normalize("2020-03-04", "en-gb") == "the fourth of March, twenty twenty"
