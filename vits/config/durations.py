"""The duration predictors' sizes: one dataclass for each kind, told apart by ``kind``."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from vits.config.checks import require_dropout, require_kind, require_odd, require_positive

__all__ = [
    "AdversarialDurationConfig",
    "DeterministicDurationConfig",
    "DurationPredictorConfig",
    "StochasticDurationConfig",
]


@dataclass(frozen=True, kw_only=True)
class StochasticDurationConfig:
    """Stochastic duration predictor: a flow over durations (paper section 2.2.4).

    Attributes:
        filter_channels: inner width; None means ``hidden_channels``, as in the original.
        kernel_size: width of the convolutions (symbols), odd.
        dropout: probability of dropping a value, in [0, 1).
        n_flows: spline couplings, of the posterior and of the prior, at least 1.
        n_bins: pieces of each spline, at least 1.
        tail_bound: the splines act on [-tail_bound, tail_bound], greater than 0.
    """

    GROUP: ClassVar[str] = "duration_predictor"

    kind: Literal["stochastic"] = "stochastic"
    filter_channels: int | None = None
    kernel_size: int = 3
    dropout: float = 0.5
    n_flows: int = 4
    n_bins: int = 10
    tail_bound: float = 5.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "stochastic")
        if self.filter_channels is not None:
            require_positive(self, "filter_channels")
        require_positive(self, "n_flows", "n_bins", "tail_bound")
        require_odd(self, "kernel_size")
        require_dropout(self)


@dataclass(frozen=True, kw_only=True)
class DeterministicDurationConfig:
    """Deterministic duration predictor: a regression of log-durations (paper section 3.3).

    Attributes:
        filter_channels: inner width.
        kernel_size: width of the convolutions (symbols), odd.
        dropout: probability of dropping a value, in [0, 1).
    """

    GROUP: ClassVar[str] = "duration_predictor"

    kind: Literal["deterministic"] = "deterministic"
    filter_channels: int = 256
    kernel_size: int = 3
    dropout: float = 0.5

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "deterministic")
        require_positive(self, "filter_channels")
        require_odd(self, "kernel_size")
        require_dropout(self)


@dataclass(frozen=True, kw_only=True)
class AdversarialDurationConfig:
    """Duration predictor trained against a discriminator (VITS2, section 2.1).

    Attributes:
        filter_channels: inner width, of the discriminator as well.
        kernel_size: width of the convolutions (symbols), odd; of the discriminator as well.
        dropout: probability of dropping a value, in [0, 1); the discriminator drops none.
    """

    GROUP: ClassVar[str] = "duration_predictor"

    kind: Literal["adversarial"] = "adversarial"
    filter_channels: int = 256
    kernel_size: int = 3
    dropout: float = 0.5

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "adversarial")
        require_positive(self, "filter_channels")
        require_odd(self, "kernel_size")
        require_dropout(self)


DurationPredictorConfig = (
    StochasticDurationConfig | DeterministicDurationConfig | AdversarialDurationConfig
)
"""The duration predictor: a union told apart by ``kind``. The stochastic one is the original's."""
