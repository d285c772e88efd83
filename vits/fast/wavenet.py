"""WaveNet that writes in place where autograd allows it."""

import torch
from torch import Tensor

from vits.fast.convolve import run_convolution
from vits.fast.gpu.wavenet import joint_wavenet
from vits.fast.masks import mask_if_padded
from vits.fast.tracing import is_traced
from vits.layers.wavenet import WaveNet

__all__ = ["FastWaveNet"]


class FastWaveNet(WaveNet):
    """A ``WaveNet`` with less memory traffic and the fastest form of each convolution."""

    def forward(self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map (B, C, T) to (B, C, T), zero where ``mask`` (B, 1, T) is."""
        if is_traced():
            return super().forward(x, mask, conditioning)
        biases = self._biases(conditioning)
        if x.device.type != "cpu" and torch.is_grad_enabled():
            return joint_wavenet(self, x, mask, biases)
        needed = mask_if_padded(mask)
        skips: Tensor | None = None
        last = len(self.gates) - 1
        for i, (gate, residual_skip) in enumerate(
            zip(self.gates, self.residual_skips, strict=True)
        ):
            hidden = run_convolution(gate, x)
            if biases is not None:
                hidden.add_(biases[i])
            filtered, gated = hidden.chunk(2, dim=1)
            out = residual_skip(torch.tanh(filtered) * torch.sigmoid(gated))
            if i < last:
                residual, out = out.chunk(2, dim=1)
                x = _mask_in_place(x + residual, needed)
            if skips is None:
                skips = out.clone() if needed is None else out * needed
            else:
                skips.add_(out)
        assert skips is not None
        return _mask_in_place(skips, needed)


def _mask_in_place(x: Tensor, mask: Tensor | None) -> Tensor:
    """Zero the padding of ``x`` (B, C, T) in place; None: there is none."""
    return x if mask is None else x.mul_(mask)
