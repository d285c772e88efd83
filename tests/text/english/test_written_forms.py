"""Classes of English written forms: see written_forms.tsv."""

import csv
import re
from pathlib import Path

import pytest

from vits.text import normalize, split_sentences

with Path(__file__).with_name("written_forms.tsv").open(encoding="utf-8") as file:
    CASES = [row[1:] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


def words(text):
    text = re.sub(r"[^\w\s'/]", " ", text.lower())
    return re.sub(r"(?<!\w)'|'(?!\w)|(?<!/)/(?!/)", " ", text).split()


def spoken(text):
    parts = [part for part in split_sentences(text) if re.search(r"\w", part)]
    return " // ".join(normalize(part, "en-us") for part in parts)


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_written_forms(text, expected):
    assert words(spoken(text.replace("\\n", "\n"))) == words(expected)


@pytest.mark.parametrize("text", [text for text, _ in CASES])
def test_normalisation_is_idempotent(text):
    once = normalize(text.replace("\\n", "\n"), "en-us")
    assert normalize(once, "en-us") == once
