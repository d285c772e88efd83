"""Speaker vectors of a prepared folder: computed, kept, chosen with the rows, and damaged."""

import numpy as np
import pytest
import soundfile
import torch

from vits.data.prepare.pipeline import prepare
from vits.data.prepare.speaker_vectors import compute_speaker_vectors
from vits.data.prepared.batch import collate
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_vectors import VECTORS
from vits.data.prepared.subset import write_subset
from vits.errors import DataError


class Levels:
    """The first samples' signs, as a vector of length 1, and how often it was asked."""

    name, size = "levels", 4

    def __init__(self):
        self.calls = 0

    def __call__(self, speech):
        self.calls += 1
        return (np.sign(speech[:4]) / 2).astype(np.float32)


def lengthen(toy, rows):
    """Give recordings a second and a half: those of the corpus have less than one."""
    for seed, row in enumerate(rows):
        soundfile.write(row.audio, toy.noise(1.5, seed), toy.rate)


@pytest.fixture
def folder(toy, tmp_path):
    rows = toy.good_rows(tmp_path / "wav", 8, ("ada", "bob"))
    lengthen(toy, rows[2:])  # the first of each speaker has less than a second
    prepare(rows, tmp_path / "data", toy.config, toy.frontend())
    return tmp_path / "data"


def test_every_utterance_has_a_vector_and_short_ones_their_speaker_s_mean(folder):
    before = PreparedDataset(folder)
    assert before.speaker_vectors is None
    assert before[0].speaker_vector is None
    encoder = Levels()
    report = compute_speaker_vectors(folder, encoder)
    dataset = PreparedDataset(folder)
    assert report == (len(dataset), 2)
    vectors, speakers = dataset.speaker_vectors, dataset.speaker_ids
    for first, speaker in ((0, speakers[0]), (1, speakers[1])):
        others = vectors[(speakers == speaker) & (np.arange(len(dataset)) > 1)]
        np.testing.assert_allclose(vectors[first], others.mean(0), atol=1e-7)
    assert dataset.digest() != before.digest()
    asked = encoder.calls
    assert compute_speaker_vectors(folder, encoder) == (len(dataset), 0)
    assert encoder.calls == asked  # they are there already


def test_batches_selections_and_subsets_have_the_vectors_of_their_rows(folder, tmp_path):
    plain = PreparedDataset(folder)
    assert collate([plain[0], plain[1]], 80).speaker_vectors.shape == (2, 0)
    compute_speaker_vectors(folder, Levels())
    dataset = PreparedDataset(folder)
    chosen = dataset.select([5, 3])
    assert torch.equal(chosen[0].speaker_vector, dataset[5].speaker_vector)
    batch = collate([chosen[0], chosen[1]], 80)
    assert np.array_equal(batch.speaker_vectors.numpy(), dataset.speaker_vectors[[5, 3]])
    write_subset(dataset, [5, 3], tmp_path / "part")
    part = PreparedDataset(tmp_path / "part")
    assert np.array_equal(part.speaker_vectors, dataset.speaker_vectors[[5, 3]])
    assert part.info["speaker_vectors"]["encoder"] == "levels"


def test_a_file_that_was_changed_is_refused(folder):
    compute_speaker_vectors(folder, Levels())
    path = folder / VECTORS
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"\0\0\0\0")
    with pytest.raises(DataError, match="was changed since"):
        PreparedDataset(folder)
    path.write_bytes(content[:-4])
    with pytest.raises(DataError, match=r"bytes, must have .* --speaker-vectors"):
        PreparedDataset(folder)


def test_a_speaker_without_speech_is_refused_by_name(toy, tmp_path):
    rows = toy.good_rows(tmp_path / "wav", 4, ("ada", "bob"))
    lengthen(toy, [row for row in rows if row.speaker == "ada"])
    prepare(rows, tmp_path / "data", toy.config, toy.frontend())
    with pytest.raises(DataError, match="no utterance of speaker bob"):
        compute_speaker_vectors(tmp_path / "data", Levels())
