"""The data module: splits, the endless stream, and what it refuses."""

import inspect
import itertools

import pytest

from vits.errors import ConfigError, MissingFileError
from vits.training import VitsDataModule


class FakeTrainer:
    """As much of a trainer as the loaders ask for."""

    world_size, global_rank = 1, 0

    def __init__(self, step):
        from types import SimpleNamespace

        self.global_step = step
        self.strategy = SimpleNamespace(root_device=SimpleNamespace(type="cpu"))


def names(datamodule, step, count):
    datamodule.trainer = FakeTrainer(step)
    return [b.names for b in itertools.islice(datamodule.train_dataloader(), count)]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_stream_goes_on_where_a_run_stopped(data, workers):
    def make():
        return VitsDataModule(str(data), n_validation=2, max_frames=300, workers=workers)

    whole = names(make(), 0, 9)
    assert whole[:4] + names(make(), 4, 5) == whole


def test_held_back_utterances_are_never_trained_on(data):
    datamodule = VitsDataModule(str(data), n_validation=3, max_frames=300, workers=0)
    held = set(datamodule.validation_data.names)
    assert len(held) == 3
    trained = set(itertools.chain(*names(datamodule, 0, 40)))
    assert trained == {str(i) for i in range(12)} - held
    validated = [batch.names[0] for batch in datamodule.val_dataloader()]
    assert set(validated) == held
    assert datamodule.dataset_info.utterances == 9


def test_another_folder_validates(data, data_of_two):
    datamodule = VitsDataModule(str(data), validation=str(data), n_validation=4)
    assert list(datamodule.validation_data.names) == ["0", "1", "2", "3"]
    with pytest.raises(ConfigError, match="speakers of the validation data"):
        VitsDataModule(str(data), validation=str(data_of_two))


def test_no_validation_at_all(data):
    assert VitsDataModule(str(data), n_validation=0).val_dataloader() == []


def test_what_is_wrong_is_named(data, tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        VitsDataModule(str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="workers -1"):
        VitsDataModule(str(data), workers=-1)
    with pytest.raises(ConfigError, match="pad_to 0"):
        VitsDataModule(str(data), pad_to=0)
    with pytest.raises(ConfigError, match="no trainer"):
        VitsDataModule(str(data), n_validation=0).train_dataloader()


KEYS = {
    "validation": None,  # set to the folder itself in the test
    "n_validation": 4,
    "max_frames": 400,
    "max_utterances": 2,
    "n_buckets": 4,
    "workers": 1,
    "seed": 5,
    "pad_to": 8,
}


def test_the_list_of_the_keys_is_complete():
    known = inspect.signature(VitsDataModule).parameters
    assert {"train", *KEYS} == set(known)


@pytest.fixture(scope="module")
def more_data(make_data, tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("more"), 40)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_changes_what_is_loaded(more_data, key):
    base = {"n_validation": 2, "max_frames": 260, "max_utterances": 4, "n_buckets": 1, "workers": 0}

    def outcome(**options):
        datamodule = VitsDataModule(str(more_data), **{**base, **options})
        datamodule.trainer = FakeTrainer(0)
        loader = datamodule.train_dataloader()
        batches = [sorted(batch) for batch in itertools.islice(loader.batch_sampler, 12)]
        validated = [batch.names for batch in datamodule.val_dataloader()]
        return batches, validated, loader.num_workers, loader.collate_fn.keywords

    value = str(more_data) if key == "validation" else KEYS[key]
    assert outcome(**{key: value}) != outcome()
