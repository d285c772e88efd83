"""Builds the duration predictor of a configuration."""

from vits.config import (
    AdversarialDurationConfig,
    DeterministicDurationConfig,
    DurationPredictorConfig,
    StochasticDurationConfig,
)
from vits.models.durations.adversarial import AdversarialDurationPredictor
from vits.models.durations.deterministic import DeterministicDurationPredictor
from vits.models.durations.stochastic import StochasticDurationPredictor

__all__ = ["DurationPredictor", "duration_predictor"]

DurationPredictor = (
    StochasticDurationPredictor | DeterministicDurationPredictor | AdversarialDurationPredictor
)
"""Text -> frames of each symbol (figure 1). All kinds share ``forward`` and ``predict``."""


def duration_predictor(
    config: DurationPredictorConfig,
    hidden_channels: int,
    *,
    conditioning_channels: int = 0,
    language_channels: int = 0,
) -> DurationPredictor:
    """Build the duration predictor of a configuration.

    Args:
        config: its kind and sizes.
        hidden_channels: width of the text encoder.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        language_channels: width of the language embedding; 0 for none.
    """
    widths = {
        "conditioning_channels": conditioning_channels,
        "language_channels": language_channels,
    }
    kernel_size, dropout = config.kernel_size, config.dropout
    if isinstance(config, StochasticDurationConfig):
        return StochasticDurationPredictor(
            hidden_channels,
            config.filter_channels or hidden_channels,
            kernel_size=kernel_size,
            dropout=dropout,
            n_flows=config.n_flows,
            n_bins=config.n_bins,
            tail_bound=config.tail_bound,
            **widths,
        )
    kinds = {
        DeterministicDurationConfig: DeterministicDurationPredictor,
        AdversarialDurationConfig: AdversarialDurationPredictor,
    }
    return kinds[type(config)](
        hidden_channels,
        config.filter_channels,
        kernel_size=kernel_size,
        dropout=dropout,
        **widths,
    )
