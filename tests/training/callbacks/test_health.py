"""A lasting symptom is reported once; a healthy run has no warnings."""

import warnings
from types import SimpleNamespace

import pytest
import torch

from vits.config import TrainingConfig
from vits.data.prepared.batch import Batch
from vits.errors import TrainingWarning
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks.health import SYMPTOMS, Health

N = 12  # symbols


@pytest.fixture
def module(config, data, monkeypatch):
    info = VitsDataModule(str(data), n_validation=0).dataset_info
    module = VitsModule(config, TrainingConfig(), info)
    logged = {}
    monkeypatch.setattr(module, "log_dict", logged.update)
    module.logged = logged
    return module


def observe(module, steps, *, durations=None, kl=1.0, discriminator=0.4, gradients=1.0):
    """Show a callback some steps with the given signs; return its warnings."""
    health = Health(window=2, patience=3)
    even = torch.full((2, N), 4)
    n_members = len(module.discriminators.members)
    logs = {"kl": torch.tensor(kl)}
    if discriminator is not None:
        logs["discriminator"] = torch.tensor(discriminator * n_members)
    outcome = {
        "skipped": torch.zeros(()),
        "suspect": torch.zeros(()),
        "durations": even if durations is None else durations,
        "logs": logs,
    }
    lengths = torch.full((2,), N)
    ids = torch.arange(2 * N).view(2, N) % 2  # every other symbol is the blank
    wave, pitch = torch.zeros(2, 1, 8), torch.zeros(2, 2, N)
    batch = Batch(
        ("a", "b"), ids, lengths, wave, lengths, lengths, lengths, ids, pitch, pitch[:, 0, :0]
    )
    for parameter in module.parameters():
        parameter.grad = torch.full_like(parameter, gradients)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(1, steps + 1):
            trainer = SimpleNamespace(global_step=step - 1, is_global_zero=True)
            health.on_before_optimizer_step(trainer, module, None)
            trainer.global_step = step
            health.on_train_batch_end(trainer, module, outcome, batch, 0)
    assert all(issubclass(w.category, TrainingWarning) for w in caught)
    return [str(w.message) for w in caught]


def durations_of(longest, column):
    durations = torch.ones(2, N, dtype=torch.int64)
    durations[:, column] = longest
    return durations


SIGNS = {
    "alignment collapse": {"durations": durations_of(90, 3)},
    "blanks dominate the alignment": {"durations": torch.tensor([[40, 1] * (N // 2)] * 2)},
    "posterior collapse": {"kl": 0.01},
    "discriminators too strong": {"discriminator": 0.01},
    "discriminators too weak": {"discriminator": 0.9},
}


def test_every_symptom_is_tested():
    assert SIGNS.keys() == {symptom.name for symptom in SYMPTOMS}


@pytest.mark.parametrize("name", SIGNS)
def test_a_lasting_symptom_is_reported_once(module, name):
    assert observe(module, 5, **SIGNS[name]) == []  # not yet: two windows of three
    (message,) = observe(module, 20, **SIGNS[name])
    assert message.startswith(f"{name} for 6 steps: ")
    assert "model.training." in message


def test_a_healthy_run_has_no_warnings_and_logs_its_metrics(module):
    assert observe(module, 20) == []
    assert module.logged["health/largest_share"] == pytest.approx(1 / N)
    assert module.logged["health/blank_share"] == pytest.approx(0.5)
    assert module.logged["health/discriminator"] == pytest.approx(0.4)
    assert observe(module, 20, discriminator=None) == []  # they still wait


def test_dead_gradients_are_reported_by_part(module):
    messages = observe(module, 6, gradients=0.0)
    assert any("dead gradients of posterior_encoder" in message for message in messages)
    assert any("dead gradients of discriminator 1" in message for message in messages)


def test_a_symptom_that_returns_is_reported_again(module):
    health = Health(window=1, patience=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for present in (True, True, True, False, True, True):
            health._count("symptom", present, "remedy")
    assert len(caught) == 2
