"""Every string gives speech, a warning or a one-line error (benchmarks/fuzz.py)."""

import importlib

import pytest

from vits.synthesis import Voice


@pytest.fixture
def voice(make_bundle):
    return Voice(make_bundle())


@pytest.fixture
def fuzz(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("fuzz")


def test_random_strings_raise_no_fault(fuzz, voice):
    figures, faults = fuzz.fuzz(voice, 500, spoken=0.1, seed=1, seconds=60.0)
    assert faults == []
    assert figures["fault"] == 0
    assert min(figures["clean"], figures["reported"], figures["refused"]) > 10
    assert figures["spoken"] > 10
    assert set(figures["kinds"]) >= {"empty", "ssml", "bomb", "emoji", "surrogates", "controls"}


def test_faults_are_found(fuzz, voice, monkeypatch):
    def judge(text):
        return fuzz.try_one(voice, text, False, False)[0]

    assert [judge("hello"), judge("hello \u263a"), judge("")] == ["clean", "reported", "refused"]
    monkeypatch.setattr(fuzz, "clean", lambda text: text.replace("\u263a", ""))
    assert judge("hello \u263a") == "fault"
    monkeypatch.undo()
    monkeypatch.setattr(Voice, "frontend", property(lambda self: 1 // 0))
    assert judge("hello") == "fault"
