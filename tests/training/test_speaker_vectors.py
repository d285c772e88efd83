"""Training with speaker vectors: what learns, what is kept, and what is refused."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from vits.config import SpeakerVectorsConfig, TrainingConfig
from vits.data.prepared.batch import collate
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_vectors import write_vectors
from vits.errors import ConfigError
from vits.synthesis import bundle_checkpoint, read_voice, write_voice
from vits.training import VitsDataModule, VitsModule


@pytest.fixture(scope="module")
def vector_data(data_of_two, tmp_path_factory):
    """Two speakers with vectors of 5 values, each utterance its own."""
    folder = tmp_path_factory.mktemp("vectors") / "data"
    shutil.copytree(data_of_two, folder)
    dataset, random = PreparedDataset(folder), np.random.default_rng(0)
    vectors = random.standard_normal((len(dataset), 5)) + 3 * dataset.speaker_ids[:, None]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    write_vectors(folder, dataset.info, "toy", vectors)
    return folder


@pytest.fixture(scope="module")
def vector_config(config):
    return dataclasses.replace(config, speaker_channels=6, speaker_vectors=SpeakerVectorsConfig())


@pytest.fixture
def run(make_run, vector_data, vector_config):
    def train(steps, **options):
        return make_run(steps, folder=vector_data, model=vector_config, **options)[:2]

    return train


@pytest.mark.slow
def test_the_layer_learns_the_table_is_the_data_s_and_a_run_goes_on(run, vector_data, tmp_path):
    fresh = run(0)[1].generator.speaker_embedding.projection.weight.clone()
    _, whole = run(4)
    assert whole.config.speaker_vectors == SpeakerVectorsConfig(encoder="toy", size=5)
    embedding = whole.generator.speaker_embedding
    assert not torch.equal(embedding.projection.weight, fresh)
    trained = VitsDataModule(str(vector_data), n_validation=2, workers=0).train_data
    for speaker in (0, 1):
        mean = trained.speaker_vectors[trained.speaker_ids == speaker].mean(0)
        expected = torch.tensor(mean / np.linalg.norm(mean))
        torch.testing.assert_close(embedding.vectors[speaker], expected)
    trainer, _ = run(2)
    checkpoint = Path(trainer.default_root_dir) / "two.ckpt"
    trainer.save_checkpoint(checkpoint)
    resumed = run(4, resume=checkpoint)[1].state_dict()
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed[name], value), name
    _keeps_its_vectors(checkpoint, tmp_path / "voice")


def _keeps_its_vectors(checkpoint, folder):
    """A voice of the checkpoint keeps them, and says so."""
    bundle = bundle_checkpoint(checkpoint)
    read = read_voice(write_voice(folder, bundle)).generator
    assert torch.equal(read.speaker_embedding.vectors, bundle.generator.speaker_embedding.vectors)
    assert "only of people who agree" in (folder / "README.md").read_text()


def test_each_utterance_trains_with_its_own_vector(run, vector_data):
    datamodule = VitsDataModule(str(vector_data), n_validation=2, workers=0)
    batch = collate([datamodule.train_data[i] for i in (4, 0, 2)], 64)
    module = run(0)[1]
    assert torch.equal(module._speakers(batch), batch.speaker_vectors)
    rows = PreparedDataset(vector_data)
    for name, vector in zip(batch.names, batch.speaker_vectors, strict=True):
        assert np.array_equal(vector, rows.speaker_vectors[list(rows.names).index(name)])


def test_data_that_do_not_fit_are_one_line(vector_config, vector_data, data_of_two):
    def build(folder, **keys):
        info = VitsDataModule(str(folder), n_validation=2, workers=0).dataset_info
        model = dataclasses.replace(vector_config, speaker_vectors=SpeakerVectorsConfig(**keys))
        return VitsModule(model, TrainingConfig(), info)

    with pytest.raises(ConfigError, match=r"data has none .*vits prepare --speaker-vectors"):
        build(data_of_two)
    with pytest.raises(ConfigError, match=r"size=9\) must equal the prepared data's .*'toy'"):
        build(vector_data, size=9)
    assert build(vector_data, encoder="toy", size=5).config.speaker_vectors.size == 5


def test_one_speaker_has_no_vectors(vector_config, data, tmp_path):
    folder = tmp_path / "one"
    shutil.copytree(data, folder)
    dataset = PreparedDataset(folder)
    write_vectors(folder, dataset.info, "toy", np.ones((len(dataset), 5)))
    info = VitsDataModule(str(folder), n_validation=2, workers=0).dataset_info
    with pytest.raises(ConfigError, match="2 or more speakers, and one has 1"):
        dataclasses.replace(info).fit_model(
            dataclasses.replace(vector_config, speaker_channels=256)
        )
