"""Replay: batches of old data mixed into new data at an exact share of the steps."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from torch.utils.data import Sampler

from vits.errors import ConfigError

__all__ = ["ReplayStream"]


class _Stream(Protocol):
    """A stream whose batches are a function of the step."""

    def batch(self, step: int) -> list[int]: ...


class ReplayStream(Sampler[list[int]]):
    """Batch sampler that alternates between new and old data.

    Indices refer to the concatenation of the new and the old utterances. After n steps exactly
    ``floor(n * share)`` batches came from the old data, evenly spread, on all ranks in the same
    steps. Every batch is a function of the step alone, so a resumed run sees the same batches as an
    uninterrupted one. The sampler is endless and has no length.

    Args:
        new: batches of the new data.
        old: batches of the old data.
        n_new: number of utterances of the new data, which is the first index of the old data.
        share: share of the steps with old data, in (0, 1); its decimal representation is exact, so
            0.1 of 10 steps is 1.
        start_step: first step of ``iter``.

    Raises:
        ConfigError: the share is not in (0, 1).
    """

    def __init__(
        self, new: _Stream, old: _Stream, *, n_new: int, share: float, start_step: int = 0
    ) -> None:
        if not 0 < share < 1:
            raise ConfigError(f"replay_share {share} must be greater than 0 and less than 1")
        self._new, self._old, self._n_new = new, old, n_new
        self._share = Fraction(str(share))
        self.start_step = start_step

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of this rank from ``start_step`` on, endlessly."""
        step = self.start_step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> list[int]:
        """Return the utterance indices of this rank for a step."""
        replayed = self._replayed(step)
        if self._replayed(step + 1) == replayed:
            return self._new.batch(step - replayed)
        return [self._n_new + index for index in self._old.batch(replayed)]

    def _replayed(self, steps: int) -> int:
        """Return how many of the first ``steps`` steps use old data."""
        return steps * self._share.numerator // self._share.denominator
