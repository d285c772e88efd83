"""The prepared folder written from the chunks."""

import json

import numpy as np
import pytest
import soundfile

from vits.config import AudioConfig
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepared.manifest import Row
from vits.errors import DataError
from vits.text.frontend import Frontend


def test_kept_rows_keep_the_order_and_their_waves(toy, corpus, prepared):
    rows, faults = corpus
    folder, _ = prepared
    kept = toy.lines(folder / "manifest.jsonl")
    assert [row["id"] for row in kept] == [row.id for row in rows if row.audio not in faults]
    audio = np.fromfile(folder / "audio.i16", dtype="<i2")
    end = 0
    for row in kept:
        assert row["offset"] == end
        end += row["samples"]
        samples, rate = soundfile.read(row["audio"], dtype="int16")
        assert row["samples"] == -(-len(samples) * toy.rate // rate)
        if rate == toy.rate:
            assert np.array_equal(audio[row["offset"] : end], samples)
        assert tuple(row["ids"]) == toy.frontend().encode(row["text"]).ids
        assert row["phonemes"] == row["text"]
    assert end == len(audio)


def test_dataset_json_describes_the_folder(toy, prepared):
    folder, outcome = prepared
    info = json.loads((folder / "dataset.json").read_text())
    assert info["format"] == 1
    assert info["utterances"] == 40
    assert info["samples"] * 2 == (folder / "audio.i16").stat().st_size
    assert info["speakers"] == []
    assert AudioConfig(**info["audio"]) == toy.audio
    assert (
        Frontend.from_dict(info["frontend"]).encode("hello").ids
        == toy.frontend().encode("hello").ids
    )
    assert info["fingerprint"] == toy.frontend().fingerprint()
    assert outcome.report.hours * 3600 == pytest.approx(info["samples"] / toy.rate)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*toy.outputs, "prepare.json"])


def test_the_prepared_folder_feeds_the_dataset(toy, prepared):
    from vits.data.prepared.dataset import PreparedDataset

    data = PreparedDataset(prepared[0])
    assert len(data) == 40
    assert data[7].ids.tolist() == list(toy.frontend().encode(data.row(7)["text"]).ids)
    assert data[7].wave.abs().max() > 0.1


def test_another_deviation_limit_needs_only_assembly(toy, corpus, tmp_path, processed):
    rows, _ = corpus
    toy.run(rows, tmp_path, keep_chunks=True)
    processed.clear()
    limits = RecordingLimits(segment_frames=8, max_seconds=4.0, max_deviation=0.0)
    report = toy.run(rows, tmp_path, PrepareConfig(audio=toy.audio, limits=limits)).report
    assert processed == []
    assert report.kept == 41
    assert report.compared == 0


def test_speakers_are_counted_and_sorted(toy, tmp_path):
    rows = toy.good_rows(tmp_path / "wavs", 6, speakers=("zoe", "adam", "zoe"))
    report = toy.run(rows, tmp_path / "out").report
    assert report.speakers == {"adam": 2, "zoe": 4}
    assert json.loads((tmp_path / "out/dataset.json").read_text())["speakers"] == ["adam", "zoe"]
    assert "zoe 4" in report.text()


def test_nothing_kept_is_an_error_with_counts(toy, tmp_path):
    rows = [Row(id=str(i), audio=str(tmp_path / "no.wav"), text="a") for i in range(3)]
    with pytest.raises(
        DataError,
        match=r"none of 3 rows was kept: 3 missing; the first is .*no such file; .* has .*; see",
    ) as caught:
        toy.run(rows, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert len(toy.lines(tmp_path / "out/rejected.jsonl")) == 3
    assert not (tmp_path / "out/dataset.json").exists()
