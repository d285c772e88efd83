"""The pitch of a model: its predictor of F0, and with it the excitation of the decoder."""

import math
from dataclasses import dataclass
from typing import ClassVar

from vits.config.checks import require_dropout, require_odd, require_positive

__all__ = [
    "AMPLITUDE",
    "LOG_F0_CENTRE",
    "SEMITONE",
    "UNVOICED_NOISE",
    "VOICED_NOISE",
    "PitchConfig",
]

LOG_F0_CENTRE = math.log(180.0)
"""Log F0 (log Hz) that networks see as 0: between the usual F0 of low and of high voices."""

SEMITONE = math.log(2) / 12
"""A semitone as a difference of natural logarithms of F0."""

# of hn-NSF: amplitude of a harmonic, and standard deviations of the noise
AMPLITUDE, VOICED_NOISE, UNVOICED_NOISE = 0.1, 0.003, 0.1 / 3


@dataclass(frozen=True, kw_only=True)
class PitchConfig:
    """F0 and voicing of every frame, predicted from the text; the decoder is excited with them.

    The original has none. The data must be prepared with `vits prepare --pitch`.

    Attributes:
        channels: width of the predictor.
        inner_channels: width inside each of its blocks.
        n_layers: its ConvNeXt blocks, at least 1.
        kernel_size: of their convolutions (frames), odd.
        dropout: probability of dropping a value of the predictor's input, in [0, 1).
    """

    GROUP: ClassVar[str] = "pitch"

    channels: int = 96
    inner_channels: int = 192
    n_layers: int = 4
    kernel_size: int = 9
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "channels", "inner_channels", "n_layers")
        require_odd(self, "kernel_size")
        require_dropout(self)
