"""Residual blocks of HiFi-GAN, and their mean."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

__all__ = ["LEAKY_SLOPE", "DoubleResidualBlock", "ResidualStage", "SingleResidualBlock"]

LEAKY_SLOPE = 0.1  # HiFi-GAN's, in generator and discriminators


def _dilated(channels: int, kernel_size: int, dilation: int) -> nn.Module:
    padding = dilation * (kernel_size // 2)
    return weight_norm(
        nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding)
    )


class DoubleResidualBlock(nn.Module):
    """HiFi-GAN's ResBlock1: a dilated and an undilated convolution for each dilation.

    Source: Kong et al. 2020, arXiv:2010.05646, appendix A.1.

    Attributes:
        receptive_radius: columns on either side of a column that its output depends on.
    """

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)
        self.plain = nn.ModuleList(_dilated(channels, kernel_size, 1) for _ in dilations)
        self.receptive_radius = (kernel_size // 2) * sum(d + 1 for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = dilated(functional.leaky_relu(x, LEAKY_SLOPE))
            x = x + plain(functional.leaky_relu(y, LEAKY_SLOPE))
        return x


class SingleResidualBlock(nn.Module):
    """HiFi-GAN's ResBlock2: one dilated convolution for each dilation.

    Source: Kong et al. 2020, arXiv:2010.05646, appendix A.1.

    Attributes:
        receptive_radius: columns on either side of a column that its output depends on.
    """

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)
        self.receptive_radius = (kernel_size // 2) * sum(dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        for dilated in self.dilated:
            x = x + dilated(functional.leaky_relu(x, LEAKY_SLOPE))
        return x


class ResidualStage(nn.ModuleList):
    """The mean of residual blocks with different kernel sizes and dilations.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.2 (multi-receptive field fusion).

    Attributes:
        receptive_radius: of the widest block.
    """

    def __init__(self, blocks: Sequence[DoubleResidualBlock | SingleResidualBlock]) -> None:
        super().__init__(blocks)
        self.receptive_radius = max(block.receptive_radius for block in blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        first, *others = self
        total = first(x)
        for block in others:
            total = total + block(x)
        return total / len(self)
