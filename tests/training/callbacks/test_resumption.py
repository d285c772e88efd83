"""What a checkpoint stores about its run, and that all ranks resume from the same one."""

from pathlib import Path

import pytest

from vits.errors import CheckpointError
from vits.training.callbacks import Checkpoints, Resumption
from vits.training.checkpoints.checkpoint_io import read_checkpoint


class Ranks:
    """A trainer of which the first rank has chosen a file."""

    global_rank = 1

    def __init__(self, chosen):
        self.strategy = self
        self.chosen = chosen

    def broadcast(self, value):
        del value
        return self.chosen


@pytest.mark.parametrize("chosen", [None, Path("runs/a.ckpt")])
def test_all_ranks_must_resume_from_one_file(chosen):
    continuation = Resumption()
    continuation.path = chosen
    continuation.setup(Ranks(chosen), None, "fit")
    continuation.path = Path("runs/b.ckpt")
    with pytest.raises(CheckpointError, match=r"rank 1 would resume from runs/b.ckpt, the first"):
        continuation.setup(Ranks(chosen), None, "fit")


def test_a_checkpoint_stores_what_determines_its_numbers(config, data, make_trainer, tmp_path):
    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    callbacks = [Resumption(), Checkpoints()]
    trainer = make_trainer(1, callbacks=callbacks, enable_checkpointing=True)
    trainer.fit(module, datamodule)
    saved = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert saved["vits"]["stream"] == {
        "trainer.precision": "32-true",
        "ranks": 1,
        "data.max_frames": 600,
        "data.max_utterances": 64,
        "data.n_buckets": 16,
        "data.seed": 1234,
        "training utterances": 10,
        "training seconds": datamodule.dataset_info.seconds,
        "training content": datamodule.train_data.digest(),
    }
