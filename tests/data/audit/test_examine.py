"""Planted faults are found, and nothing else is."""

import numpy as np

from vits.data.audit.examine import examine
from vits.data.audit.options import CheckConfig, Fault
from vits.data.prepared.dataset import PreparedDataset

TEXT_KEYS = ("text", "phonemes", "ids")


def faults(report):
    """Return the faults of every row."""
    by_row = {}
    for finding in report.findings:
        by_row.setdefault(finding.row, set()).add(finding.fault)
    return by_row


def test_a_clean_corpus_keeps_its_rows(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "clean"))
    report = examine(data)
    assert report.left_out == {}
    assert report.coverage.unused == ["_", "z"]
    assert report.notes == []


def test_each_planted_fault_is_reported(report):
    by_row = faults(report)
    expected = {
        10: Fault.NO_SPEECH,
        11: Fault.NOISE,
        12: Fault.CLIPPING,
        13: Fault.LOUDNESS,
        14: Fault.RATE,
        20: Fault.TEXT_MISMATCH,
        21: Fault.TEXT_MISMATCH,
        30: Fault.SAME_AUDIO,
        31: Fault.SAME_AUDIO,
    }
    for row, fault in expected.items():
        assert fault in by_row[row], row
    assert Fault.SAME_TEXT in by_row[30]
    clean = set(range(60)) - expected.keys()
    assert not clean & by_row.keys()


def test_long_silence_is_reported(faulty):
    limited = examine(faulty.select(range(40)), CheckConfig(max_silence_seconds=0.2))
    assert Fault.SILENCE in faults(limited)[14]


def test_of_copies_the_one_with_the_right_text_is_kept(write_tones, change_rows, tmp_path):
    folder = write_tones(tmp_path / "copies")

    def edit(rows):
        rows[40].update(samples=rows[3]["samples"], offset=rows[3]["offset"])
        words = {k: rows[3][k] for k in TEXT_KEYS}
        rows[3].update({k: rows[40][k] for k in TEXT_KEYS})
        rows[40].update(words)

    report = examine(PreparedDataset(change_rows(folder, edit)))
    assert faults(report)[3] >= {Fault.TEXT_MISMATCH, Fault.SAME_AUDIO}
    assert 40 not in report.left_out


def test_another_speaker_is_reported(write_tones, change_rows, tmp_path):
    folder = write_tones(tmp_path / "two", 100, ("anna", "bert"))
    change_rows(folder, lambda rows: rows[6].update(speaker="bert"))
    found = [f for f in examine(PreparedDataset(folder)).findings if f.left_out]
    assert [(f.row, f.fault) for f in found] == [(6, Fault.WRONG_SPEAKER)]
    assert "more similar to anna" in found[0].reason


def test_small_corpora_have_notes_about_missing_checks(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "small", 8))
    assert len(examine(data).notes) == 2


def test_only_chosen_faults_exclude_a_row(faulty):
    config = CheckConfig(leave_out=(Fault.NOISE,))
    report = examine(faulty, config)
    assert set(report.left_out) == {11}
    assert Fault.TEXT_MISMATCH in faults(report)[20]


def test_a_scorer_that_cannot_separate_texts_is_replaced(faulty, report):
    class Random:
        def scores(self, index, texts):
            rng = np.random.default_rng(index)
            return rng.normal(size=len(texts)).tolist()

    replaced = examine(faulty, scorer=Random())
    assert "checked as without a voice" in replaced.notes[0]
    assert faults(replaced) == faults(report)
