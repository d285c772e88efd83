"""Segments at another pitch: which they are, and what they are compared with."""

import math

import pytest
import torch

from vits.audio.mel import MelSpectrogram
from vits.config import AudioConfig, PitchShiftConfig
from vits.training.step.pitch_shift import draw_shift, shifted_spectrogram

RATE, FRAMES = 16000, 24
AUDIO = AudioConfig(sample_rate=RATE, n_fft=1024, win_length=1024, hop_length=256)


@pytest.fixture(scope="module")
def mel():
    return MelSpectrogram(AUDIO)


def vowel(mel, f0):
    """Return the linear spectrum of harmonics with two broad formants, and its pitch."""
    time = torch.arange(FRAMES * 256, dtype=torch.float64) / RATE
    wave = torch.zeros_like(time)
    for k in range(1, int(RATE / 2 / f0)):
        gain = sum(1 / (1 + ((k * f0 - formant) / 300) ** 2) for formant in (600, 1700))
        wave += math.sqrt(f0) * gain * torch.sin(2 * math.pi * k * f0 * time + k**2)
    pitch = torch.tensor([math.log(f0), 1.0])[None, :, None].expand(1, 2, FRAMES)
    return mel.spectrogram(0.001 * wave[None, None].float()), pitch.clone()


@pytest.mark.parametrize("semitones", [-4.0, 4.0])
def test_a_vowel_becomes_that_of_the_other_pitch(mel, semitones):
    (low, pitch), (wanted, moved) = (vowel(mel, 150 * 2 ** (x / 12)) for x in (0, semitones))
    found = shifted_spectrogram(low, pitch, moved, mel.spectrogram, AUDIO)
    inner = slice(2, -2)
    expected, *others = (mel.from_linear(x)[..., inner] for x in (wanted, low, found))
    before, after = ((other - expected).abs()[:, :40].mean().item() for other in others)
    assert after < before / 3


def test_frames_without_voice_stay(mel):
    target, pitch = vowel(mel, 150)
    pitch[:, 1, ::2] = 0
    moved = pitch + torch.tensor([0.2, 0.0])[:, None]
    found = shifted_spectrogram(target, pitch, moved, mel.spectrogram, AUDIO)
    assert torch.equal(found[..., ::2], target[..., ::2])
    assert not torch.allclose(found[..., 1::2], target[..., 1::2], rtol=0.1)


def test_a_share_moves_within_the_bounds_and_the_padding_stays():
    pitch = torch.rand(8, 2, 5) + 4.0
    pitch[:, :, 3:] = 0
    shift = draw_shift(PitchShiftConfig(share=0.5, semitones=3.0), pitch)
    semitones = 12 * (shift.pitch - pitch) / math.log(2)
    assert not semitones[shift.others].any()
    assert not semitones[:, 1].any()
    assert not shift.pitch[:, :, 3:].any()
    first = semitones[shift.rows, 0, 0]
    assert torch.allclose(semitones[shift.rows, 0, 1], first, atol=1e-4)
    assert len(first.unique()) == 4
    assert 0 < first.abs().max() <= 3.0 + 1e-4
    assert sorted([*shift.rows.tolist(), *shift.others.tolist()]) == list(range(8))


def test_one_utterance_keeps_its_pitch_and_off_draws_nothing():
    pitch = torch.ones(2, 2, 5)
    assert len(draw_shift(PitchShiftConfig(share=0.99), pitch).others) == 1
    before = torch.random.get_rng_state()
    assert draw_shift(PitchShiftConfig(), pitch) is None
    assert draw_shift(PitchShiftConfig(share=0.99), pitch[:1]) is None
    assert torch.equal(torch.random.get_rng_state(), before)
