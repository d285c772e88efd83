"""Training with every option of VITS2: what learns, when, and that a run goes on exactly."""

import copy
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from vits.errors import ConfigError

NOISE = {"alignment": {"noise": 0.1}}


class Keep(pl.Callback):
    """Keeps each step's losses, and each optimizer's gradients of the last step."""

    def __init__(self):
        self.losses, self.gradients = [], {}

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        del trainer, optimizer
        for name, parameter in pl_module.named_parameters():
            if parameter.grad is not None:
                self.gradients[name] = parameter.grad.clone()

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del trainer, pl_module, batch, batch_idx
        self.losses.append({name: float(value) for name, value in outputs["logs"].items()})


@pytest.fixture
def make_vits2(make_run, vits2_config, data_of_two):
    def make(steps, **options):
        keep = Keep()
        run = {"folder": data_of_two, "model": vits2_config, "callbacks": [keep], **NOISE}
        trainer, module, _ = make_run(steps, **{**run, **options})
        return trainer, module, keep

    return make


@pytest.mark.slow
def test_every_weight_learns_and_a_run_goes_on_as_if_it_had_not_stopped(make_vits2):
    _, whole, keep = make_vits2(4)
    still = {n for n, _ in whole.named_parameters() if not keep.gradients.get(n, STILL).any()}
    assert {name for name in still if not name.endswith("key.bias")} == set()
    trainer, _, _ = make_vits2(2)
    checkpoint = Path(trainer.default_root_dir) / "two.ckpt"
    trainer.save_checkpoint(checkpoint)
    resumed = make_vits2(4, resume=checkpoint)[1]
    state = resumed.state_dict()
    assert any(name.startswith("discriminators.durations.") for name in state)
    for name, value in whole.state_dict().items():
        assert torch.equal(state[name], value), name


STILL = torch.zeros(1)


def test_the_losses_of_durations_come_in_at_their_step_and_add_up(make_vits2):
    weights = {"duration_adversarial": 3.0}
    start = {"start": 9, "duration_start": 1}
    _, module, keep = make_vits2(2, adversarial=start, loss_weights=weights)
    first, second = keep.losses
    judged = {"duration_discriminator", "duration_adversarial", "gradient/discriminator"}
    assert second.keys() - first.keys() == judged
    total = 45 * second["mel"] + second["kl"] + second["duration"]
    total += 3 * second["duration_adversarial"]
    assert second["generator"] == pytest.approx(total, rel=1e-5)
    trained = {name for name in keep.gradients if name.startswith("discriminators.")}
    named = {n for n, _ in module.named_parameters() if n.startswith("discriminators.durations.")}
    assert trained == named


def test_the_discriminator_s_gradient_is_that_of_its_loss_and_the_predictor_s_of_both(
    make_vits2, make_trainer, data_of_two
):
    """One step, against the gradients of the losses written out."""
    kept = {}

    class Capture(Keep):
        def on_train_start(self, trainer, pl_module):
            judge = pl_module.discriminators.durations
            kept["fresh"] = copy.deepcopy(judge)
            forward = pl_module.generator.forward

            def recorded(*values, **options):
                kept["out"] = forward(*values, **options)
                return kept["out"]

            pl_module.generator.forward = recorded

    capture = Capture()
    rate = {"learning_rate": 1e-12, "weight_decay": 0.0}  # the judge stays as it was
    make_vits2(1, callbacks=[capture], optimizer=rate)
    real, predicted, hidden, mask, speaker = kept["out"].judged_durations
    judge = kept["fresh"]
    of_real, of_predicted = (judge(x, hidden, mask, speaker) for x in (real, predicted.detach()))
    count = mask.sum()
    (((of_real - 1) ** 2 + of_predicted**2) * mask).sum().div(count).backward()
    for name, parameter in judge.named_parameters():
        found = capture.gradients[f"discriminators.durations.{name}"]
        torch.testing.assert_close(found, parameter.grad, rtol=1e-4, atol=1e-7)
    shown = predicted.detach().requires_grad_()
    error = (shown - real).square() + (judge(shown, hidden, mask, speaker) - 1) ** 2
    (error * mask).sum().div(count).backward()
    # the projection's bias is added to every real symbol
    found = capture.gradients["generator.duration_predictor.projection.bias"]
    torch.testing.assert_close(found, (shown.grad * mask).sum()[None], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"adversarial": {"duration_start": 5}}, "adversarial.duration_start 5 has no effect with"),
        (
            {"loss_weights": {"duration_adversarial": 0.5}},
            "loss_weights.duration_adversarial 0.5 has no effect with duration_predictor.kind '",
        ),
    ],
)
def test_keys_of_judged_durations_need_them(make_run, recipe, words):
    with pytest.raises(ConfigError, match=words):
        make_run(0, **recipe)
