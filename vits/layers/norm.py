"""Layer normalisation over channels of a (B, C, T) tensor."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ChannelNorm"]


class ChannelNorm(nn.Module):
    """Normalise every column over its channels, then scale and shift.

    Source: Ba et al. 2016, arXiv:1607.06450; eps is the original's.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        columns = x.transpose(1, 2)
        y = functional.layer_norm(columns, self.weight.shape, self.weight, self.bias, self.eps)
        # put back in order: activations run several times slower backwards over mixed orders
        return y.transpose(1, 2).contiguous()
