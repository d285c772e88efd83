import numpy as np
import pytest
import torch

from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig
from vits.errors import AudioError

SMALL = AudioConfig(sample_rate=8000, n_fft=64, win_length=64, hop_length=16, n_mels=8)
NARROW = AudioConfig(sample_rate=8000, n_fft=64, win_length=40, hop_length=20, n_mels=8)


def reference(wave, config):
    """The definition, frame by frame in float64."""
    pad = (config.n_fft - config.hop_length) // 2
    padded = np.pad(wave.astype(np.float64), pad, mode="reflect")
    phase = 2 * np.pi * np.arange(config.win_length) / config.win_length
    before = (config.n_fft - config.win_length) // 2
    after = config.n_fft - config.win_length - before
    window = np.pad(0.5 - 0.5 * np.cos(phase), (before, after))
    starts = range(0, len(wave) // config.hop_length * config.hop_length, config.hop_length)
    frames = [np.fft.rfft(window * padded[s : s + config.n_fft]) for s in starts]
    return np.sqrt(np.abs(np.array(frames).T) ** 2 + 1e-6)


@pytest.mark.parametrize("config", [SMALL, NARROW, AudioConfig()])
@pytest.mark.parametrize("extra", [0, 1, 15])
def test_matches_the_definition(config, extra):
    wave = torch.randn(1, 1, 10 * config.hop_length + extra, dtype=torch.float64)
    out = Spectrogram(config)(wave)
    assert out.shape == (1, config.n_bins, 10)
    np.testing.assert_allclose(out[0], reference(wave[0, 0].numpy(), config), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("config", [SMALL, AudioConfig()])
def test_padding_a_batch_changes_no_frame(config):
    lengths = torch.tensor([40, 25, 3]) * config.hop_length + torch.tensor([0, 7, 5])
    wave = torch.randn(3, 1, int(lengths.max()))  # what lies after the end must not matter
    module = Spectrogram(config)
    together = module(wave, lengths)
    assert together.shape == (3, config.n_bins, 40)
    for i, length in enumerate(lengths.tolist()):
        frames = length // config.hop_length
        alone = module(wave[i : i + 1, :, :length])
        torch.testing.assert_close(together[i, :, :frames], alone[0], atol=1e-6, rtol=0)
        assert together[i, :, frames:].eq(0).all()


def test_float32_under_autocast():
    module, wave, lengths = Spectrogram(SMALL), torch.randn(2, 1, 400), torch.tensor([400, 300])
    expected = module(wave, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = module(wave, lengths)
        from_half = module(wave.bfloat16(), lengths)
    assert out.dtype == from_half.dtype == torch.float32
    torch.testing.assert_close(out, expected, atol=0, rtol=0)
    assert module(wave.double(), lengths).dtype == torch.float64


def test_silence_has_a_finite_gradient():
    wave = torch.zeros(1, 1, 200, requires_grad=True)
    Spectrogram(SMALL)(wave).sum().backward()
    assert wave.grad.isfinite().all()


def test_no_weights_and_no_state():
    module = Spectrogram(SMALL)
    assert not list(module.parameters())
    assert not module.state_dict()


def test_wave_too_short_to_reflect_is_an_error():
    module = Spectrogram(SMALL)  # pads 24 samples
    assert module(torch.randn(1, 1, 25)).shape[-1] == 1
    with pytest.raises(AudioError, match=r"24 samples must be longer than .* = 24"):
        module(torch.randn(1, 1, 24))


def test_short_wave_in_a_long_batch_stays_in_range():
    out = Spectrogram(SMALL)(torch.randn(2, 1, 400), torch.tensor([400, 1]))
    assert out.isfinite().all()
    assert out[1].eq(0).all()


@pytest.mark.slow
def test_compiles_as_one_graph():
    module = Spectrogram(SMALL)
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    wave, lengths = torch.randn(2, 1, 400), torch.tensor([400, 300])
    torch.testing.assert_close(compiled(wave, lengths), module(wave, lengths))
