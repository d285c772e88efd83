import math

import numpy as np
import pytest
import torch

from vits.audio.mel import MelSpectrogram
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig

CONFIGS = [
    AudioConfig(),
    AudioConfig(sample_rate=16000, n_mels=40, f_min=50.0, f_max=7600.0),
    AudioConfig(sample_rate=44100, n_fft=2048, win_length=2048, hop_length=512, n_mels=128),
]
BEND = math.log(6.4) / 27  # Slaney: 27 bands for a factor of 6.4 above 1 kHz


def to_mel(hertz):
    return hertz * 3 / 200 if hertz < 1000 else 15 + math.log(hertz / 1000) / BEND


def to_hertz(mel):
    return mel * 200 / 3 if mel < 15 else 1000 * math.exp(BEND * (mel - 15))


def reference(config):
    """Triangles of area 1 on Slaney's scale, entry by entry in float64."""
    top = config.f_max or config.sample_rate / 2
    mels = np.linspace(to_mel(config.f_min), to_mel(top), config.n_mels + 2)
    corners = [to_hertz(mel) for mel in mels]
    rows = []
    for low, centre, high in zip(corners, corners[1:], corners[2:], strict=False):
        frequencies = np.arange(config.n_bins) * config.sample_rate / config.n_fft
        rise, fall = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
        rows.append(np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low))
    return np.array(rows)


@pytest.mark.parametrize("config", CONFIGS)
def test_filterbank_is_slaneys(config):
    bank = MelSpectrogram(config).filterbank
    assert bank.shape == (config.n_mels, config.n_bins)
    np.testing.assert_allclose(bank, reference(config), atol=2e-7)


def test_first_weights_of_the_default_filterbank():
    # 11025 Hz is mel 15 + ln(11.025) / (ln(6.4) / 27) = 49.9108; 81 steps of 0.616182 mel are
    # 41.0788 Hz each below 1 kHz. Bin 1 lies at 22050 / 1024 = 21.5332 Hz, on the rise of the
    # first triangle (0, 41.0788, 82.1576): 21.5332 / 41.0788 * 2 / 82.1576.
    bank = MelSpectrogram(AudioConfig()).filterbank
    assert bank[0, 0] == 0
    assert bank[0, 1].item() == pytest.approx(0.0127609, rel=1e-4)


def test_is_the_logarithm_of_banded_magnitudes():
    config = CONFIGS[0]
    wave, lengths = torch.randn(2, 1, 8192), torch.tensor([8192, 5000])
    module = MelSpectrogram(config)
    linear = Spectrogram(config)(wave, lengths)
    out = module(wave, lengths)
    expected = np.log(np.maximum(reference(config) @ linear.double().numpy(), 1e-5))
    np.testing.assert_allclose(out, expected, atol=1e-4)
    torch.testing.assert_close(module.from_linear(linear), out)
    assert out[1, :, 5000 // 256 :].eq(torch.tensor(1e-5).log()).all()


def test_float32_under_autocast():
    module, linear = MelSpectrogram(CONFIGS[0]), torch.rand(1, 513, 4)
    expected = module.from_linear(linear)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = module.from_linear(linear)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, expected, atol=0, rtol=0)
    assert module.from_linear(linear.double()).dtype == torch.float64


def test_gradient_reaches_the_wave_and_nothing_is_saved():
    module, wave = MelSpectrogram(CONFIGS[0]), torch.randn(1, 1, 8192, requires_grad=True)
    module(wave).abs().sum().backward()
    assert wave.grad.isfinite().all()
    assert wave.grad.abs().sum() > 0
    assert not module.state_dict()
    assert not list(module.parameters())
