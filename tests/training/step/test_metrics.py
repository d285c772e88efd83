"""A step whose numbers are not finite changes nothing, and the run goes on."""

import pytest
import pytorch_lightning as pl
import torch

from vits.training.step.metrics import StepMetrics

BAD = {"nan": float("nan"), "inf": float("inf"), "1e30": 1e30}


class Poison(pl.Callback):
    """Spoils the waves of some steps and keeps what each step did."""

    def __init__(self, value, steps):
        self.value, self.steps = value, steps
        self.skipped, self.changed, self._before = [], [], None

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        del batch_idx
        if trainer.global_step in self.steps:
            batch.wave[0, 0, 300:400] = self.value
        self._before = state_of(trainer, pl_module)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del batch, batch_idx
        after = state_of(trainer, pl_module)
        self.skipped.append(bool(outputs["skipped"]))
        same = (torch.equal(a, b) for a, b in zip(self._before, after, strict=True))
        self.changed.append(not all(same))


def state_of(trainer, module):
    moments = [
        value.clone()
        for optimizer in trainer.optimizers
        for state in optimizer.state.values()
        for value in state.values()
    ]
    return [*(p.detach().clone() for p in module.parameters()), *moments]


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_a_bad_batch_changes_neither_weights_nor_moments(make_run, value):
    poison = Poison(value, steps={2, 5})
    _, module, _ = make_run(8, callbacks=[poison])
    assert poison.skipped == [step in poison.steps for step in range(8)]
    assert poison.changed == [step not in poison.steps for step in range(8)]
    assert all(p.isfinite().all() for p in module.parameters())


def test_a_record_skips_from_the_first_number_that_is_not_finite():
    metrics = StepMetrics(torch.device("cpu"))
    metrics.add("discriminator", torch.tensor(1.0), {"discriminator": torch.tensor(2.0)})
    assert metrics.skipped == 0
    metrics.add("generator", torch.tensor(float("inf")), {"mel": torch.tensor(1.0)})
    assert metrics.skipped == 1
    assert metrics.suspect == 0  # the loss itself was finite
    metrics.add("generator", torch.tensor(1.0), {"mel": torch.tensor(float("nan"))})
    assert metrics.skipped == metrics.suspect == 1
    assert metrics.logs.keys() == {
        "discriminator",
        "gradient/discriminator",
        "mel",
        "gradient/generator",
    }
