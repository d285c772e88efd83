"""Some of the utterances of a prepared folder as a folder of their own."""

import pytest

from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_durations import write_durations
from vits.data.prepared.subset import write_subset
from vits.errors import DataError


def test_the_chosen_utterances_are_copied_bit_for_bit(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "data", n=6))
    write_subset(data, [4, 1], tmp_path / "some")
    some = PreparedDataset(tmp_path / "some")
    assert list(some.names) == ["row4", "row1"]
    assert some.symbols == data.symbols
    for index, source in enumerate((4, 1)):
        assert some[index].wave.equal(data[source].wave)
        assert some[index].ids.equal(data[source].ids)
    write_subset(data, [2], tmp_path / "some")  # replaces it
    assert list(PreparedDataset(tmp_path / "some").names) == ["row2"]


def test_durations_are_copied(write_tones, tmp_path):
    data = PreparedDataset(write_tones(tmp_path / "data", n=3))
    durations = []
    for index, frames in enumerate(data.frames.tolist()):
        count = len(data.ids(index))
        durations.append([1] * (count - 1) + [frames - count + 1])
    write_durations(data, durations)
    write_subset(PreparedDataset(data.folder), [2], tmp_path / "some")
    found = PreparedDataset(tmp_path / "some")[0].durations
    assert found is not None
    assert found.tolist() == durations[2]


@pytest.mark.parametrize(
    ("indices", "name", "words"), [([], "some", "choose at least 1"), ([0], "data", "itself")]
)
def test_what_cannot_be_written_is_an_error_and_changes_nothing(
    write_tones, tmp_path, indices, name, words
):
    data = PreparedDataset(write_tones(tmp_path / "data", n=2))
    with pytest.raises(DataError, match=words):
        write_subset(data, indices, tmp_path / name)
    assert len(PreparedDataset(tmp_path / "data")) == 2
    assert not (tmp_path / "some").exists()
