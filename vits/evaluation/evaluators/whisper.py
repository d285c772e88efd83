"""Whisper as a recogniser, which makes fewer errors of its own than pocketsphinx."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vits.audio._torchaudio import import_torchaudio
from vits.audio.resample import resample_samples
from vits.errors import ConfigError
from vits.evaluation.evaluators.packages import require

__all__ = ["Whisper"]

SAMPLE_RATE = 16000  # of Whisper (Hz)
MODEL = "tiny.en"


class Whisper:
    """A Whisper model in the form of CTranslate2, with the package faster-whisper; offline.

    Beam search at temperature 0 on one thread, so a wave always gives the same words.

    Source: Radford et al. 2022, arXiv:2212.04356.
    """

    def __init__(self, model: str = MODEL) -> None:
        """Load a model.

        Args:
            model: its folder, or a name such as ``tiny.en`` that faster-whisper has downloaded.

        Raises:
            MissingExtraError: faster-whisper is not installed.
            ConfigError: the model is not on this machine.
        """
        import_torchaudio()  # before others that cannot do without its extension
        factory: Any = require("faster_whisper", "judges").WhisperModel
        folder = Path(model)
        name = str(folder) if folder.exists() else model
        try:
            self._model: Any = factory(
                name, device="cpu", compute_type="float32", cpu_threads=1, local_files_only=True
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"recogniser whisper:{model} cannot be loaded: name a folder with a model of "
                "CTranslate2, or one that faster-whisper has downloaded"
            ) from error

    def transcribe(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Return the words of a wave (L,) in [-1, 1]; empty if nothing is recognised."""
        segments, _ = self._model.transcribe(
            resample_samples(samples, sample_rate, SAMPLE_RATE).numpy(),
            language="en",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)
