"""Classes of English written forms: see written_forms.tsv."""

import csv
import re
from pathlib import Path

import pytest

from vits.text import normalize, split_sentences
from vits.text.english.normalizer import _RULES

with Path(__file__).with_name("written_forms.tsv").open(encoding="utf-8") as file:
    ROWS = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
CLASSES = sorted({row[0] for row in ROWS})
CASES = {name: [tuple(row[1:]) for row in ROWS if row[0] == name] for name in CLASSES}


def words(text):
    text = re.sub(r"[^\w\s'/]", " ", text.lower())
    return re.sub(r"(?<!\w)'|'(?!\w)|(?<!/)/(?!/)", " ", text).split()


def spoken(text):
    parts = [part for part in split_sentences(text) if re.search(r"\w", part)]
    return " // ".join(normalize(part, "en-us") for part in parts)


def test_every_pattern_is_valid():
    for item in _RULES:
        assert item.pattern
        assert item.condition


@pytest.mark.parametrize("name", CLASSES)
def test_written_forms(name):
    wrong = []
    for text, expected in CASES[name]:
        found = spoken(text.replace("\\n", "\n"))
        if words(found) != words(expected):
            wrong.append(f"{text!r}: {found!r} is not {expected!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", CLASSES)
def test_normalisation_is_idempotent(name):
    for text, _ in CASES[name]:
        once = normalize(text.replace("\\n", "\n"), "en-us")
        assert normalize(once, "en-us") == once
