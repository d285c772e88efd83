"""How all ranks come to act on the same wishes at the same step."""

from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["Consensus"]


class _Pending(NamedTuple):
    """A reduction under way, and the tensor it fills."""

    work: dist.Work
    wishes: Tensor


class Consensus:
    """Joins the wishes of all ranks: what one of them wishes, all are told, at the same step.

    The wishes travel between the hosts over gloo, beside whatever carries the gradients, so that no
    rank waits for its device.

    Args:
        several: whether there is more than one rank; a single one needs no messages. With
            several, all of them must make their agreement, and must exchange, together.
        late: tell each exchange's result at the next one, so that no rank waits for another.
    """

    def __init__(self, *, several: bool, late: bool) -> None:
        self._group = dist.new_group(backend="gloo") if several else None
        self._late = late
        self._pending: _Pending | None = None

    def exchange(self, *wishes: bool) -> tuple[bool, ...]:
        """Give this rank's wishes; return which of them any rank had, here or a call before.

        Raises:
            RuntimeError: another rank is gone.
        """
        if self._group is None:
            return wishes
        mine = torch.tensor(wishes, dtype=torch.int32)
        work = dist.all_reduce(mine, dist.ReduceOp.MAX, self._group, async_op=True)
        assert work is not None
        ready: _Pending | None = _Pending(work, mine)
        if self._late:
            ready, self._pending = self._pending, ready
        if ready is None:
            return (False,) * len(wishes)
        ready.work.wait()
        return tuple(bool(wish) for wish in ready.wishes.tolist())

    def close(self) -> None:
        """Take what is still under way off the wire."""
        if self._pending is not None:
            self._pending.work.wait()
            self._pending = None
