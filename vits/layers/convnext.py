"""ConvNeXt block over time."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ConvNextBlock"]


class ConvNextBlock(nn.Module):
    """x + gamma * W2 gelu(W1 norm(depthwise(x))): one convolution along time, two across channels.

    Source: Liu et al. 2022, arXiv:2201.03545, figure 4; over time as in Siuzdak, ICLR 2024,
    arXiv:2306.00814, section 3.2.

    Args:
        channels: width.
        inner_channels: width between the two products.
        kernel_size: of the depthwise convolution (frames), odd.
        scale: initial gamma; 1 over the number of blocks keeps a deep stack near the identity.
    """

    def __init__(self, channels: int, inner_channels: int, kernel_size: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(
            channels, channels, kernel_size, padding=kernel_size // 2, groups=channels
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.widen = nn.Linear(channels, inner_channels)
        self.narrow = nn.Linear(inner_channels, channels)
        self.gamma = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        return x + self.across_channels(self.depthwise(x))

    def across_channels(self, y: Tensor) -> Tensor:
        """Map the depthwise convolution (B, C, T) to what is added, column by column."""
        y = self.norm(y.transpose(1, 2))
        y = self.gamma * self.narrow(functional.gelu(self.widen(y)))
        return y.transpose(1, 2)
