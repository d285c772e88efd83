"""A recording as the spectrogram that voice conversion starts from."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.resample import resample
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig
from vits.errors import AudioError

__all__ = ["LONGEST_SECONDS", "prepare_recording"]

LONGEST_SECONDS = 300  # about 3 GB of activations in the original's decoder


def prepare_recording(
    wave: NDArray[np.floating] | Tensor,
    sample_rate: int,
    config: AudioConfig,
    device: torch.device,
) -> Tensor:
    """Check and resample a wave and take its linear spectrogram.

    Args:
        wave: (L,) floating point in [-1, 1].
        sample_rate: of ``wave`` (Hz).
        config: the spectrogram's settings.
        device: where to compute.

    Returns:
        (1, F, T) float32 on ``device``.

    Raises:
        AudioError: the wave is not (L,), not floating point, not finite, too short or too long.
    """
    if not isinstance(sample_rate, int) or sample_rate <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise AudioError(f"sample rate {sample_rate!r} must be a positive whole number (Hz)")
    samples = torch.as_tensor(wave, device=device)
    if samples.ndim != 1 or not samples.is_floating_point():
        raise AudioError(
            f"a wave of type {samples.dtype} and shape {tuple(samples.shape)} must be floating "
            "point with shape (L,); mix channels and divide integers by their full scale first"
        )
    if not torch.isfinite(samples).all():
        raise AudioError("the wave has NaN or infinite samples; repair the recording")
    if len(samples) > LONGEST_SECONDS * sample_rate:
        raise AudioError(
            f"a wave of {len(samples) / sample_rate:.0f} s must have at most {LONGEST_SECONDS} s; "
            "cut it at pauses"
        )
    samples = resample(samples.float(), sample_rate, config.sample_rate)
    return Spectrogram(config).to(device)(samples[None, None])
