"""Segments decoded at another pitch than the recording's, and what they are compared with."""

from typing import NamedTuple

import torch
from torch import Tensor

from vits.audio.harmonic_envelope import harmonic_envelope
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig, PitchShiftConfig
from vits.config.pitch import AMPLITUDE, LOG_F0_CENTRE, SEMITONE
from vits.layers.excitation import excite

__all__ = ["PitchShift", "draw_shift", "shifted_spectrogram"]


class PitchShift(NamedTuple):
    """Which utterances of a batch are decoded at another pitch, and at which.

    Attributes:
        rows: (N,) int64 those that are.
        others: (B - N,) int64 those that are not.
        pitch: (B, 2, T) log F0 (log Hz) and voicing, moved where a row is.
    """

    rows: Tensor
    others: Tensor
    pitch: Tensor

    def move(
        self,
        target: Tensor,
        pitch: Tensor,
        moved: Tensor,
        spectrogram: Spectrogram,
        audio: AudioConfig,
    ) -> Tensor:
        """Move the spectra of the utterances that are decoded at another pitch.

        Args:
            target: (B, F, T) linear magnitude of the recordings.
            pitch: (B, 2, T) of the recordings.
            moved: (B, 2, T) the same with the new F0.
            spectrogram: computes linear magnitudes.
            audio: of the recordings.

        Returns:
            (B, F, T).
        """
        own, before, after = (x[self.rows] for x in (target, pitch, moved))
        spectra = shifted_spectrogram(own, before, after, spectrogram, audio)
        return target.index_copy(0, self.rows, spectra)


def draw_shift(config: PitchShiftConfig, pitch: Tensor) -> PitchShift | None:
    """Choose utterances and draw their shifts; None if there are none.

    At least one utterance keeps its pitch, for the discriminators.

    Args:
        config: share of the utterances and largest shift.
        pitch: (B, 2, T) of the recordings, 0 in the padding.
    """
    batch = len(pitch)
    count = min(round(config.share * batch), batch - 1)
    if config.share == 0 or count == 0:
        return None
    order = torch.randperm(batch, device=pitch.device)
    rows = order[:count]
    shifts = torch.zeros(batch, 1, 1, device=pitch.device, dtype=pitch.dtype)
    shifts[rows] = config.semitones * (2 * torch.rand_like(shifts[rows]) - 1)
    log_f0, voiced = pitch.chunk(2, dim=1)
    moved = log_f0 + shifts * SEMITONE * (log_f0 > 0)
    return PitchShift(rows, order[count:], torch.cat([moved, voiced], dim=1))


def shifted_spectrogram(
    target: Tensor,
    pitch: Tensor,
    moved: Tensor,
    spectrogram: Spectrogram,
    audio: AudioConfig,
) -> Tensor:
    """Return what a recording's spectrum would be at another F0, its formants kept.

    In voiced frames it is the recording's envelope times the fine structure of harmonics of the new
    F0. Frames without voice stay as they are.

    Args:
        target: (N, F, T) linear magnitude of the recordings.
        pitch: (N, 2, T) log F0 and voicing of the recordings.
        moved: (N, 2, T) the same with the new F0.
        spectrogram: computes linear magnitudes.
        audio: of the recordings.

    Returns:
        (N, F, T) linear magnitude.
    """
    rate, hop = audio.sample_rate, audio.hop_length
    (f0, voiced), log_f0 = (part.float() for part in _f0(pitch)), _f0(moved)[0].float()
    silence = torch.zeros(len(moved), 1, moved.shape[2] * hop, device=moved.device)
    harmonics = excite(log_f0, torch.ones_like(voiced), silence, sample_rate=rate, hop_length=hop)
    fine = spectrogram(harmonics / AMPLITUDE).square()
    envelopes = [
        harmonic_envelope(power, (x.exp() * audio.n_fft / rate).clamp(1.0, target.shape[1] / 2))
        for power, x in ((target.float().square(), f0), (fine, log_f0))
    ]
    shifted = (envelopes[0] * fine / envelopes[1].clamp(min=1e-9)).sqrt()
    return torch.where(voiced > 0, shifted.to(target.dtype), target)


def _f0(pitch: Tensor) -> tuple[Tensor, Tensor]:
    """Return log F0, some usual one in the padding, and voicing, each (N, 1, T)."""
    log_f0, voiced = pitch.chunk(2, dim=1)
    return torch.where(log_f0 > 0, log_f0, LOG_F0_CENTRE), voiced
