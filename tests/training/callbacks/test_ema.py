import pytest
import pytorch_lightning as pl
import torch

from vits.errors import CheckpointError
from vits.training.callbacks import Ema

NAME = "text_encoder.embedding.weight"


class Weights(pl.Callback):
    """Keeps the generator's weights after every step and during validation."""

    def __init__(self):
        self.steps, self.validated = [], None

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del trainer, outputs, batch, batch_idx
        self.steps.append(pl_module.generator.text_encoder.embedding.weight.detach().clone())

    def on_validation_epoch_end(self, trainer, pl_module):
        del trainer
        self.validated = pl_module.generator.text_encoder.embedding.weight.detach().clone()


def test_average_follows_its_formula(make_run):
    ema, seen = Ema(0.5), Weights()
    make_run(3, callbacks=[ema, seen])
    torch.manual_seed(0)
    start, _, _ = make_run(0, callbacks=[first := Ema(0.5)])
    expected = first.average[NAME]
    for step, value in enumerate(seen.steps, start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(ema.average[NAME], expected)
    assert start.global_step == 0


def test_validation_uses_the_average_and_training_continues_without_it(
    config, data, make_trainer, make_run
):
    from vits.config import TrainingConfig
    from vits.training import VitsDataModule, VitsModule

    ema, seen = Ema(0.9), Weights()
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    torch.manual_seed(0)
    module = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    make_trainer(4, callbacks=[ema, seen], val_check_interval=2).fit(module, datamodule)
    assert torch.equal(seen.validated, ema.average[NAME])
    assert not torch.equal(seen.validated, seen.steps[-1])
    plain = Weights()
    make_run(4, callbacks=[plain])
    assert torch.equal(plain.steps[-1], seen.steps[-1])


def test_an_average_of_another_model_is_an_error(make_run):
    ema = Ema(0.9)
    ema.average = {"something else": torch.zeros(1)}
    with pytest.raises(CheckpointError, match="moving average in the checkpoint has other weights"):
        make_run(1, callbacks=[ema])
