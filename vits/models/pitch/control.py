"""Control of a predicted pitch: moved by semitones, its movements made larger or smaller."""

from typing import NamedTuple

import torch
from torch import Tensor

from vits.alignment import durations_to_index
from vits.config.pitch import SEMITONE
from vits.layers.masking import expand_by_index

__all__ = ["AS_PREDICTED", "PitchControl"]


class PitchControl(NamedTuple):
    """What is done to a predicted pitch before a decoder is excited with it.

    Attributes:
        shift: semitones added to F0: a number, or (B, S) for each symbol.
        range: factor on the distance of log F0 from its mean over the voiced frames of a sample: a
            number, or (B, S) for each symbol; 0 is monotonous.
    """

    shift: float | Tensor = 0.0
    range: float | Tensor = 1.0

    def apply(self, pitch: Tensor, durations: Tensor, mask: Tensor) -> Tensor:
        """Change a pitch (B, 2, T): log F0 (log Hz) and voicing, which stays.

        A shift of 0 and a range of 1 change no bit.

        Args:
            pitch: 0 in the padding.
            durations: (B, S) int64 frames of each symbol.
            mask: (B, 1, T).
        """
        log_f0, voiced = pitch.chunk(2, dim=1)
        count = voiced.sum(2, keepdim=True).clamp(min=1.0)
        mean = (log_f0 * voiced).sum(2, keepdim=True) / count
        shift, factor = (_of_frames(values, durations, mask) for values in self)
        # added, not multiplied out: x + 0 is x
        changed = log_f0 + (factor - 1.0) * (log_f0 - mean) + shift * SEMITONE
        return torch.cat([changed * mask, voiced], dim=1)


AS_PREDICTED = PitchControl()
"""The control that changes nothing."""


def _of_frames(values: float | Tensor, durations: Tensor, mask: Tensor) -> float | Tensor:
    """Repeat values of symbols (B, S) for their frames, (B, 1, T); a number stays one."""
    if not isinstance(values, Tensor) or values.ndim < 2:
        return values
    return expand_by_index(values.unsqueeze(1), durations_to_index(durations, mask.shape[2]))
