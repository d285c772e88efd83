"""Voice conversion of a recording."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.files import read
from vits.audio.resample import resample
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig
from vits.errors import AudioError
from vits.synthesis.request import Request
from vits.synthesis.runtime.isolation import isolated
from vits.synthesis.runtime.seeds import seeded_generator
from vits.synthesis.runtime.torch_engine import TorchEngine, to_samples
from vits.synthesis.speakers import ResolvedSpeaker
from vits.synthesis.speech import Speech

__all__ = ["LONGEST_SECONDS", "convert_recording"]

LONGEST_SECONDS = 300  # about 3 GB of activations in the original's decoder


def convert_recording(
    engine: TorchEngine,
    wave: NDArray[np.floating] | Tensor | str | Path,
    sample_rate: int | None,
    request: Request,
    target: ResolvedSpeaker,
) -> Speech:
    """Convert a recording to the voice of another speaker, as ``Voice.convert`` describes.

    Args:
        engine: a model with several speakers.
        wave: samples (L,), or a file.
        sample_rate: of the samples (Hz); None for a file.
        request: the speaker of the recording, noise scale and seed.
        target: the new speaker.

    Raises:
        AudioError: ``wave`` is not (L,), not finite, too short, too long, or not a recording.
        MissingFileError: there is no such file.
    """
    if isinstance(wave, (str, Path)):
        if sample_rate is not None:
            raise AudioError(f"sample_rate {sample_rate} must be left out: the file {wave} has one")
        recording, rate = read(wave)
        samples = recording.mean(axis=1)
    elif sample_rate is None:
        raise AudioError("a wave must come with its sample_rate (Hz)")
    else:
        samples, rate = wave, sample_rate
    seed = request.for_sentence(0).seed
    with isolated(engine.device):
        spectrogram = _spectrogram(samples, rate, engine.model.config.audio, engine.device)
        converted = engine.model.convert_voice(
            spectrogram,
            torch.tensor([spectrogram.shape[-1]], device=engine.device),
            torch.tensor([request.speaker], device=engine.device),
            torch.tensor([target], device=engine.device),
            noise_scale=request.settings.noise_scale,
            generator=seeded_generator(engine.device, seed),
        )
    return Speech(to_samples(converted.wave), engine.sample_rate, seed=request.seed)


def _spectrogram(
    wave: NDArray[np.floating] | Tensor,
    sample_rate: int,
    config: AudioConfig,
    device: torch.device,
) -> Tensor:
    """Check and resample a wave (L,) and compute its linear spectrogram (1, F, T)."""
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
