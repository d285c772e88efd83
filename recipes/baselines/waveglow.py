"""WaveGlow (Prenger et al. 2018, arXiv:1811.00002): a flow from a wave to Gaussian noise."""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from vits.layers.flows import MeanCoupling

__all__ = ["AffineCoupling", "ChannelMix", "WaveGlow", "WaveGlowSizes"]

DILATION_RATE = 2  # as in the source


@dataclass(frozen=True, kw_only=True)
class WaveGlowSizes:
    """Sizes of a WaveGlow; the original has 12 flows of 8 layers and 512 channels.

    Attributes:
        group: samples that are squeezed into the channels of a column, even.
        n_flows: number of flows.
        early_every: flows after which two channels leave the flow.
        channels: width of the WaveNets.
        kernel_size: of the WaveNets, odd.
        n_layers: layers of each WaveNet.
    """

    group: int = 8
    n_flows: int = 8
    early_every: int = 4
    channels: int = 48
    kernel_size: int = 3
    n_layers: int = 5


class AffineCoupling(MeanCoupling):
    """y1 = exp(s(x0)) x1 + m(x0): the first half of the channels scales and shifts the second.

    Source: WaveGlow equations 3 to 6; a ``MeanCoupling`` whose WaveNet also returns the scale.
    """

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, n_layers: int, n_mels: int
    ) -> None:
        super().__init__(channels, hidden_channels, kernel_size, DILATION_RATE, n_layers, n_mels)
        self.post = nn.Conv1d(hidden_channels, 2 * self.half_channels, 1)
        for parameter in self.post.parameters():
            nn.init.zeros_(parameter)

    def forward(
        self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map x (B, C, T), conditioned on (B, M, T); the log-determinant is (B,)."""
        x0, x1 = x.split(self.half_channels, dim=1)
        shift, log_scale = self._shift(x0, mask, conditioning).chunk(2, dim=1)
        return torch.cat([x0, shift + log_scale.exp() * x1], dim=1), log_scale.sum((1, 2))

    def inverse(self, y: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map y (B, C, T) back."""
        y0, y1 = y.split(self.half_channels, dim=1)
        shift, log_scale = self._shift(y0, mask, conditioning).chunk(2, dim=1)
        return torch.cat([y0, (y1 - shift) * (-log_scale).exp()], dim=1)


class ChannelMix(nn.Module):
    """y = W x in every column, with W a rotation at first (Kingma & Dhariwal, arXiv:1807.03039)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linalg.qr(torch.randn(channels, channels))[0])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (B, C, T); the log-determinant, T log abs(det W), is a scalar."""
        return torch.matmul(self.weight, x), x.shape[2] * torch.linalg.slogdet(self.weight)[1]

    def inverse(self, y: Tensor) -> Tensor:
        """Map y (B, C, T) back."""
        return torch.linalg.solve(self.weight, y)


class WaveGlow(nn.Module):
    """A wave from noise of the same length, given its mel spectrogram.

    The mel spectrogram is brought to the rate of the columns by one transposed convolution of two
    frames; the original goes to the rate of the samples and squeezes.

    Args:
        n_mels: bands of the mel spectrogram.
        hop_length: samples of a frame, twice a multiple of ``sizes.group``.
        sizes: the sizes.
    """

    def __init__(self, n_mels: int, hop_length: int, sizes: WaveGlowSizes) -> None:
        super().__init__()
        self.sizes = sizes
        stride = hop_length // sizes.group
        self.upsample = nn.ConvTranspose1d(n_mels, n_mels, 2 * stride, stride, stride // 2)
        self.mixes, self.couplings = nn.ModuleList(), nn.ModuleList()
        channels = sizes.group
        for i in range(sizes.n_flows):
            channels -= 2 * self._leave(i)
            self.mixes.append(ChannelMix(channels))
            self.couplings.append(
                AffineCoupling(channels, sizes.channels, sizes.kernel_size, sizes.n_layers, n_mels)
            )

    def forward(self, wave: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Map a wave (B, 1, T * hop_length) with its mel spectrogram (B, M, T) to noise.

        Returns:
            Noise (B, group, T * hop_length / group), and the log-determinant (B,).
        """
        x = wave.unflatten(2, (-1, self.sizes.group)).squeeze(1).transpose(1, 2)
        conditioning, mask = self.upsample(mel), torch.ones_like(x[:, :1])
        log_det, left = x.new_zeros(len(x)), list[Tensor]()
        for i, (mix, coupling) in enumerate(zip(self.mixes, self.couplings, strict=True)):
            if self._leave(i):
                left.append(x[:, :2])
                x = x[:, 2:]
            x, of_mix = mix(x)
            x, of_coupling = coupling(x, mask, conditioning)
            log_det = log_det + of_mix + of_coupling
        return torch.cat([*left, x], dim=1), log_det

    def log_likelihood(self, wave: Tensor, mel: Tensor) -> Tensor:
        """Return log p(wave | mel) of each wave (B, 1, L), in nats per sample (B,)."""
        noise, log_det = self(wave, mel)
        gaussian = -0.5 * (noise.square() + math.log(2 * math.pi)).sum((1, 2))
        return (gaussian + log_det) / wave.shape[2]

    def inverse(self, noise: Tensor, mel: Tensor) -> Tensor:
        """Map noise (B, group, T * hop_length / group) to a wave (B, 1, T * hop_length)."""
        conditioning, mask = self.upsample(mel), torch.ones_like(noise[:, :1])
        n_left = 2 * sum(map(self._leave, range(self.sizes.n_flows)))
        left, x = noise[:, :n_left], noise[:, n_left:]
        for i in reversed(range(self.sizes.n_flows)):
            mix, coupling = cast(ChannelMix, self.mixes[i]), cast(AffineCoupling, self.couplings[i])
            x = mix.inverse(coupling.inverse(x, mask, conditioning))
            if self._leave(i):
                x = torch.cat([left[:, -2:], x], dim=1)
                left = left[:, :-2]
        return x.transpose(1, 2).flatten(1).unsqueeze(1)

    def sample(self, mel: Tensor, noise_scale: float = 0.6) -> Tensor:
        """Draw a wave (B, 1, T * hop_length) for a mel spectrogram (B, M, T).

        The noise is that of the original's synthesis, 0.6.
        """
        columns = mel.shape[2] * self.upsample.stride[0]
        noise = torch.randn(len(mel), self.sizes.group, columns, device=mel.device)
        return self.inverse(noise_scale * noise, mel)

    def _leave(self, i: int) -> bool:
        """Return whether two channels leave before flow ``i``."""
        return i > 0 and i % self.sizes.early_every == 0
