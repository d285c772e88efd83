"""Pitch and excitation without torch: what ``vits.models.pitch`` computes, up to rounding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vits.config.pitch import (
    AMPLITUDE,
    LOG_F0_CENTRE,
    SEMITONE,
    UNVOICED_NOISE,
    VOICED_NOISE,
)
from vits.synthesis.request import Request

__all__ = ["control_pitch", "make_source"]

Floats = NDArray[np.float32]


def control_pitch(pitch: Floats, frames: NDArray[np.int64], request: Request) -> Floats:
    """Change a pitch as the settings say, and those of the symbols, as ``PitchControl`` does.

    Args:
        pitch: (1, 2, T) log F0 (log Hz) and voicing.
        frames: (S,) of each symbol.
        request: of the sentence.
    """
    shift: Any = np.float32(request.settings.pitch)
    factor: Any = np.float32(request.settings.pitch_range)
    if request.symbol_pitch is not None:
        shifts, factors = (np.array(values, np.float32) for values in request.symbol_pitch)
        shift = np.repeat(shift + shifts, frames)[None, None]
        factor = np.repeat(factor * factors, frames)[None, None]
    log_f0, voiced = pitch[:, :1], pitch[:, 1:]
    mean = (log_f0 * voiced).sum(2, keepdims=True) / np.maximum(voiced.sum(2, keepdims=True), 1)
    moved = log_f0 + (factor - 1) * (log_f0 - mean) + shift * np.float32(SEMITONE)
    return np.concatenate([moved, voiced], axis=1).astype(np.float32)


def make_source(
    pitch: Floats, noise: Floats, *, sample_rate: int, hop_length: int, n_fft: int
) -> Floats:
    """Return what excites a decoder, frame by frame.

    Args:
        pitch: (1, 2, T) log F0 (log Hz) and voicing.
        noise: (1, 1, T * hop_length) standard normal.
        sample_rate: of the excitation (Hz).
        hop_length: samples of a frame.
        n_fft: of the decoder's spectra; 0 for a decoder that takes samples.

    Returns:
        (1, 2 + K, T): the features of the pitch, then the samples of the frame (K is
        ``hop_length``) or the phases of its spectrum (K is ``n_fft`` / 2 + 1).
    """
    log_f0, voiced = pitch[:, 0], pitch[:, 1]
    features = np.stack([(log_f0 - np.float32(LOG_F0_CENTRE)) * voiced, voiced], axis=1)
    samples = _excite(log_f0[0], voiced[0], noise[0, 0], sample_rate, hop_length)
    by_frame = np.reshape(samples, (-1, hop_length))
    carried = _phases(samples, n_fft, hop_length) if n_fft else by_frame
    return np.concatenate([features, np.swapaxes(carried, 0, 1)[None]], axis=1, dtype=np.float32)


def _excite(
    log_f0: Floats, voiced: Floats, noise: Floats, sample_rate: int, hop_length: int
) -> Floats:
    """Do what ``vits.layers.excitation.excite`` does, for one sentence: (L,)."""
    f0 = np.exp(_interpolate(log_f0.astype(np.float64), hop_length))
    cycles = np.cumsum(f0 / sample_rate)
    part = np.array(cycles - np.round(cycles), np.float32)
    turns: Floats = np.multiply(part, np.float32(np.pi))
    count = np.floor(sample_rate / 2 / f0).astype(np.float32)
    base = np.sin(turns)
    inside = np.abs(base) > 1e-6
    harmonics = np.sin(count * turns) * np.sin((count + 1) * turns)
    harmonics = np.where(inside, harmonics / np.where(inside, base, np.float32(1)), np.float32(0))
    share: Floats = np.repeat(voiced, hop_length)
    louder: Floats = np.multiply(share, np.float32(VOICED_NOISE - UNVOICED_NOISE))
    deviation: Floats = np.add(louder, np.float32(UNVOICED_NOISE))
    return np.add(share * np.float32(AMPLITUDE) * harmonics, deviation * noise)


def _interpolate(x: NDArray[np.float64], hop_length: int) -> NDArray[np.float64]:
    """Interpolate (T,) linearly between the middles of frames: (T * hop_length,)."""
    places = (np.arange(len(x) * hop_length) + 0.5) / hop_length - 0.5
    return np.interp(places, np.arange(len(x)), x)


def _phases(samples: Floats, n_fft: int, hop_length: int) -> Floats:
    """Do what ``ShortTimePhase`` does: (T, n_fft / 2 + 1)."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi / n_fft * np.arange(n_fft))
    padded = np.pad(samples, (n_fft - hop_length) // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    spectra = np.fft.rfft(frames * window.astype(np.float32), axis=1)
    return np.angle(spectra).astype(np.float32)
