"""The sub-band loss: zero for the same, a number by hand, one utterance at a time, deaf to sign."""

import math

import pytest
import torch

from vits.errors import ConfigError
from vits.layers.filterbank import PseudoQmf
from vits.losses.subband import RESOLUTIONS, SubbandLoss

LENGTH = 4096


@pytest.fixture(scope="module")
def loss():
    return SubbandLoss(PseudoQmf(4), LENGTH)


def noise(n_items=2):
    return torch.randn(n_items, 1, LENGTH)


def test_the_same_wave_and_its_negative_are_no_distance_apart(loss):
    wave = noise()
    assert loss(wave, wave) == 0
    assert loss(-wave, wave) < 1e-6


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_another_loudness_costs_what_it_costs_by_hand(loss, factor):
    wave = noise()  # loud in every bin: the floor is far below
    expected = abs(factor - 1) + abs(math.log(factor))
    assert loss(factor * wave, wave).item() == pytest.approx(expected, rel=1e-3)


def test_it_is_the_definition_on_the_bands(loss):
    fake, real = noise(), noise()
    expected = []
    for n_fft, length, hop in RESOLUTIONS:
        magnitudes = []
        for wave in (fake, real):
            bands = loss.filterbank.analysis(wave)
            window = torch.hann_window(length)
            pieces = [
                torch.stft(band, n_fft, hop, length, window, return_complex=True).abs()
                for band in bands.unbind(1)
            ]
            magnitudes.append(torch.stack(pieces, dim=1))
        given, wanted = magnitudes
        for one, other in zip(given, wanted, strict=True):
            convergence = (other - one).square().sum().sqrt() / other.square().sum().sqrt()
            expected.append(convergence + (other.log() - one.log()).abs().mean())
    torch.testing.assert_close(loss(fake, real), torch.stack(expected).mean(), rtol=1e-4, atol=0)


def test_it_is_the_mean_over_utterances(loss):
    fake, real = noise(3), noise(3) * torch.tensor([1.0, 0.1, 3.0]).view(3, 1, 1)
    apart = torch.stack([loss(fake[i : i + 1], real[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(loss(fake, real), apart.mean())


def test_silence_has_a_finite_loss_and_gradient(loss):
    fake = torch.zeros(1, 1, LENGTH, requires_grad=True)
    value = loss(fake, torch.zeros(1, 1, LENGTH))
    value.backward()
    assert value == 0
    assert fake.grad is not None
    assert fake.grad.isfinite().all()


def test_it_is_float32_under_autocast(loss):
    fake, real = noise(), noise()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(fake, real)
    assert value.dtype == torch.float32
    assert torch.equal(value, loss(fake, real))


def test_segments_that_are_too_short_are_refused():
    SubbandLoss(PseudoQmf(4), 4 * 342)
    with pytest.raises(ConfigError, match="1367 samples must cover at least 1368 samples"):
        SubbandLoss(PseudoQmf(4), 4 * 342 - 1)


def test_no_buffer_goes_into_checkpoints(loss):
    assert loss.state_dict() == {}
