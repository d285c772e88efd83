"""A stage of residual blocks, run over a long signal piece by piece."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["ResidualStage"]


class ResidualStage(nn.ModuleList):
    """The mean of residual blocks of several widths.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2 (multi-receptive field fusion).

    Args:
        blocks: each maps (B, C, T) to (B, C, T).
        reach: columns on either side of a column that the result depends on.

    Attributes:
        piece: numbers of a signal that are computed at once, 0: all. In pieces that fit into the
            processor's caches a long signal is done sooner; ``reach`` columns on either side of a
            cut are done twice.
    """

    def __init__(self, blocks: Iterable[nn.Module], reach: int) -> None:
        super().__init__(blocks)
        self.reach, self.piece = reach, 0

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T); the same values up to rounding, whatever ``piece`` is."""
        if not self.piece:
            return self._mean(x)
        length, size = x.shape[2], max(1, self.piece // x.shape[1])
        if length <= size:
            return self._mean(x)
        result = torch.empty_like(x)
        for start in range(0, length, size):
            stop, begin = min(start + size, length), max(0, start - self.reach)
            seen = x[..., begin : stop + self.reach]  # all there is of it at the end
            result[..., start:stop] = self._mean(seen)[..., start - begin : stop - begin]
        return result

    def _mean(self, x: Tensor) -> Tensor:
        total: Tensor = self[0](x)
        for block in list(self)[1:]:
            total.add_(block(x))
        return total.div_(len(self))
