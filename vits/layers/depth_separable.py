"""Depth-separable convolutions, the trunk of the duration predictor."""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DepthSeparableStack"]


class DepthSeparableStack(nn.Module):
    """Dilated depth-separable convolutions with residuals; layer i dilates by kernel_size ** i.

    Source: VITS (paper appendix B, figure 5a).

    Args:
        channels: C, of input and output.
        kernel_size: of the depthwise convolutions, odd.
        n_layers: number of layers.
        dropout: probability, after every layer.
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
        self.dropout = nn.Dropout(dropout)

    def layers(self) -> Iterator[tuple[nn.Module, nn.Module, nn.Module, nn.Module]]:
        """Yield each layer: depthwise convolution, its norm, pointwise convolution, its norm."""
        return zip(
            self.depthwise,
            self.depthwise_norms,
            self.pointwise,
            self.pointwise_norms,
            strict=True,
        )

    def forward(self, x: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        """Map (B, C, S) to (B, C, S).

        Args:
            x: (B, C, S).
            mask: (B, 1, S).
            context: (B, C, S or 1), added to ``x``; or None.
        """
        if context is not None:
            x = x + context
        for depthwise, norm_1, pointwise, norm_2 in self.layers():
            y = functional.gelu(norm_1(depthwise(x * mask).transpose(1, 2))).transpose(1, 2)
            y = functional.gelu(norm_2(pointwise(y).transpose(1, 2))).transpose(1, 2)
            x = x + self.dropout(y)
        return x * mask
