"""Voice conversion of a recording."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.files import read, to_pcm16
from vits.audio.resample import resample
from vits.audio.spectrogram import Spectrogram
from vits.config import AudioConfig
from vits.data.prepare.pitch import measure_pitch
from vits.data.prepared.stored_pitch import pitch_contour
from vits.errors import AudioError
from vits.models.pitch import PitchControl
from vits.synthesis.request import Request
from vits.synthesis.runtime.isolation import isolated
from vits.synthesis.runtime.seeds import seeded_generator
from vits.synthesis.runtime.torch_engine import TorchEngine, to_samples
from vits.synthesis.settings import Settings
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
        request: the speaker of the recording, noise scale, pitch and seed.
        target: the new speaker.

    The F0 of a voice with pitch is the recording's, changed as the settings say.

    Raises:
        AudioError: ``wave`` is not (L,), not finite, too short, too long, or not a recording.
        MissingExtraError: the voice has pitch, and ``swift-f0`` is not installed.
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
        audio = engine.model.config.audio
        samples = _resampled(samples, rate, audio, engine.device)
        spectrogram = Spectrogram(audio).to(engine.device)(samples[None, None])
        frames = torch.tensor([spectrogram.shape[-1]], device=engine.device)
        converted = engine.model.convert_voice(
            spectrogram,
            frames,
            _required(engine.speaker_tensor(request.speaker)),
            _required(engine.speaker_tensor(target)),
            pitch=_pitch(samples, frames, audio, request.settings) if engine.has_pitch else None,
            noise_scale=request.settings.noise_scale,
            generator=seeded_generator(engine.device, seed),
        )
    return Speech(to_samples(converted.wave), engine.sample_rate, seed=request.seed)


def _required(speaker: Tensor | None) -> Tensor:
    assert speaker is not None  # the model has several
    return speaker


def _pitch(samples: Tensor, frames: Tensor, audio: AudioConfig, settings: Settings) -> Tensor:
    """Measure the pitch of samples (L,) and change it as the settings say: (1, 2, T)."""
    found = pitch_contour(measure_pitch(to_pcm16(samples.cpu().numpy()), audio))
    pitch = found[None].to(samples.device)
    control = PitchControl(settings.pitch, settings.pitch_range)
    return control.apply(pitch, frames[None], torch.ones_like(pitch[:, :1]))


def _resampled(
    wave: NDArray[np.floating] | Tensor,
    sample_rate: int,
    config: AudioConfig,
    device: torch.device,
) -> Tensor:
    """Check a wave (L,), and resample it to the voice's sample rate."""
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
    return resample(samples.float(), sample_rate, config.sample_rate)
