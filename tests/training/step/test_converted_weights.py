"""Weights converted together give what autocast gives, weight by weight."""

import pytest
import torch
from torch import nn

from vits.config import ConvNextConfig
from vits.layers.wavenet import WaveNet
from vits.models import Discriminators, Vits
from vits.training.step import converted_weights as module
from vits.training.step.converted_weights import autocast_groups, converted_weights
from vits.training.step.discriminator_losses import adversarial_losses, discriminator_losses
from vits.training.step.freezing import freeze

CPU = torch.device("cpu")
CONVNEXT = ConvNextConfig(channels=16, inner_channels=16, n_blocks=1)


@pytest.fixture
def bf16(monkeypatch):
    """Convert on the CPU too, as on a GPU."""
    monkeypatch.setattr(module, "_is_worth", lambda device: True)


def gradients(network):
    found = {name: p.grad for name, p in network.named_parameters()}
    network.zero_grad()
    return found


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for name, gradient in first.items():
        if gradient is None:
            assert second[name] is None, name
        else:
            assert torch.equal(gradient, second[name]), name


@pytest.mark.parametrize(
    ("changes", "rank"), [({}, 0), ({"n_speakers": 2, "decoder": CONVNEXT}, 0), ({}, 1)]
)
def test_loss_and_gradients_of_the_generator_are_those_of_autocast(
    make_config, bf16, changes, rank
):
    config = make_config(segment_frames=4, **changes)
    generator = Vits(config)
    freeze(generator, None, rank)
    for name, parameter in generator.named_parameters():
        if name.endswith((".up", ".shift")):  # at 0 the gradient of the other factor is 0
            torch.nn.init.normal_(parameter, 0.0, 0.1)
    spectrogram = torch.rand(2, config.audio.n_bins, 12)
    arguments = (torch.ones(2, 5, dtype=torch.int64), torch.tensor([5, 4]), spectrogram)
    rest = (torch.tensor([12, 10]), torch.zeros(2, dtype=torch.int64))

    def run(groups):
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16):
            with converted_weights(*groups, device=CPU):
                out = generator(*arguments, *rest)
            loss = out.wave.float().square().mean() + out.duration_loss.mean()
            loss = loss + out.posterior_pass.z_prior.mean() + out.prior.mean.float().mean()
        loss.backward()
        return loss, gradients(generator)

    expected, plain = run([])
    loss, converted = run(autocast_groups(generator))
    assert torch.equal(loss, expected)
    assert_equal(plain, converted)
    assert "weight" not in vars(generator.text_encoder.projection)
    assert generator.text_encoder.projection.weight.dtype == torch.float32


def test_losses_and_gradients_of_the_discriminators_are_those_of_autocast(bf16, monkeypatch):
    network = Discriminators(
        periods=(2,), period_channels=(4, 8), scale_channels=(4,) * 6, scale_groups=(1,) * 6
    )
    real, fake = torch.randn(2, 2, 1, 300).unbind()

    def run():
        with torch.autocast("cpu", torch.bfloat16):
            for loss in discriminator_losses(network.members, real, fake):
                loss.backward()
            network.requires_grad_(False)
            leaf = fake.clone().requires_grad_()
            weights = {"adversarial_weight": 1.0, "feature_weight": 2.0}
            found = adversarial_losses(network.members, real, leaf, **weights)
            found.weighted.backward()
        network.requires_grad_(True)
        return leaf.grad, gradients(network)

    wave, converted = run()
    monkeypatch.setattr(module, "_is_worth", lambda device: False)
    expected, plain = run()
    assert torch.equal(wave, expected)
    assert_equal(plain, converted)


def test_in_float32_weights_are_only_normalised_together(monkeypatch):
    network, x, mask = WaveNet(4, 3, 2, 2), torch.randn(2, 4, 9), torch.ones(2, 1, 9)
    monkeypatch.setattr(module, "_is_worth", lambda device: True)
    found = []
    for groups in ([], [network]):
        with converted_weights(groups, device=CPU):
            y = network(x, mask)
            nodes = [gate.weight.grad_fn for gate in network.gates]
            assert (nodes[0] is nodes[1]) == bool(groups)
        y.square().sum().backward()
        found.append((y, gradients(network)))
    assert torch.equal(found[0][0], found[1][0])
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], gradient, rtol=1e-6, atol=1e-7)


def test_a_frozen_weight_gets_no_gradient(bf16):
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    autocast = torch.autocast("cpu", torch.bfloat16)
    with autocast, converted_weights([layer], device=CPU):
        assert layer.weight.dtype == layer.bias.dtype == torch.bfloat16
        assert not layer.weight.requires_grad
        assert layer.bias.requires_grad
    assert layer.weight.dtype == layer.bias.dtype == torch.float32


def test_weights_are_back_after_an_error(bf16):
    layer = nn.Conv1d(2, 2, 1)
    autocast, raised = torch.autocast("cpu", torch.bfloat16), pytest.raises(ZeroDivisionError)
    with raised, autocast, converted_weights([layer], device=CPU):
        raise ZeroDivisionError
    assert layer.weight is dict(layer.named_parameters())["weight"]


def test_without_autocast_and_on_a_cpu_nothing_is_done():
    layer = nn.Conv1d(2, 2, 1)
    for enabled in (False, True):
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=enabled)
        with autocast, converted_weights([layer], device=CPU):
            assert layer.weight.dtype == torch.float32
