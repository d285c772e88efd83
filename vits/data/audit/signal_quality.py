"""What a recording's samples tell: noise, clipping, silence, level, length of its speech."""

import math
from typing import NamedTuple

import numpy as np

from vits.errors import AudioError

__all__ = ["SignalQuality", "measure_signal"]

_FRAME_SECONDS = 0.02
_CEILING_DB = 100.0  # beyond 16 bits; where nothing is left of the noise
_FLAT = 3  # equal samples in a row; a sine at full scale has two at its top
_QUIET_PEAK = 0.05  # below it equal neighbours are the steps of 16 bits, not clipping


class SignalQuality(NamedTuple):
    """Measurements of one recording.

    Attributes:
        snr_db: signal-to-noise ratio (dB), at most 100.
        clipped: fraction of the samples in flat runs at the peak.
        lead_seconds: silence before the speech (s).
        trail_seconds: silence after it (s).
        speech_seconds: length of the speech without any silence (s); 0 for digital silence.
        level_dbfs: mean power of the speech (dB re full scale); -inf for digital silence.
    """

    snr_db: float
    clipped: float
    lead_seconds: float
    trail_seconds: float
    speech_seconds: float
    level_dbfs: float


def measure_signal(wave: np.ndarray, sample_rate: int) -> SignalQuality:
    """Measure a recording in frames of 20 ms.

    The noise is the 5th percentile of the frames' powers, what is loud the 95th; the ratio is
    10 log10((loud - noise) / noise). Frames of digital silence are no measure of noise and are
    left out. A recording without any pause shows less than its true ratio. Speech is what lies
    6 dB above the noise, but nothing 40 dB below what is loud, and all that is within 25 dB of it.

    Args:
        wave: (L,) floating point in [-1, 1]; L at least 1.
        sample_rate: samples per second (Hz).

    Raises:
        AudioError: the wave is empty or not (L,).
    """
    if wave.ndim != 1 or len(wave) == 0:
        raise AudioError(f"a wave of shape {wave.shape} must be (L,) with at least one sample")
    frame = max(1, round(_FRAME_SECONDS * sample_rate))
    starts = np.arange(0, len(wave), frame)
    sizes = np.minimum(frame, len(wave) - starts)
    power = np.add.reduceat(np.square(wave, dtype=np.float64), starts) / sizes
    heard = power[power > 0]
    if not len(heard):
        return SignalQuality(0.0, 0.0, len(wave) / sample_rate, 0.0, 0.0, -math.inf)
    noise, loud = (float(value) for value in np.percentile(heard, (5, 95)))
    speech = np.flatnonzero(power >= np.clip(4 * noise, 1e-4 * loud, 10**-2.5 * loud))
    first, last = int(starts[speech[0]]), int(starts[speech[-1]] + sizes[speech[-1]])
    return SignalQuality(
        snr_db=min(_CEILING_DB, 10 * math.log10(max(loud - noise, 1e-3 * noise) / noise)),
        clipped=_clipped(wave),
        lead_seconds=first / sample_rate,
        trail_seconds=(len(wave) - last) / sample_rate,
        speech_seconds=float(sizes[speech].sum()) / sample_rate,
        level_dbfs=10 * math.log10(float(power[speech].mean())),
    )


def _clipped(wave: np.ndarray) -> float:
    """Return the fraction of samples in runs of equal ones at the largest or smallest value.

    The peak is the recording's own, since a clipped recording may have been made quieter since.
    """
    total = 0
    for peak in (float(wave.max()), float(wave.min())):
        if abs(peak) < _QUIET_PEAK:
            continue
        at_peak = np.concatenate(([0], (wave == peak).astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(at_peak))
        runs = edges[1::2] - edges[::2]
        total += int(runs[runs >= _FLAT].sum())
    return total / len(wave)
