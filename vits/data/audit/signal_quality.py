"""Signal measurements of a recording: noise, clipping, silence, level and speech duration."""

import math
from typing import NamedTuple

import numpy as np

from vits.errors import AudioError

__all__ = ["SignalQuality", "measure_signal"]

_FRAME_SECONDS = 0.02
_CEILING_DB = 100.0  # beyond 16 bits: no noise is measurable
_FLAT = 3  # shortest run of equal samples; a full-scale sine has two at its peak
_QUIET_PEAK = 0.05  # below it equal neighbours are due to 16-bit quantization, not clipping


class SignalQuality(NamedTuple):
    """Signal measurements of one recording.

    Attributes:
        snr_db: signal-to-noise ratio (dB), at most 100.
        clipped: fraction of samples in flat runs at the peak, in [0, 1].
        lead_seconds: silence before the speech (s).
        trail_seconds: silence after the speech (s).
        speech_seconds: duration of the speech without pauses (s); 0 for digital silence.
        level_dbfs: mean power of the speech (dBFS); -inf for digital silence.
    """

    snr_db: float
    clipped: float
    lead_seconds: float
    trail_seconds: float
    speech_seconds: float
    level_dbfs: float


def measure_signal(wave: np.ndarray, sample_rate: int) -> SignalQuality:
    """Measure a recording in 20 ms frames.

    The noise level is the 5th percentile of the frame powers, the loud level the 95th; the SNR is
    10 log10((loud - noise) / noise). Frames of digital silence are excluded. For a recording
    without pauses the estimate is too low. A frame is speech if it is at least 6 dB above the
    noise, but never if it is 40 dB below the loud level and always if it is within 25 dB of it.

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
    positive = power[power > 0]
    if not len(positive):
        return SignalQuality(0.0, 0.0, len(wave) / sample_rate, 0.0, 0.0, -math.inf)
    noise, loud = (float(value) for value in np.percentile(positive, (5, 95)))
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
    """Return the fraction of samples in runs of equal values at the maximum or minimum.

    The peak is that of the recording, since its level may have been lowered after clipping.
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
