"""Consensus of all ranks on the requests to act on in a step."""

from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["Consensus"]


class _Pending(NamedTuple):
    """A running all-reduce and the tensor it fills."""

    work: dist.Work
    requests: Tensor


class Consensus:
    """Combines the requests of all ranks: a request of any rank reaches all ranks in the same step.

    The requests are exchanged over gloo, separately from the gradients, so that no rank waits for
    its device.

    Args:
        distributed: whether there is more than one rank; a single rank needs no messages. All ranks
            must create the consensus together and must call ``exchange`` together.
        deferred: return the result of each exchange at the next one, so that no rank waits.
    """

    def __init__(self, *, distributed: bool, deferred: bool) -> None:
        self._group = dist.new_group(backend="gloo") if distributed else None
        self._deferred = deferred
        self._pending: _Pending | None = None

    def exchange(self, *requests: bool) -> tuple[bool, ...]:
        """Send the requests of this rank; return the requests of any rank, deferred if configured.

        Raises:
            RuntimeError: another rank has exited.
        """
        if self._group is None:
            return requests
        mine = torch.tensor(requests, dtype=torch.int32)
        work = dist.all_reduce(mine, dist.ReduceOp.MAX, self._group, async_op=True)
        assert work is not None
        ready: _Pending | None = _Pending(work, mine)
        if self._deferred:
            ready, self._pending = self._pending, ready
        if ready is None:
            return (False,) * len(requests)
        ready.work.wait()
        return tuple(bool(request) for request in ready.requests.tolist())

    def close(self) -> None:
        """Wait for the last exchange."""
        if self._pending is not None:
            self._pending.work.wait()
            self._pending = None
