"""The speech of a recording, as speaker encoders take it."""

import numpy as np
import torch

from vits.audio import loudness
from vits.audio.resample import resample
from vits.audio.speaker_encoders.encoder import RATE
from vits.errors import AudioError

__all__ = ["LONGEST_SECONDS", "SHORTEST_SECONDS", "speech_of"]

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 300
FAINTEST_DBFS = -60.0  # of the loudest 30 ms
_FRAME_SECONDS, _RANGE_DB = 0.03, 35.0  # a frame further below the loudest is a pause
_TARGET_DBFS = -23.0


def speech_of(wave: np.ndarray, sample_rate: int, name: str) -> np.ndarray:
    """Return the speech (L,) float32 of a recording at 16 kHz and one level, without its pauses.

    Args:
        wave: (L,) floating point.
        sample_rate: of ``wave`` (Hz).
        name: of the recording, for messages.

    Raises:
        AudioError: it is silent, has less than a second of speech, or is longer than 5 minutes.
    """
    seconds = len(wave) / sample_rate
    if seconds > LONGEST_SECONDS:
        raise AudioError(
            f"{name}: {seconds:.0f} s must be at most {LONGEST_SECONDS} s to tell who speaks; "
            "cut it, a minute is enough"
        )
    if not np.isfinite(wave).all():
        raise AudioError(f"{name} has NaN or infinite samples; repair the recording")
    samples = resample(torch.from_numpy(wave.astype(np.float32)), sample_rate, RATE).numpy()
    frame = round(_FRAME_SECONDS * RATE)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.square(frames, dtype=np.float64).mean(1)
    loudest = float(power.max()) if len(power) else 0.0
    if loudest < 10 ** (FAINTEST_DBFS / 10):
        raise AudioError(f"{name} is silent: no sound is above {FAINTEST_DBFS:.0f} dBFS")
    speech = frames[power >= loudest * 10 ** (-_RANGE_DB / 10)].reshape(-1)
    if len(speech) < SHORTEST_SECONDS * RATE:
        raise AudioError(
            f"{name}: {len(speech) / RATE:.1f} s of speech must be at least "
            f"{SHORTEST_SECONDS:.0f} s to tell who speaks; take a longer recording"
        )
    return loudness.normalize_rms(speech, _TARGET_DBFS).astype(np.float32)
