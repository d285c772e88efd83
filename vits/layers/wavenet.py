"""Non-causal WaveNet: gated dilated convolutions with residual and skip connections."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.convolve import along_time
from vits.layers.reach import Span

__all__ = ["WaveNet"]


class WaveNet(nn.Module):
    """Stack of gated convolutions; every layer sees the conditioning.

    h = tanh(W_f x + V_f g) * sigmoid(W_g x + V_g g); x <- x + W_r h; output = sum of W_s h.

    Source: van den Oord et al. 2016, arXiv:1609.03499; VITS appendix A. The last layer has no
    residual half, as in the original.

    Attributes:
        context: columns on either side of a column that its result depends on.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int,
        dilation_rate: int,
        n_layers: int,
        conditioning_channels: int = 0,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.gates = nn.ModuleList()
        self.residual_skips = nn.ModuleList()
        span = Span(0, 0)
        for i in range(n_layers):
            dilation = dilation_rate**i
            span = span.before_convolution(kernel_size, dilation)
            self.gates.append(
                weight_norm(
                    nn.Conv1d(
                        channels,
                        2 * channels,
                        kernel_size,
                        dilation=dilation,
                        padding=dilation * (kernel_size // 2),
                    )
                )
            )
            width = channels if i == n_layers - 1 else 2 * channels
            self.residual_skips.append(weight_norm(nn.Conv1d(channels, width, 1)))
        self.context = span.last
        self.conditioning = (
            weight_norm(nn.Conv1d(conditioning_channels, 2 * channels * n_layers, 1))
            if conditioning_channels
            else None
        )

    def forward(self, x: Tensor, mask: Tensor | None, conditioning: Tensor | None = None) -> Tensor:
        """Run the stack.

        Args:
            x: (B, C, T).
            mask: (B, 1, T), 1 for real frames; None: all are.
            conditioning: (B, G, 1), if built with conditioning channels.

        Returns:
            Sum of the skips (B, C, T), zero in the padding.
        """
        biases = self._biases(conditioning)
        skips: Tensor | None = None
        last = len(self.gates) - 1
        for i, (gate, residual_skip) in enumerate(
            zip(self.gates, self.residual_skips, strict=True)
        ):
            # in place wherever autograd needs no old value: less memory to fill and to read
            hidden = along_time(gate, x)
            if biases is not None:
                hidden.add_(biases[i])
            filtered, gated = hidden.chunk(2, dim=1)
            out = residual_skip(torch.tanh(filtered) * torch.sigmoid(gated))
            if i < last:
                residual, out = out.chunk(2, dim=1)
                x = _masked_(x + residual, mask)
            if skips is None:
                skips = out.clone() if mask is None else out * mask
            else:
                skips.add_(out)
        assert skips is not None
        return _masked_(skips, mask)

    def _biases(self, conditioning: Tensor | None) -> tuple[Tensor, ...] | None:
        """Each layer's share (B, 2C, 1) of the projected conditioning."""
        if self.conditioning is None or conditioning is None:
            return None
        return self.conditioning(conditioning).split(2 * self.channels, dim=1)


def _masked_(x: Tensor, mask: Tensor | None) -> Tensor:
    """Zero the padding in place; None: there is none."""
    return x if mask is None else x.mul_(mask)
