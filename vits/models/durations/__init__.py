"""Durations: their predictors, the discriminator of one of them, and whole frames."""

from vits.models.durations.adversarial import AdversarialDurationPredictor
from vits.models.durations.deterministic import DeterministicDurationPredictor
from vits.models.durations.discriminator import DurationDiscriminator
from vits.models.durations.frames import log_frames, whole_frames
from vits.models.durations.predictors import DurationPredictor, duration_predictor
from vits.models.durations.stochastic import StochasticDurationPredictor

__all__ = [
    "AdversarialDurationPredictor",
    "DeterministicDurationPredictor",
    "DurationDiscriminator",
    "DurationPredictor",
    "StochasticDurationPredictor",
    "duration_predictor",
    "log_frames",
    "whole_frames",
]
