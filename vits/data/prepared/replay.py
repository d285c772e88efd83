"""Two streams of batches in turn, one of them at an exact share of the steps."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from torch.utils.data import Sampler

from vits.errors import ConfigError

__all__ = ["ReplayStream"]


class _Stream(Protocol):
    """What is asked of the two streams: batches as a function of the step."""

    def batch(self, step: int) -> list[int]: ...


class ReplayStream(Sampler[list[int]]):
    """Batch sampler over new and old data joined, the old utterances counted after the new.

    After any n steps exactly ``floor(n * share)`` were taken from the old data, spread evenly, on
    all ranks in the same steps. Every batch is a function of the step alone, as in the two streams,
    so a resumed run sees what an uninterrupted one would have. It never ends, so it has no length.

    Args:
        new: batches of the new data.
        old: batches of the old data.
        n_new: utterances of the new data: the first index of the old.
        share: of the steps that the old data gets, in (0, 1); taken as the decimal it is written
            as, so that 0.1 of 10 steps is 1.
        start_step: where ``iter`` begins.

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
        """Yield this rank's batches from ``start_step`` on, without end."""
        step = self.start_step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> list[int]:
        """Return this rank's utterances of a step."""
        replayed = self._replayed(step)
        if self._replayed(step + 1) == replayed:
            return self._new.batch(step - replayed)
        return [self._n_new + index for index in self._old.batch(replayed)]

    def _replayed(self, steps: int) -> int:
        """Return how many of the first steps are replayed ones."""
        return steps * self._share.numerator // self._share.denominator
