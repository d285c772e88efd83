"""Planted faults are found, nothing else is, and the cleaned folder trains."""

import json

import numpy as np
import pytest

from vits.data.audit.clean import write_clean
from vits.data.audit.examine import examine
from vits.data.audit.options import CheckConfig, Fault
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import ConfigError, DataError

WORDS = ("text", "phonemes", "ids")


def change_wave(folder, index, edit):
    row = PreparedDataset(folder).row(index)
    waves = np.fromfile(folder / "audio.i16", dtype="<i2")
    part = slice(row["offset"], row["offset"] + row["samples"])
    waves[part] = edit(waves[part].astype(np.float64)).clip(-32768, 32767).astype("<i2")
    waves.tofile(folder / "audio.i16")


def late(wave):
    """Three quarters of the wave become silence: the speech is too fast, too."""
    quiet = np.random.default_rng(0).normal(0, 60, len(wave))
    quiet[: len(wave) // 4] = wave[: len(wave) // 4]
    return quiet


def spoil(folder, change_rows):
    """Plant one fault of each kind; return it by row."""
    rng = np.random.default_rng(0)
    change_wave(folder, 10, lambda wave: 0 * wave)
    change_wave(folder, 11, lambda wave: wave + rng.normal(0, 9000, len(wave)))
    change_wave(folder, 12, lambda wave: (6 * wave).clip(-20000, 20000))
    change_wave(folder, 13, lambda wave: wave / 4)
    change_wave(folder, 14, late)

    def edit(rows):
        words = [{k: rows[i][k] for k in WORDS} for i in (21, 20)]
        rows[20].update(words[0])
        rows[21].update(words[1])
        for i in (30, 31):
            rows[i].update(samples=rows[29]["samples"], offset=rows[29]["offset"])
            rows[i].update({k: rows[29][k] for k in WORDS})

    change_rows(folder, edit)
    return folder


@pytest.fixture
def spoilt(write_tones, change_rows, tmp_path):
    return spoil(write_tones(tmp_path / "spoilt"), change_rows)


def faults(report):
    found = {}
    for finding in report.findings:
        found.setdefault(finding.row, set()).add(finding.fault)
    return found


def test_a_clean_corpus_keeps_its_rows(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "clean"))
    report = examine(data)
    assert report.left_out == {}
    assert report.coverage.unused == ["_", "z"]
    assert report.notes == []


def test_each_planted_fault_is_named(spoilt):
    found = faults(examine(PreparedDataset(spoilt)))
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
        assert fault in found[row], row
    assert Fault.SAME_TEXT in found[30]
    clean = set(range(60)) - expected.keys()
    assert not clean & found.keys()


def test_long_silence_is_named(write_tones, tmp_path):
    folder = write_tones(tmp_path / "silence")
    change_wave(folder, 14, late)
    found = faults(examine(PreparedDataset(folder), CheckConfig(max_silence_seconds=0.2)))
    assert Fault.SILENCE in found[14]


def test_of_copies_the_one_with_the_right_text_stays(write_tones, change_rows, tmp_path):
    folder = write_tones(tmp_path / "copies")

    def edit(rows):
        rows[40].update(samples=rows[3]["samples"], offset=rows[3]["offset"])
        words = {k: rows[3][k] for k in WORDS}
        rows[3].update({k: rows[40][k] for k in WORDS})
        rows[40].update(words)

    report = examine(PreparedDataset(change_rows(folder, edit)))
    assert faults(report)[3] >= {Fault.TEXT_MISMATCH, Fault.SAME_AUDIO}
    assert 40 not in report.left_out


def test_another_speaker_is_found_and_named(write_tones, change_rows, tmp_path):
    folder = write_tones(tmp_path / "two", 100, ("anna", "bert"))
    change_rows(folder, lambda rows: rows[6].update(speaker="bert"))
    found = [f for f in examine(PreparedDataset(folder)).findings if f.left_out]
    assert [(f.row, f.fault) for f in found] == [(6, Fault.WRONG_SPEAKER)]
    assert "like anna" in found[0].reason


