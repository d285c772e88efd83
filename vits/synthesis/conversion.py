"""A recording said again with the voice of another speaker."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.synthesis.engine import Engine, to_samples
from vits.synthesis.recording import prepare_recording
from vits.synthesis.seeds import seeded_generator
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Request

__all__ = ["convert_recording"]


def convert_recording(
    engine: Engine,
    wave: NDArray[np.floating] | Tensor,
    sample_rate: int,
    request: Request,
    target: int,
) -> Speech:
    """Do what ``Voice.convert`` promises; ``request`` has the row of who speaks in ``wave``.

    Raises:
        AudioError: ``wave`` is not (L,), not finite, too short or too long.
    """
    with torch.inference_mode():
        audio = engine.model.config.audio
        spectrogram = prepare_recording(wave, sample_rate, audio, engine.device)
        spoken = engine.model.convert(
            spectrogram,
            torch.tensor([spectrogram.shape[-1]], device=engine.device),
            torch.tensor([request.row], device=engine.device),
            torch.tensor([target], device=engine.device),
            noise_scale=request.how.noise_scale,
            generator=seeded_generator(engine.device, request.seed, 0),
        )
    return Speech(to_samples(spoken.wave), engine.sample_rate, seed=request.seed)
