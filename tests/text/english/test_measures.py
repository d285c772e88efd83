import pytest

from vits.text import normalize

CASES = {
    "3 dogs, 21 cats, 1,234 fish": "three dogs, twenty-one cats, one thousand two hundred "
    "thirty-four fish",
    "the 1st, 2nd, 3rd, 22nd and 1,000th": "the first, second, third, twenty-second and one "
    "thousandth",
    "3.14 and .5 and 0.001": "three point one four and point five and zero point zero zero one",
    "in 1984, 1905, 2000, 2007, 2024": "in nineteen eighty-four, nineteen oh five, two thousand, "
    "two thousand seven, twenty twenty-four",
    "the 1990s and the '80s": "the nineteen nineties and the eighties",
    "-5, -2.5°C": "minus five, minus two point five degrees Celsius",
    "10-20, 1990-1995": "ten to twenty, nineteen ninety to nineteen ninety-five",
    "$1, $5, $5.50, $0.99, £1.01": "one dollar, five dollars, five dollars and fifty cents, "
    "ninety-nine cents, one pound and one penny",
    "$3.5 million, £2bn, €100, 100 €, ¥500": "three point five million dollars, two billion "
    "pounds, one hundred euros, one hundred euros, five hundred yen",
    "$5-10 or -$5": "five to ten dollars or minus five dollars",
    "50%, 3.5%, 10-20%": "fifty percent, three point five percent, ten to twenty percent",
    "1 km, 70 kg, 20°C, 60 mph, 10 m/s, 5 m²": "one kilometer, seventy kilograms, twenty degrees "
    "Celsius, sixty miles per hour, ten meters per second, five square meters",
    "1500 km": "one thousand five hundred kilometers",
    "a 5-km run, 6'2\"": "a five kilometer run, six foot two",
    "555-1234": "five five five, one two three four",
    "(555) 123-4567": "five five five, one two three, four five six seven",
    "+44 20 7946 0958": "plus four four, two zero, seven nine four six, zero nine five eight",
    "agent 007": "agent zero zero seven",
    "1/2, 3/4, 5/8, 2 1/2, 24/7": "one half, three quarters, five eighths, two and a half, "
    "twenty-four seven",
    "v1.2.3": "v one point two point three",
    "16:9": "sixteen to nine",
    "3D B2B COVID-19": "three D B two B COVID-nineteen",
    "1,2,3": "one, two, three",
    "12345678901234567890": "one two three four five six seven eight nine zero one two three four "
    "five six seven eight nine zero",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_expansion(text, expected):
    assert normalize(text, "en-us") == expected


def test_british_numbers_contain_and():
    assert normalize("101 dogs", "en-gb") == "one hundred and one dogs"


def test_very_long_numbers_are_read():
    assert normalize("9" * 5000, "en-us").split() == ["nine"] * 5000
