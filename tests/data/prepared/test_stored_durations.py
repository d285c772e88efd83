import pytest

from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_durations import write_durations


def uniform(dataset, index):
    count, frames = len(dataset.ids(index)), int(dataset.frames[index])
    return [frames // count] * (count - 1) + [frames - frames // count * (count - 1)]


def test_stored_durations_are_read_back(write_tones, tmp_path):
    dataset = PreparedDataset(write_tones(tmp_path / "tones", 3))
    assert not dataset.aligned
    text = dataset.row(1)["text"]
    durations = [uniform(dataset, index) for index in range(3)]
    write_durations(dataset, durations)
    aligned = PreparedDataset(dataset.folder)
    assert aligned.aligned
    assert [aligned.durations(index).tolist() for index in range(3)] == durations
    assert aligned.row(1)["text"] == text


def test_missing_durations_change_nothing(write_tones, tmp_path):
    dataset = PreparedDataset(write_tones(tmp_path / "tones", 3))
    before = (dataset.folder / "manifest.jsonl").read_bytes()
    with pytest.raises(ValueError, match="shorter"):
        write_durations(dataset, [uniform(dataset, 0)])
    assert (dataset.folder / "manifest.jsonl").read_bytes() == before