def test_small_corpora_say_what_was_not_checked(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "small", 8))
    assert len(examine(data).notes) == 2


def test_the_cleaned_folder_holds_the_rest_bit_for_bit(spoilt, tmp_path):
    data = PreparedDataset(spoilt)
    report = examine(data)
    kept = write_clean(data, report, tmp_path / "clean")
    clean = PreparedDataset(tmp_path / "clean")
    assert len(clean) == kept == len(data) - len(report.left_out)
    assert clean.symbols == data.symbols
    places = {name: i for i, name in enumerate(data.names)}
    for index, name in enumerate(clean.names):
        here, there = clean[index], data[places[name]]
        assert here.wave.equal(there.wave)
        assert here.ids.equal(there.ids)


def test_every_row_is_kept_or_named_with_its_reasons(spoilt, tmp_path):
    data = PreparedDataset(spoilt)
    report = examine(data)
    write_clean(data, report, tmp_path / "clean")
    lines = (tmp_path / "clean/rejected.jsonl").read_text(encoding="utf-8").splitlines()
    rejected = [json.loads(line) for line in lines]
    clean = PreparedDataset(tmp_path / "clean")
    assert sorted([*clean.names, *(row["id"] for row in rejected)]) == sorted(data.names)
    assert all(row["reason"] and row["detail"] for row in rejected)
    report = json.loads((tmp_path / "clean/check.json").read_text(encoding="utf-8"))
    assert report["kept"] + report["left_out"] == report["rows"] == len(data)
    gone = {finding["id"] for finding in report["findings"] if finding["left_out"]}
    assert gone == {row["id"] for row in rejected}


def test_the_data_module_takes_the_cleaned_folder(spoilt, tmp_path):
    from vits.training import VitsDataModule

    data = PreparedDataset(spoilt)
    write_clean(data, examine(data), tmp_path / "clean")
    module = VitsDataModule(str(tmp_path / "clean"), validation=str(spoilt), n_validation=4)
    assert len(module.train_data) < len(data)


def test_only_chosen_faults_cost_a_row_its_place(spoilt):
    config = CheckConfig(leave_out=(Fault.NOISE,))
    report = examine(PreparedDataset(spoilt), config)
    assert set(report.left_out) == {11}
    assert Fault.TEXT_MISMATCH in faults(report)[20]


def test_the_text_of_the_report_names_counts_and_rows(spoilt):
    report = examine(PreparedDataset(spoilt))
    text = report.text()
    for row in report.left_out:
        assert f"left out row{row}: " in text
    assert "2 of 10 symbols never occur" in text


def test_nothing_is_overwritten(spoilt, tmp_path):
    data = PreparedDataset(spoilt)
    report = examine(data)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    for place in (spoilt, tmp_path / "file", tmp_path / "full"):
        with pytest.raises(DataError, match=r"choose another|name a folder"):
            write_clean(data, report, place)
    write_clean(data, report, tmp_path / "clean")
    write_clean(data, report, tmp_path / "clean")  # its own may be replaced


def test_a_corpus_of_faults_leaves_no_folder_to_train_from(spoilt, tmp_path):
    data = PreparedDataset(spoilt).select([10])
    with pytest.raises(DataError, match="none of 1 rows is left"):
        write_clean(data, examine(data), tmp_path / "clean")
    assert not (tmp_path / "clean/dataset.json").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_clipped": 2.0},
        {"min_same_audio": 0.0},
        {"contrast_texts": 1},
        {"max_speaker_deviation": 0.0},
    ],
)
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        CheckConfig(**wrong)


def test_a_judge_that_knows_nothing_is_named_and_replaced(spoilt):
    class Deaf:
        def scores(self, index, texts):
            rng = np.random.default_rng(index)
            return rng.normal(size=len(texts)).tolist()

    data = PreparedDataset(spoilt)
    report = examine(data, scorer=Deaf())
    assert "checked as without a voice" in report.notes[0]
    assert faults(report) == faults(examine(data))
