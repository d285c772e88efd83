"""Non-causal WaveNet: gated dilated convolutions with residual and skip connections."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

__all__ = ["WaveNet"]


class WaveNet(nn.Module):
    """Stack of gated convolutions; the conditioning is added in every layer.

    h = tanh(W_f x + V_f g) * sigmoid(W_g x + V_g g); x <- x + W_r h; output = sum of W_s h.

    Source: van den Oord et al. 2016, arXiv:1609.03499; VITS appendix A. The last layer has no
    residual half, as in the original.

    Args:
        channels: C, of input and output.
        kernel_size: of the gated convolutions, odd.
        dilation_rate: layer i dilates by ``dilation_rate ** i``.
        n_layers: number of layers.
        conditioning_channels: G; 0 for none.

    Attributes:
        receptive_radius: frames on either side of a frame that its output depends on.
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
        self.receptive_radius = 0
        for i in range(n_layers):
            dilation = dilation_rate**i
            padding = dilation * (kernel_size // 2)
            self.receptive_radius += padding
            gate = nn.Conv1d(channels, 2 * channels, kernel_size, 1, padding, dilation)
            self.gates.append(weight_norm(gate))
            width = channels if i == n_layers - 1 else 2 * channels
            self.residual_skips.append(weight_norm(nn.Conv1d(channels, width, 1)))
        self.conditioning = (
            weight_norm(nn.Conv1d(conditioning_channels, 2 * channels * n_layers, 1))
            if conditioning_channels
            else None
        )

    def forward(self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Run the stack.

        Args:
            x: (B, C, T).
            mask: (B, 1, T).
            conditioning: (B, G, 1), if built with conditioning channels.

        Returns:
            Sum of the skips (B, C, T), zero in the padding.
        """
        biases = self._biases(conditioning)
        skips = torch.zeros_like(x)
        last = len(self.gates) - 1
        for i, (gate, residual_skip) in enumerate(
            zip(self.gates, self.residual_skips, strict=True)
        ):
            hidden = gate(x)
            if biases is not None:
                hidden = hidden + biases[i]
            filtered, gated = hidden.chunk(2, dim=1)
            out = residual_skip(torch.tanh(filtered) * torch.sigmoid(gated))
            if i < last:
                residual, out = out.chunk(2, dim=1)
                x = (x + residual) * mask
            skips = skips + out
        return skips * mask

    def _biases(self, conditioning: Tensor | None) -> tuple[Tensor, ...] | None:
        """Project the conditioning and split it: (B, 2C, 1) for each layer."""
        if self.conditioning is None or conditioning is None:
            return None
        return self.conditioning(conditioning).split(2 * self.channels, dim=1)
