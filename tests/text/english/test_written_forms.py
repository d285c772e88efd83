"""Classes of English written forms: see written_forms.tsv."""

import csv
import re
from pathlib import Path

import pytest

from vits.text import normalize, split_sentences
from vits.text.english.normalizer import _RULES
from vits.text.rules import _ANCHOR

with Path(__file__).with_name("written_forms.tsv").open(encoding="utf-8") as file:
    ROWS = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
CLASSES = sorted({row[0] for row in ROWS})
TEXTS = [row[1] for row in ROWS]
CASES = {name: [tuple(row[1:]) for row in ROWS if row[0] == name] for name in CLASSES}


def words(text):
    text = re.sub(r"[^\w\s'/]", " ", text.lower())
    return re.sub(r"(?<!\w)'|'(?!\w)|(?<!/)/(?!/)", " ", text).split()


def spoken(text):
    parts = [part for part in split_sentences(text) if re.search(r"\w", part)]
    return " // ".join(normalize(part, "en-us") for part in parts)


def test_no_rule_is_skipped_where_its_pattern_matches():
    texts = [text.replace("\\n", "\n") for text in TEXTS[::3]]
    anchors = [{found.start(): found for found in _ANCHOR.finditer(text)} for text in texts]
    chars = [set(text) for text in texts]
    for item in _RULES:
        for text, places, present in zip(texts, anchors, chars, strict=True):
            found = item.pattern.search(text)
            if found is not None:
                where, place = (item.source, text), places.get(found.start())
                assert item.condition.search(text), where
                assert not item.chars or item.chars & present, where
                assert not item.numeric or place[1], where
                assert not item.after or text[place.end() : place.end() + 1] in item.after, where
                assert not item.words or place[0] in item.words, where


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
