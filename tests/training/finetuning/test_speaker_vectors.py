"""Fine-tuning of a voice with speaker vectors: old speakers sound the same, new ones as heard."""

import dataclasses

import numpy as np
import pytest
import torch

from vits.config import SpeakerVectorsConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_vectors import write_vectors
from vits.synthesis import bundle_checkpoint, read_voice


def add_vectors(folder, encoder="toy", seed=0):
    dataset = PreparedDataset(folder)
    vectors = np.random.default_rng(seed).standard_normal((len(dataset), 4))
    write_vectors(folder, dataset.info, encoder, vectors)
    return folder


@pytest.fixture(scope="module")
def heard(tmp_path_factory, make_data, make_base_voice, config):
    """A voice of anna and bert with vectors."""
    folder = tmp_path_factory.mktemp("heard")
    data = add_vectors(make_data(folder / "corpus", config.audio, "abcdefgh", ("anna", "bert")))
    config = dataclasses.replace(config, speaker_vectors=SpeakerVectorsConfig())
    return make_base_voice(folder, config, data)


@pytest.fixture
def others(tmp_path, make_data, config):
    return make_data(tmp_path / "others", config.audio, "abcdefgh", ("carla", "bert"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["voice", "checkpoint"])
def test_old_speakers_keep_their_vectors_and_new_ones_have_the_data_s(
    heard, others, tune, tuned, kind
):
    add_vectors(others, seed=1)
    status, shown, error = tune(getattr(heard, kind), others, "--trainer.max_steps", 0)
    assert status == 0, error
    assert "speakers: 2 kept: anna, bert; 1 new, from their recordings: carla" in shown
    before, after = read_voice(heard.voice).generator, bundle_checkpoint(tuned).generator
    data = PreparedDataset(others)
    mean = data.speaker_vectors[data.speaker_ids == data.speakers.index("carla")].mean(0)
    found = after.speaker_embedding.vectors
    assert torch.equal(found[:2], before.speaker_embedding.vectors)
    torch.testing.assert_close(found[2], torch.tensor(mean / np.linalg.norm(mean)))
    for name, value in before.speaker_embedding.projection.state_dict().items():
        assert torch.equal(after.speaker_embedding.projection.state_dict()[name], value)


@pytest.mark.slow
def test_a_checkpoint_s_optimizer_goes_on(heard, others, tune, tuned):
    status, _, _ = tune(heard.checkpoint, add_vectors(others), "--trainer.max_steps", 1)
    assert status == 0
    assert bundle_checkpoint(tuned).speakers == ("anna", "bert", "carla")


@pytest.mark.slow
def test_what_does_not_fit_is_one_line(heard, duo, others, tune):
    status, _, error = tune(heard.voice, others)
    assert status == 2
    assert "(none, or those of several encoders) must be those of the voice" in error
    status, _, error = tune(heard.voice, add_vectors(others, "other"))
    assert status == 2
    assert "encoder='other'" in error
    status, _, error = tune(duo.voice, others, "--model.config.speaker_vectors", "{}")
    assert status == 2
    assert "speaker_vectors must be left out" in error
