"""Classes of written forms of the languages that have a module: see the tables beside this file."""

import csv
import random
import re
import time
from pathlib import Path

import pytest

from vits.text import normalize

CODES = {"de": "de", "es": "es", "fr": "fr-fr", "it": "it", "nl": "nl"}


def cases():
    for name, code in CODES.items():
        with Path(__file__).with_name(f"{name}.tsv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        for kind in sorted({row[0] for row in rows}):
            yield code, kind, [(text, words) for other, text, words in rows if other == kind]


CASES = {f"{code} {kind}": (code, rows) for code, kind, rows in cases()}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.slow
def test_written_forms(name):
    code, rows = CASES[name]
    wrong = [
        f"{text!r}: {normalize(text, code)!r} is not {words!r}"
        for text, words in rows
        if normalize(text, code) != words
    ]
    assert not wrong, "\n".join(wrong)
    assert [words for _, words in rows if normalize(words, code) != words] == []


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("fr-be", "71 et 99", "septante et un et nonante neuf"),
        ("fr-ch", "80 francs", "huitante francs"),
        ("es-419", "3,5 km", "tres coma cinco kilómetros"),
        ("DE", "5 %", "fünf Prozent"),
    ],
)
def test_variants_of_a_language(code, text, words):
    assert normalize(text, code) == words


TOKENS = [
    "1",
    "2",
    "3",
    "12",
    "21",
    "100",
    "1.000",
    "1,5",
    "2½",
    "½",
    "24.12.",
    "24/12/2023",
    "14:30",
    "14h30",
    "9h-17h",
    "19,99",
    "€",
    "$5",
    "-5",
    "−3",
    "°C",
    "km",
    "kg",
    "m²",
    "%",
    "/",
    "-",
    ":",
    ".",
    ",",
    "!",
    "?",
    "+",
    "=",
    "×",
    "und",
    "et",
    "y",
    "e",
    "en",
    "am",
    "3.",
    "Oktober",
    "mai",
    "Dr.",
    "z.",
    "B.",
    "usw.",
    "etc.",
    "EE.",
    "UU.",
    "Nr.",
    "n°",
    "XIV",
    "IV",
    "Ludwig",
    "Louis",
    "Felipe",
    "1er",
    "2e",
    "3º",
    "007",
    "+49",
    "0171",
    "1234567",
    "2023/24",
    "1-2",
    "3:1",
    "1.2.3",
    "A4",
    "h",
    "l",
    "t",
    "Mio.",
    "€/kg",
    "1/2",
    "99999999999999999999",
    "1e12",
    "2³",
    "#5",
]


@pytest.mark.parametrize("code", CODES.values())
@pytest.mark.slow
def test_every_digit_is_spoken_and_every_other_word_is_kept(code):
    rng = random.Random(0)
    for _ in range(300):
        text = " ".join(rng.choices([*TOKENS, "Baum", "qqq"], k=8))
        spoken = normalize(text, code)
        assert not re.search("[0-9]", spoken), text
        assert [spoken.count(word) for word in ("Baum", "qqq")] == [
            text.count(word) for word in ("Baum", "qqq")
        ]


@pytest.mark.parametrize("code", [*CODES.values(), "da"])
@pytest.mark.parametrize("unit", ["1 ", "1.", "1-", "1/", "I", "z. B. ", "+", "5 € ", "3. ", "0 1"])
@pytest.mark.slow
def test_time_is_linear(code, unit):
    start = time.process_time()
    normalize(unit * (20_000 // len(unit)), code)
    assert time.process_time() - start < 5
