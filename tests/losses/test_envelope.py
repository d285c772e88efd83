"""The envelope loss: deaf to pitch, not to formants; a number by hand."""

import math

import pytest
import torch

from vits.audio.mel import MelSpectrogram
from vits.config import AudioConfig
from vits.losses.envelope import HALF_WIDTH, EnvelopeLoss

RATE = 16000
AUDIO = AudioConfig(sample_rate=RATE, n_fft=1024, win_length=1024, hop_length=256)


@pytest.fixture(scope="module")
def mel():
    return MelSpectrogram(AUDIO)


@pytest.fixture(scope="module")
def loss(mel):
    return EnvelopeLoss(mel.filterbank, RATE)


def vowel(f0, formant):
    """Harmonics of one fundamental with one broad formant, of the same power whatever the pitch."""
    time = torch.arange(RATE, dtype=torch.float64) / RATE
    wave = torch.zeros_like(time)
    for k in range(1, int(RATE / 2 / f0)):
        gain = math.sqrt(f0) / (1 + ((k * f0 - formant) / 400) ** 2)
        wave += gain * torch.sin(2 * math.pi * k * f0 * time + k**2)  # phases apart
    return 0.01 * wave[None, None].float()


def test_the_same_spectrum_is_no_distance_apart(loss):
    log_mel = torch.randn(2, 80, 5)
    assert loss(log_mel, log_mel) == 0


def test_another_pitch_costs_little_and_another_formant_much(loss, mel):
    here, pitched, shaped = mel(vowel(180, 1500)), mel(vowel(195, 1500)), mel(vowel(180, 2200))
    plain = [(here - other).abs().mean().item() for other in (pitched, shaped)]
    found = [loss(here, other).item() for other in (pitched, shaped)]
    assert found[0] < plain[0] / 3
    assert found[1] > plain[1] / 2


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_another_loudness_costs_its_logarithm(loss, factor):
    log_mel = torch.randn(2, 80, 5)
    found = loss(log_mel + math.log(factor), log_mel).item()
    assert found == pytest.approx(abs(math.log(factor)), rel=1e-5)


def test_it_is_the_definition(loss, mel):
    frequencies = torch.linspace(0, RATE / 2, mel.filterbank.shape[1])
    centres = [(row * frequencies).sum().item() / row.sum().item() for row in mel.filterbank]
    fake, real = torch.randn(1, 80, 1), torch.randn(1, 80, 1)
    total = 0.0
    for centre in centres:
        weights = torch.tensor([max(0.0, 1 - abs(centre - c) / HALF_WIDTH) for c in centres])
        one, other = ((weights * x[0, :, 0].exp()).sum() for x in (fake, real))
        total += abs(math.log(one / other))
    assert loss(fake, real).item() == pytest.approx(total / 80, rel=1e-4)


def test_few_bins_with_empty_bands_are_compared_too():
    with pytest.warns(UserWarning, match="mel filterbank"):
        mel = MelSpectrogram(
            AudioConfig(sample_rate=RATE, n_fft=128, win_length=128, hop_length=64)
        )
    wave = torch.randn(1, 1, 4096)
    assert EnvelopeLoss(mel.filterbank, RATE)(mel(wave), mel(0.5 * wave)).isfinite()
