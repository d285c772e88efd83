"""The data module: remapped parts, and the old corpus replayed between."""

import itertools
from types import SimpleNamespace

import pytest

from vits.cli.base_voice import read_base
from vits.errors import ConfigError, DataError, MissingFileError
from vits.training.checkpoints.resume import differences
from vits.training.finetuning import FinetuneDataModule

OPTIONS = {"n_validation": 2, "max_frames": 600, "workers": 0}


@pytest.fixture
def adopted(duo, more, duo_corpus):
    datamodule = FinetuneDataModule(str(more), replay=str(duo_corpus), replay_share=0.25, **OPTIONS)
    datamodule.adopt(read_base(str(duo.voice)))
    return datamodule


def batches(datamodule, start=0, count=16, rank=0, world_size=1):
    datamodule.trainer = SimpleNamespace(
        world_size=world_size,
        global_rank=rank,
        global_step=start,
        strategy=SimpleNamespace(root_device=SimpleNamespace(type="cpu")),
    )
    return list(itertools.islice(datamodule.train_dataloader(), count))


def test_a_quarter_of_the_batches_is_replayed(adopted):
    seen = batches(adopted)
    kinds = [{name.rstrip("0123456789") for name in batch.names} for batch in seen]
    assert [kind == {"corpus"} for kind in kinds] == [False, False, False, True] * 4
    assert not any("corpus" in kind for kind in kinds if kind != {"corpus"})


def test_replayed_utterances_have_the_grown_voices_rows(adopted, duo_corpus):
    symbols, speakers = adopted.dataset_info.frontend["symbols"], adopted.dataset_info.speakers
    assert speakers == ("anna", "bert", "carla", "dora")
    rows = {row["id"]: row for row in map(adopted.replay_data.row, range(9))}
    replayed = [batch for batch in batches(adopted) if batch.names[0] in rows]
    for batch in replayed:
        for i, name in enumerate(batch.names):
            ids = batch.ids[i, : batch.id_lengths[i]].tolist()
            said = "".join(symbols[j] for j in ids if j > 0)
            assert said == rows[name]["phonemes"]
            assert speakers[batch.speakers[i]] == rows[name]["speaker"]


def test_validation_is_remapped_as_well(adopted):
    assert adopted.validation_data.symbols == adopted.train_data.symbols
    assert adopted.validation_data.speakers == ["anna", "bert", "carla", "dora"]
    for i in range(2):
        row = adopted.validation_data.row(i)
        ids = adopted.validation_data[i].ids.tolist()
        assert "".join(adopted.train_data.symbols[j] for j in ids if j) == row["phonemes"]


def test_the_stream_goes_on_where_a_run_stopped(adopted):
    whole = [batch.names for batch in batches(adopted)]
    assert [batch.names for batch in batches(adopted, start=7, count=9)] == whole[7:]


def test_ranks_replay_together(adopted):
    first, second = (batches(adopted, rank=rank, world_size=2) for rank in range(2))
    for one, other in zip(first, second, strict=True):
        assert ("corpus" in one.names[0]) == ("corpus" in other.names[0])
        assert not set(one.names) & set(other.names)


def test_without_replay_it_is_the_plain_stream(duo, more):
    datamodule = FinetuneDataModule(str(more), **OPTIONS)
    datamodule.adopt(read_base(str(duo.voice)))
    assert datamodule.examples() is datamodule.train_data
    assert {name[:4] for batch in batches(datamodule) for name in batch.names} == {"more"}


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_out_of_range(more, share):
    with pytest.raises(ConfigError, match=r"replay_share .* leave out data.replay"):
        FinetuneDataModule(str(more), replay_share=share, **OPTIONS)


def test_a_replay_that_is_not_the_voices(duo, more, unnamed, tmp_path):
    datamodule = FinetuneDataModule(str(more), replay=str(unnamed), **OPTIONS)
    with pytest.raises(DataError, match="speakers '' of"):
        datamodule.adopt(read_base(str(duo.voice)))
    with pytest.raises(MissingFileError):
        FinetuneDataModule(str(more), replay=str(tmp_path / "none"), **OPTIONS)


def test_the_replay_is_a_fact_that_going_on_compares(adopted, duo, more):
    plain = FinetuneDataModule(str(more), **OPTIONS)
    plain.adopt(read_base(str(duo.voice)))
    found = differences(adopted.facts(), plain.facts())
    assert found == [
        "data.replay_share: 0.25 in the checkpoint, None now",
        "replayed utterances: 9 in the checkpoint, None now",
        f"replayed content: {adopted.replay_data.digest()} in the checkpoint, None now",
    ]
