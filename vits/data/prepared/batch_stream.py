"""An endless, step-indexed, rank-aware stream of batches, bucketed by length."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from vits.errors import ConfigError, DataError

__all__ = ["BatchStream"]


class BatchStream(Sampler[list[int]]):
    """Batch sampler in which every batch is a function of the step alone.

    The utterances are sorted by length and divided into buckets. In each epoch every bucket is
    shuffled and divided into global batches of nearly equal size, and the order of all global
    batches is shuffled. The utterances of a global batch are distributed round-robin to the ranks,
    longest first. Properties:

    - ``batch(step)`` needs no history: a resumed run sees the same batches as an uninterrupted one;
    - in an epoch every utterance occurs exactly once over all ranks, and ``steps_per_epoch`` is the
      same in every epoch;
    - in a step every rank has at least one utterance, and their counts differ by at most one;
    - the padded size of a rank's batch, utterances x longest, is at most ``max_frames``;
    - one rank with twice ``max_frames`` and ``max_utterances`` has the global batches of two ranks;
      for other numbers of ranks, set the same ``granularity``.

    Use it as ``DataLoader(batch_sampler=...)``. It is endless and has no length.

    Attributes:
        steps_per_epoch: number of steps per epoch.
        start_step: first step of ``iter``.
    """

    def __init__(
        self,
        lengths: Sequence[int] | np.ndarray,
        *,
        names: Sequence[str] | None = None,
        max_frames: int,
        max_utterances: int | None = None,
        n_buckets: int = 16,
        world_size: int = 1,
        rank: int = 0,
        seed: int = 1234,
        start_step: int = 0,
        granularity: int | None = None,
    ) -> None:
        """Plan the buckets.

        Args:
            lengths: (N,) frames of each utterance.
            names: ids of the utterances, for messages; None: their indices.
            max_frames: largest padded size of a rank's batch, utterances x longest (frames).
            max_utterances: largest number of utterances in a rank's batch; None: unlimited.
            n_buckets: largest number of length buckets: more buckets cause less padding and less
                mixing. Small data gets fewer, so that a bucket has about two batches or more.
            world_size: number of ranks.
            rank: rank of this process, from 0.
            seed: seed of the shuffling, at least 0.
            start_step: first step of ``iter``.
            granularity: number of ranks to size global batches for, a multiple of ``world_size``;
                None: ``world_size``, and 2 for one rank if the lengths allow it.

        Raises:
            ConfigError: an argument is out of range.
            DataError: there is no utterance, one is longer than ``max_frames``, or the utterances
                cannot be distributed so that every rank has one in every step.
        """
        self._lengths = np.asarray(lengths, dtype=np.int64)
        utterances = max_frames if max_utterances is None else max_utterances
        _check_arguments(max_frames, utterances, n_buckets, seed, start_step)
        _check_ranks(world_size, rank, granularity)
        _check_lengths(self._lengths, names, max_frames)
        self.world_size, self.rank, self.seed = world_size, rank, seed
        self.start_step = start_step
        self._buckets = _plan(
            self._lengths,
            max_frames * world_size,
            utterances * world_size,
            n_buckets,
            (max(2, world_size), world_size) if granularity is None else (granularity,),
        )
        self.steps_per_epoch = sum(bucket.n_batches for bucket in self._buckets)
        self._epoch: tuple[int, list[np.ndarray]] | None = None

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of this rank from ``start_step`` on, endlessly."""
        step = self.start_step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> list[int]:
        """Return the utterances (indices into ``lengths``) of this rank, longest first."""
        return self.global_batch(step)[self.rank :: self.world_size]

    def global_batch(self, step: int) -> list[int]:
        """Return the utterances of all ranks, longest first; rank r has ``[r::world_size]``."""
        epoch, step_in_epoch = divmod(step, self.steps_per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = epoch, self._shuffled(epoch)
        members = self._epoch[1][step_in_epoch]
        return members[np.lexsort((members, -self._lengths[members]))].tolist()

    def padding(self, epoch: int = 0) -> float:
        """Return the fraction of padding frames in an epoch, over all ranks, in [0, 1)."""
        padded = 0
        for members in self._shuffled(epoch):
            lengths = -np.sort(-self._lengths[members])
            shares = (lengths[rank :: self.world_size] for rank in range(self.world_size))
            padded += sum(len(share) * int(share[0]) for share in shares)
        return 1 - int(self._lengths.sum()) / padded

    def _shuffled(self, epoch: int) -> list[np.ndarray]:
        """Return the global batches of an epoch in shuffled order."""
        random = np.random.default_rng((self.seed, epoch))
        batches = [
            members
            for bucket in self._buckets
            for members in np.array_split(random.permutation(bucket.members), bucket.n_batches)
        ]
        return [batches[i] for i in random.permutation(len(batches))]


class _Bucket(NamedTuple):
    """Utterances of similar length, and the number of their global batches."""

    members: np.ndarray
    n_batches: int


def _plan(
    lengths: np.ndarray,
    max_frames: int,
    max_utterances: int,
    n_buckets: int,
    granularities: Sequence[int],
) -> list[_Bucket]:
    """Divide the utterances into buckets; the limits are those of a global batch."""
    order = np.argsort(-lengths, kind="stable")
    fitting = np.minimum(max_frames // lengths[order], max_utterances)
    wanted = min(n_buckets, max(1, int(lengths.sum()) // (2 * max_frames)))
    for granularity in granularities:
        sizes = fitting // granularity * granularity
        edges = _edges(sizes, wanted, granularity)
        if edges:
            return [
                _Bucket(order[start:end], -(-(end - start) // int(sizes[start])))
                for start, end in itertools.pairwise(edges)
            ]
    raise DataError(
        f"{len(lengths)} utterances cannot give each of {granularities[-1]} ranks one in every "
        "step; raise max_frames or max_utterances, or use fewer ranks"
    )


def _edges(sizes: np.ndarray, n_buckets: int, granularity: int) -> list[int]:
    """Return the bucket boundaries, longest first; empty if no division satisfies the rules.

    If a global batch has room for only one utterance per rank (of ``granularity`` ranks), it must
    be full, so the size of such a bucket is a multiple of ``granularity``. With room for two per
    rank, any bucket of at least ``granularity`` utterances can be divided so that every rank has
    one.

    Args:
        sizes: (N,) largest global batch in which each utterance is the longest, ascending.
        n_buckets: desired number of buckets of equal size.
        granularity: smallest global batch.
    """
    total = len(sizes)
    single = int(np.searchsorted(sizes, 2 * granularity))
    single = -(-single // granularity) * granularity
    if sizes[0] < granularity or single > total or 0 < total - single < granularity:
        return []
    edges = [0]
    aims = {round(total * i / n_buckets) for i in range(1, n_buckets)} | {single}
    for aim in sorted(aims):
        edge = -(-aim // granularity) * granularity if aim < single else aim
        if edge - edges[-1] >= granularity and total - edge >= granularity:
            edges.append(edge)
    return [*edges, total]


def _check_arguments(
    max_frames: int, max_utterances: int, n_buckets: int, seed: int, start_step: int
) -> None:
    """Check the arguments that have a minimum."""
    minimums = (
        ("max_frames", max_frames, 1),
        ("max_utterances", max_utterances, 1),
        ("n_buckets", n_buckets, 1),
        ("seed", seed, 0),
        ("start_step", start_step, 0),
    )
    for name, value, minimum in minimums:
        if value < minimum:
            raise ConfigError(f"{name} {value} must be at least {minimum}")


def _check_ranks(world_size: int, rank: int, granularity: int | None) -> None:
    """Check world size, rank and granularity."""
    if world_size < 1:
        raise ConfigError(f"world_size {world_size} must be at least 1")
    if not 0 <= rank < world_size:
        raise ConfigError(f"rank {rank} must be at least 0 and less than world_size {world_size}")
    if granularity is not None and (granularity < 1 or granularity % world_size):
        raise ConfigError(
            f"granularity {granularity} must be a multiple of world_size {world_size}"
        )


def _check_lengths(lengths: np.ndarray, names: Sequence[str] | None, max_frames: int) -> None:
    """Check that every utterance has frames and fits into a batch alone."""
    if lengths.ndim != 1 or len(lengths) == 0:
        raise DataError(f"lengths of shape {lengths.shape} must be (N,) with at least 1 utterance")

    def name(index: int) -> str:
        return f"{index} (from 0)" if names is None else repr(names[index])

    if lengths.min() < 1:
        first = name(int(lengths.argmin()))
        raise DataError(f"utterance {first} has {lengths.min()} frames, must be at least 1")
    if lengths.max() > max_frames:
        more = int((lengths > max_frames).sum()) - 1
        raise DataError(
            f"utterance {name(int(lengths.argmax()))}{f' and {more} more' if more else ''} has "
            f"{lengths.max()} frames, more than max_frames {max_frames}; raise max_frames or "
            "remove the long utterances"
        )
