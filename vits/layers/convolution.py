"""Convolutional stacks: depth-separable (duration predictor) and residual (decoder)."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.activation import leaky_relu
from vits.layers.convolve import along_time
from vits.layers.dropout import Dropout
from vits.layers.masking import masked
from vits.layers.rows import convolve_rows

__all__ = ["LEAKY_SLOPE", "DepthSeparableStack", "DoubleResidualBlock", "SingleResidualBlock"]

LEAKY_SLOPE = 0.1  # HiFi-GAN's, in generator and discriminators


class DepthSeparableStack(nn.Module):
    """Dilated depth-separable convolutions with residuals; layer i dilates by kernel_size ** i.

    Works on rows, where its normalisations and products are quick.

    Source: VITS (paper appendix B, figure 5a).
    """

    def __init__(self, channels: int, kernel_size: int, n_layers: int, dropout: float) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList()
        self.pointwise = nn.ModuleList()
        for i in range(n_layers):
            dilation = kernel_size**i
            self.depthwise.append(
                nn.Conv1d(
                    channels,
                    channels,
                    kernel_size,
                    groups=channels,
                    dilation=dilation,
                    padding=dilation * (kernel_size // 2),
                )
            )
            self.pointwise.append(nn.Conv1d(channels, channels, 1))
        self.depthwise_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(n_layers))
        self.pointwise_norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(n_layers))
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None, conditioning: Tensor | None = None) -> Tensor:
        """Map (B, S, C) to (B, S, C).

        Args:
            x: (B, S, C).
            mask: (B, S, 1); None: there is no padding.
            conditioning: (B, S or 1, C), added to ``x``.
        """
        if conditioning is not None:
            x = x + conditioning
        for depthwise, norm_1, pointwise, norm_2 in zip(
            self.depthwise,
            self.depthwise_norms,
            self.pointwise,
            self.pointwise_norms,
            strict=True,
        ):
            y = functional.gelu(norm_1(convolve_rows(depthwise, masked(x, mask))))
            y = functional.gelu(norm_2(convolve_rows(pointwise, y)))
            x = x + self.dropout(y)
        return masked(x, mask)


def _dilated(channels: int, kernel_size: int, dilation: int) -> nn.Module:
    padding = dilation * (kernel_size // 2)
    return weight_norm(
        nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding)
    )


class DoubleResidualBlock(nn.Module):
    """HiFi-GAN's ResBlock1: for each dilation, a dilated and a plain convolution."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)
        self.plain = nn.ModuleList(_dilated(channels, kernel_size, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = along_time(dilated, leaky_relu(x, LEAKY_SLOPE))
            y = functional.leaky_relu(y, LEAKY_SLOPE, inplace=True)
            x = along_time(plain, y).add_(x)
        return x


class SingleResidualBlock(nn.Module):
    """HiFi-GAN's ResBlock2: one dilated convolution for each dilation."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, T)."""
        for dilated in self.dilated:
            x = along_time(dilated, leaky_relu(x, LEAKY_SLOPE)).add_(x)
        return x
