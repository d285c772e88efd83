"""The loss of speaker consistency: by hand, its gradients, and what it leaves alone."""

import pytest
import pytorch_lightning as pl
import torch

from vits.audio.speaker_encoders import resemblyzer
from vits.config import SpeakerVectorsConfig, TrainingConfig
from vits.errors import ConfigError
from vits.training import VitsModule
from vits.training.step import speaker_consistency
from vits.training.step.speaker_consistency import SpeakerConsistencyLoss, open_consistency_loss


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    """Random weights in place of the package's."""
    torch.manual_seed(0)
    found = {k: 3 * v for k, v in resemblyzer.Ge2eNetwork().state_dict().items()}
    monkeypatch.setattr(resemblyzer, "_weights", lambda: found)
    return found


@pytest.fixture
def loss():
    return SpeakerConsistencyLoss("resemblyzer", 16000)


def waves(length=3200):
    time = torch.arange(length) / 16000
    tones = torch.sin(torch.tensor([[300.0], [700.0], [1500.0]]) * 6.283 * time)
    return 0.1 * tones[:, None] + 0.01 * torch.randn(3, 1, length)


def test_it_is_one_minus_the_mean_cosine_whatever_the_level(loss, weights):
    fake, real = waves(), waves().flip(0)
    network = resemblyzer.Ge2eNetwork()
    network.load_state_dict(weights)
    cosines = []
    for one, other in zip(fake[:, 0], real[:, 0], strict=True):
        gain = 10 ** (-23 / 20) / other.square().mean().sqrt()
        vectors = [network(network.mel_powers(gain * wave)[None])[0] for wave in (one, other)]
        cosines.append(torch.nn.functional.cosine_similarity(*vectors, dim=0))
    expected = 1 - torch.stack(cosines).mean()
    assert 1e-4 < expected < 1
    torch.testing.assert_close(loss(fake, real), expected, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(loss(2 * fake, 2 * real), expected, rtol=1e-3, atol=1e-6)
    assert loss(real, real).abs() < 1e-6
    assert torch.isfinite(loss(torch.zeros_like(fake), torch.zeros_like(real)))


def test_only_the_generated_wave_gets_the_gradient_of_differences(loss):
    fake, real = waves(1600).double().requires_grad_(), waves(1600).double().requires_grad_()
    loss.double()(fake, real).backward()
    (encoder,) = loss._hidden
    assert real.grad is None
    assert all(p.grad is None and p.dtype == torch.float64 for p in encoder.parameters())
    direction = torch.randn_like(fake)
    with torch.no_grad():
        ahead, behind = (loss(fake + step * direction, real) for step in (1e-6, -1e-6))
    # central differences: the error is of the second order in the step
    torch.testing.assert_close(
        (fake.grad * direction).sum(), (ahead - behind) / 2e-6, rtol=1e-4, atol=1e-9
    )


def test_a_batch_is_the_mean_of_its_items(loss):
    fake, real = waves(), waves().roll(1, 0)
    each = torch.stack([loss(fake[i : i + 1], real[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(loss(fake, real), each.mean(), rtol=1e-4, atol=1e-6)


class Logged(pl.Callback):
    def on_train_batch_end(self, trainer, *_):
        self.values = {name: float(value) for name, value in trainer.callback_metrics.items()}


def test_it_is_part_of_a_step_and_of_no_checkpoint(make_run, config):
    logged = Logged()
    _, module, datamodule = make_run(
        1, callbacks=[logged], loss_weights={"speaker_consistency": 1e6}
    )
    without = VitsModule(config, TrainingConfig(), datamodule.dataset_info)
    assert list(module.state_dict()) == list(without.state_dict())
    found = logged.values["train/speaker_consistency"]
    assert 0 < found < 2
    # the other losses are below 1000
    assert logged.values["train/generator"] == pytest.approx(1e6 * found, abs=1000)


def test_an_encoder_without_gradients_is_refused_by_name():
    vectors = SpeakerVectorsConfig(encoder="onnx:0123456789abcdef", size=192)
    with pytest.raises(ConfigError) as caught:
        open_consistency_loss(vectors, 16000)
    message = str(caught.value)
    assert "loss_weights.speaker_consistency must be 0" in message
    assert "'onnx:0123456789abcdef'" in message
    assert "--speaker-vectors resemblyzer" in message
    assert "\n" not in message
    assert speaker_consistency.open_consistency_loss(None, 8000).sample_rate == 8000
