"""Dropout with four mask values from each random word."""

import torch
from torch import Tensor, nn

from vits.fast.tracing import is_traced

__all__ = ["FastDropout"]

STEPS = 1 << 16  # values of one 16-bit number
LOWEST = -(1 << 15)


class FastDropout(nn.Dropout):
    """``nn.Dropout`` that draws its mask from 16-bit numbers on a CPU.

    Torch draws 64 random bits for each value, on one thread: 50 ms of a training step of the
    original model. With 16 bits the probability is ``p`` rounded to a multiple of 1 / 65,536, and
    the scale matches it.

    Source: Srivastava et al. 2014, JMLR 15:1929.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to the same shape, such as (B, C, T)."""
        x, dropped = input, round(self.p * STEPS)
        if is_traced() or x.device.type != "cpu" or dropped in (0, STEPS):
            return super().forward(x)
        if not self.training:
            return x
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(1 << 63), None)
        numbers = words.view(torch.int16)[: x.numel()]
        # signals (B, C, S) have the memory order (B, S, C), see ``vits.fast.channels_last``
        numbers = numbers.view(x.mT.shape).mT if x.dim() == 3 else numbers.view(x.shape)
        kept = (numbers >= LOWEST + dropped).to(x.dtype)
        return x * kept.mul_(STEPS / (STEPS - dropped))
