"""Measures F0 and voicing of every frame of a recording, with the package ``swift-f0``."""

import functools
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from vits.audio.resample import resample
from vits.config import AudioConfig
from vits.errors import MissingExtraError

__all__ = ["estimator", "measure_pitch"]

PACKAGE = "swift-f0"
RATE, HOP = 16000, 256  # of the estimator: its frame i is centred on sample i * HOP
F_MIN, F_MAX = 50.0, 600.0  # Hz: speech


def measure_pitch(wave: np.ndarray, audio: AudioConfig) -> np.ndarray:
    """Measure the pitch in the middle of every frame.

    Where a frame lies between a voiced and an unvoiced frame of the estimator, the F0 of the more
    confident one is taken, otherwise both are interpolated.

    Args:
        wave: (L,) int16 at ``audio.sample_rate``.
        audio: sample rate and hop length.

    Returns:
        (T, 2) int16, T = L // hop_length: F0 in cents above 1 Hz, and the estimator's confidence
        that the frame is voiced in thousandths.

    Raises:
        MissingExtraError: ``swift-f0`` is not installed.
    """
    samples = torch.from_numpy(wave.astype(np.float32) / 32768)
    samples = resample(samples, audio.sample_rate, RATE).numpy()
    found = _detector().detect(samples, RATE, F_MIN, F_MAX)
    cents = 1200 * np.log2(found.pitch_hz)
    frames = len(wave) // audio.hop_length
    places = (np.arange(frames) + 0.5) * audio.hop_length / audio.sample_rate * RATE / HOP
    places = np.minimum(places, len(cents) - 1)
    before = np.minimum(places.astype(np.int64), max(0, len(cents) - 2))
    after, share = np.minimum(before + 1, len(cents) - 1), places - before
    confidence = found.confidence
    sure = (confidence[before] >= 0.5) == (confidence[after] >= 0.5)
    likelier = np.where(confidence[before] >= confidence[after], cents[before], cents[after])
    between = (1 - share) * cents[before] + share * cents[after]
    voiced = (1 - share) * confidence[before] + share * confidence[after]
    columns = [np.where(sure, between, likelier), 1000 * voiced]
    return np.stack(columns, axis=1).round().astype(np.int16)


def estimator() -> dict[str, str]:
    """Return name and version of the estimator, which ``dataset.json`` keeps."""
    return {"estimator": PACKAGE, "version": version(PACKAGE)}


@functools.cache
def _detector() -> Any:
    """Load the estimator once in each process; one thread, so that results are the same."""
    try:
        return import_module("swift_f0").SwiftF0(threads=1)
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("measuring pitch", error.name, "pitch") from error
