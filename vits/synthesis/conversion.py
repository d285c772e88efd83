"""A recording said again with the voice of another speaker."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.files import read
from vits.errors import AudioError
from vits.synthesis.recording import prepare_recording
from vits.synthesis.request import Request
from vits.synthesis.runtime.seeds import seeded_generator
from vits.synthesis.runtime.torch_engine import TorchEngine, to_samples
from vits.synthesis.speakers import Who
from vits.synthesis.speech import Speech

__all__ = ["convert_recording"]


def convert_recording(
    engine: TorchEngine,
    wave: NDArray[np.floating] | Tensor | str | Path,
    sample_rate: int | None,
    request: Request,
    target: Who,
) -> Speech:
    """Do what ``Voice.convert`` promises; ``request`` says who speaks in ``wave``.

    Raises:
        AudioError: ``wave`` is not (L,), not finite, too short or too long, or no recording.
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
    with torch.inference_mode():
        audio = engine.model.config.audio
        spectrogram = prepare_recording(samples, rate, audio, engine.device)
        spoken = engine.model.convert_voice(
            spectrogram,
            torch.tensor([spectrogram.shape[-1]], device=engine.device),
            torch.tensor([request.who], device=engine.device),
            torch.tensor([target], device=engine.device),
            noise_scale=request.how.noise_scale,
            generator=seeded_generator(engine.device, request.seed, 0),
        )
    return Speech(to_samples(spoken.wave), engine.sample_rate, seed=request.seed)
