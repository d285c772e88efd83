"""Predict the naturalness of speech (mean opinion score) without listeners."""

import warnings
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio._torchaudio import import_torchaudio
from vits.audio.resample import resample_samples
from vits.errors import AudioError
from vits.evaluation.evaluators.packages import create, require

__all__ = ["DistillMos", "DnsMos", "Predictor", "load_predictor"]

_SAMPLE_RATE = 16000  # of both predictors (Hz)


@runtime_checkable
class Predictor(Protocol):
    """Predicts the mean opinion score of listeners."""

    def rate(self, samples: NDArray[np.floating], sample_rate: int) -> float:
        """Return the mean opinion score of a wave (L,) in [-1, 1]: 1 (bad) to 5 (excellent)."""
        ...


class DnsMos:
    """Overall quality of DNSMOS P.835, with the network of the package speechmos.

    Source: Reddy, Gopal & Cutler, "DNSMOS P.835", ICASSP 2022. It was trained on noisy and denoised
    calls, not on synthesis: it measures noise, buzz and blur, but not wrong words or intonation.
    Waves shorter than 9 s are repeated, as its authors do.
    """

    def __init__(self) -> None:
        """Load the network.

        Raises:
            MissingExtraError: speechmos is not installed.
        """
        self._rate: Any = require("speechmos.dnsmos").run

    def rate(self, samples: NDArray[np.floating], sample_rate: int) -> float:
        """Return the mean opinion score of a wave (L,) in [-1, 1]: 1 (bad) to 5 (excellent).

        Raises:
            AudioError: the wave has no samples.
        """
        speech = _speech(samples, sample_rate).clamp(-1.0, 1.0)
        with warnings.catch_warnings():
            # from a second network whose output is not used
            warnings.filterwarnings("ignore", "Empty filters detected", UserWarning)
            return float(self._rate(speech.numpy(), _SAMPLE_RATE)["ovrl_mos"])


class DistillMos:
    """Distill-MOS, a small network taught by one of 300 million weights, package distillmos.

    Source: Stahl & Gamper 2025, "Distillation and pruning for scalable self-supervised
    representation-based speech quality assessment", arXiv:2502.05356. Its weights come with the
    package.
    """

    def __init__(self) -> None:
        """Load the network.

        Raises:
            MissingExtraError: distillmos is not installed.
        """
        import_torchaudio()  # without its extension, which the package does not need
        self._model: Any = require("distillmos", "judges").ConvTransformerSQAModel().eval()

    @torch.no_grad()
    def rate(self, samples: NDArray[np.floating], sample_rate: int) -> float:
        """Return the mean opinion score of a wave (L,) in [-1, 1]: 1 (bad) to 5 (excellent).

        Raises:
            AudioError: the wave has no samples.
        """
        return float(self._model(_speech(samples, sample_rate)[None]))


def _speech(samples: NDArray[np.floating], sample_rate: int) -> Tensor:
    """Return a wave (L,) at the sample rate of the networks.

    Raises:
        AudioError: the wave has no samples.
    """
    if not len(samples):
        raise AudioError("a wave without samples has no naturalness; leave it out")
    return resample_samples(samples, sample_rate, _SAMPLE_RATE)


def load_predictor(name: str) -> Predictor | None:
    """Create a predictor of naturalness.

    Args:
        name: ``dnsmos``, ``distill-mos``, ``none``, or ``package.module:factory``, a callable
            without arguments that returns a ``Predictor``.

    Raises:
        ConfigError: the name is unknown, or its result is not a predictor.
        MissingExtraError: the package of the predictor is not installed.
    """
    known = {"dnsmos": DnsMos, "distill-mos": DistillMos}
    return create("naturalness predictor", name, Predictor, "rate", known)
