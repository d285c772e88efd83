"""Every mutated recording is kept or rejected with a reason (benchmarks/fuzz_recordings.py)."""

import importlib

import pytest


@pytest.fixture
def fuzz(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("fuzz_recordings")


def test_mutated_recordings_are_kept_or_rejected(fuzz, tmp_path):
    figures, faults = fuzz.fuzz(tmp_path, 120, seed=3)
    assert faults == []
    assert figures["kept"] + figures["rejected"] == 120
    assert min(figures["kept"], figures["rejected"]) > 10
    assert len(figures["kinds"]) == 9


def test_faults_are_found(fuzz, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("array is too big")

    monkeypatch.setattr(fuzz, "prepare", fail)
    assert fuzz.fuzz(tmp_path, 3, seed=3)[1] == ["ValueError: array is too big"]
