"""WaveGlow is invertible, and its likelihood is that of the change of variables."""

import math

import pytest
import torch

from vits.fast import optimize_for_training


@pytest.fixture
def waveglow(root_on_path):
    """A network that is far from the identity, and a wave with its mel spectrogram."""
    from recipes.baselines.waveglow import WaveGlow, WaveGlowSizes

    sizes = WaveGlowSizes(group=4, n_flows=4, early_every=2, channels=6, n_layers=2)
    network = WaveGlow(3, 8, sizes).double()
    for coupling in network.couplings:
        torch.nn.init.normal_(coupling.post.weight, std=0.2)
        torch.nn.init.normal_(coupling.post.bias, std=0.2)
    for mix in network.mixes:
        torch.nn.init.normal_(mix.weight)
    return network, torch.randn(2, 1, 24).double(), torch.randn(2, 3, 3).double()


def test_noise_and_wave_map_to_each_other(waveglow):
    network, wave, mel = waveglow
    noise, _ = network(wave, mel)
    assert noise.shape == (2, 4, 6)
    assert (noise - wave.reshape(2, 6, 4).transpose(1, 2)).abs().max() > 0.1
    torch.testing.assert_close(network.inverse(noise, mel), wave, rtol=0, atol=1e-10)


def test_a_voiced_second_survives_float32(root_on_path):
    """At its real size, with weights as training leaves them: the bound is 1e-5 of full scale."""
    from recipes.baselines.waveglow import WaveGlow, WaveGlowSizes

    network = WaveGlow(80, 256, WaveGlowSizes())
    for coupling in network.couplings:
        torch.nn.init.normal_(coupling.post.weight, std=0.02)
    wave, mel = 0.3 * torch.randn(1, 1, 2048), torch.randn(1, 80, 8)
    with torch.no_grad():
        back = network.inverse(network(wave, mel)[0], mel)
    assert (back - wave).abs().max() < 1e-5


def test_the_likelihood_is_that_of_the_change_of_variables(waveglow):
    """log p(x) = log N(f(x); 0, 1) + log |det df/dx|, the Jacobian taken entry by entry."""
    network, wave, mel = waveglow
    for b in range(2):
        one, of_one = wave[b : b + 1], mel[b : b + 1]
        jacobian = torch.autograd.functional.jacobian(
            lambda x, m=of_one: network(x.view(1, 1, -1), m)[0].flatten(), one.flatten()
        )
        noise = network(one, of_one)[0]
        gaussian = -0.5 * (noise**2).sum() - 12 * math.log(2 * math.pi)
        expected = (gaussian + torch.linalg.slogdet(jacobian)[1]) / 24
        torch.testing.assert_close(network.log_likelihood(wave, mel)[b], expected)


def test_white_noise_has_the_likelihood_of_white_noise_at_first(root_on_path):
    """The untrained network only rotates, so the Gaussian's entropy per sample is what it gives."""
    from recipes.baselines.waveglow import WaveGlow, WaveGlowSizes

    wave, sizes = torch.randn(4, 1, 4096), WaveGlowSizes(channels=8, n_layers=1)
    nats = WaveGlow(5, 64, sizes).log_likelihood(wave, torch.zeros(4, 5, 64))
    # the mean of x^2 over 16384 samples has a standard deviation of 0.011
    assert nats.mean().item() == pytest.approx(-0.5 * math.log(2 * math.pi * math.e), abs=0.03)


def test_the_faster_layers_take_a_conditioning_that_changes_with_time(waveglow):
    network, wave, mel = waveglow
    expected = network.log_likelihood(wave, mel)
    assert (expected - network.log_likelihood(wave, mel.flip(2))).abs().max() > 1e-3
    optimize_for_training(network)
    torch.testing.assert_close(network.log_likelihood(wave, mel), expected)


def test_a_sample_follows_the_seed_and_the_scale(waveglow):
    network, _, mel = waveglow
    network, mel = network.float(), mel.float()
    torch.manual_seed(5)
    first = network.sample(mel)
    torch.manual_seed(5)
    assert torch.equal(network.sample(mel), first)
    assert first.shape == (2, 1, 24)
    noise, _ = network(network.sample(mel.repeat(200, 1, 1), 0.6), mel.repeat(200, 1, 1))
    assert noise.std().item() == pytest.approx(0.6, rel=0.05)  # 9,600 draws: 0.7 %
