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


@pytest.mark.slow
def test_hostile_files_are_refused(fuzz, tiny_voice):
    """Voices and tables here; the other kinds have tests of their own, beside their readers."""
    figures, faults = fuzz.attack(tiny_voice, {"voice", "table", "graph"})
    assert faults == []
    assert figures["files"] > 40
    assert figures["refused"] > 30


def test_a_hostile_file_that_is_not_refused_is_a_fault(fuzz, tmp_path):
    def write(folder):
        (folder / fuzz.MARK).touch()
        return ["no-such-command"]

    status, fault = fuzz.open_hostile(fuzz.Case("a", "b", write), tmp_path / "here")
    assert (status, fault) == (2, "it was run")


def test_faults_are_found(fuzz, voice, monkeypatch):
    def judge(text):
        return fuzz.try_one(voice, text, False, False)[0]

    assert [judge("hello"), judge("hello \u263a"), judge("")] == ["clean", "reported", "refused"]
    monkeypatch.setattr(fuzz, "clean", lambda text: text.replace("\u263a", ""))
    assert judge("hello \u263a") == "fault"
    monkeypatch.undo()
    monkeypatch.setattr(Voice, "frontend", property(lambda self: 1 // 0))
    assert judge("hello") == "fault"
