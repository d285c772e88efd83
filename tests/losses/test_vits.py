"""Each loss equals a number done by hand."""

import math

import pytest
import torch

from vits import losses


def test_mel_loss_is_the_mean_absolute_difference():
    assert losses.mel_loss(torch.tensor([[1.0, 5.0]]), torch.tensor([[2.0, 2.0]])).item() == 2.0


def test_kl_by_hand():
    # one frame of two channels, and one frame of padding that must not count
    z = torch.tensor([[[2.0, 9.0], [0.0, 9.0]]])
    mean = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    log_std = torch.tensor([[[0.0, 5.0], [math.log(2.0), 5.0]]])
    posterior = torch.tensor([[[0.0, 7.0], [0.0, 7.0]]])
    mask = torch.tensor([[[1.0, 0.0]]])
    expected = (0 - 0 - 0.5 + 0.5 * 1.0) + (math.log(2.0) - 0 - 0.5 + 0.0)
    found = losses.kl_divergence(z, posterior, mean, log_std, mask)
    assert found.item() == pytest.approx(expected)


def test_kl_estimates_the_closed_form():
    torch.manual_seed(0)
    mean_q, std_q, mean_p, std_p = 0.3, 0.5, -0.2, 1.5
    z = mean_q + std_q * torch.randn(1, 1, 400_000)
    full = torch.ones_like(z)
    found = losses.kl_divergence(
        z, full * math.log(std_q), full * mean_p, full * math.log(std_p), full
    )
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean_q, std_q), torch.distributions.Normal(mean_p, std_p)
    )
    # the entropy term is in closed form only on average over z: E[-1/2] stands for the sample
    assert found.item() == pytest.approx(exact.item(), abs=5e-3)


def test_duration_loss_averages_over_real_symbols():
    mask = torch.tensor([[[1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]]])
    assert losses.duration_loss(torch.tensor([5.0, 3.0]), mask).item() == 2.0


def test_adversarial_losses_by_hand():
    real = [torch.tensor([[1.0, 0.5]]), torch.tensor([[2.0]])]
    fake = [torch.tensor([[0.0, 1.0]]), torch.tensor([[3.0]])]
    assert losses.discriminator_loss(real, fake).item() == pytest.approx(0.125 + 0.5 + 1 + 9)
    assert losses.adversarial_loss(fake).item() == pytest.approx(0.5 + 4)


def test_feature_matching_sums_layers_and_spares_the_real_side():
    real = [[torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([0.0])]]
    fake = [[torch.tensor([2.0, 4.0], requires_grad=True), torch.tensor([-3.0])]]
    loss = losses.feature_matching_loss(real, fake)
    assert loss.item() == pytest.approx(1.5 + 3)
    loss.backward()
    assert real[0][0].grad is None
    assert fake[0][0].grad is not None


def test_half_precision_inputs_are_lifted():
    half = torch.tensor([[300.0]], dtype=torch.float16)  # its square overflows float16
    assert losses.adversarial_loss([half]).item() == pytest.approx(299.0**2)
    with pytest.raises(ValueError, match="zip"):
        losses.discriminator_loss([half], [])
