"""iSTFT decoders: upsampling to a low rate, short inverse STFTs, and a filterbank."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.filterbank import PseudoQmf
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.models.decoder import LAST_SLOPE, POST_KERNEL, Stages, UpsamplingStack

__all__ = ["MIXING_KERNEL", "IstftDecoder"]

MIXING_KERNEL = 63  # taps of the trainable synthesis filter, as many as the paper's


class IstftDecoder(UpsamplingStack):
    """HiFi-GAN's stages up to a low rate, a short inverse STFT for each band, and a filterbank.

    With ``trainable_filterbank`` a trained convolution mixes the upsampled streams (multi-stream);
    else they are the bands of a fixed filterbank (multi-band).

    Source: Kawamura et al., ICASSP 2023, arXiv:2210.15975, sections 2.3 and 2.4; Kaneko et al. 2022
    (iSTFTNet), arXiv:2203.02395. One difference: a frame of the transform is centred on its
    samples, where the original pads one more frame by reflection and removes half a window. Samples
    may leave [-1, 1].

    Args:
        latent_channels: C of the latent.
        stages: the shapes of the residual stages.
        n_bands: bands, or streams; 1 is iSTFTNet.
        n_fft: of each band's inverse transform (samples of the band), even.
        istft_hop_length: of each band's inverse transform (samples of the band), even.
        trainable_filterbank: multi-stream.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
        pitched: whether its stages are excited.
    """

    def __init__(
        self,
        latent_channels: int,
        stages: Stages,
        *,
        n_bands: int,
        n_fft: int,
        istft_hop_length: int,
        trainable_filterbank: bool,
        conditioning_channels: int = 0,
        pitched: bool = False,
    ) -> None:
        hop_length = math.prod(stages.upsample_rates) * n_bands * istft_hop_length
        super().__init__(
            latent_channels,
            stages,
            conditioning_channels=conditioning_channels,
            excited_hop=hop_length if pitched else 0,
        )
        self.n_bands = n_bands
        n_out = n_bands * (n_fft + 2)
        self.post = weight_norm(
            nn.Conv1d(self.channels, n_out, POST_KERNEL, padding=POST_KERNEL // 2)
        )
        self.inverse = InverseSpectrogram(n_fft, istft_hop_length)
        self.filterbank = None if trainable_filterbank or n_bands == 1 else PseudoQmf(n_bands)
        self.mixing = None
        if trainable_filterbank:
            mixing = nn.Conv1d(n_bands, 1, MIXING_KERNEL, padding=MIXING_KERNEL // 2, bias=False)
            self.mixing = weight_norm(mixing)
        self.hop_length = hop_length

    def synthesize(self, x: Tensor) -> Tensor:
        """Map (B, channels, T * factor) to a wave (B, 1, T * hop_length)."""
        return self.invert(functional.leaky_relu(x, LAST_SLOPE))

    def invert(self, x: Tensor) -> Tensor:
        """Project (B, channels, T * factor) to spectra, and invert them to (B, 1, T * hop_length).

        Computed in float32 whatever the autocast: phases need it.
        """
        with torch.autocast(x.device.type, enabled=False):
            x = self.post(x.to(self.pre.weight.dtype))
            # bands join the batch axis; unflatten and len would make its size a constant of exports
            x = x.reshape(x.shape[0] * self.n_bands, -1, x.shape[2])
            log_magnitude, angle = x.chunk(2, dim=1)
            bands = self.inverse(log_magnitude.exp(), math.pi * torch.sin(angle))
            return self._join(bands.reshape(-1, self.n_bands, bands.shape[2]))

    def _join(self, bands: Tensor) -> Tensor:
        """Combine bands (B, M, L / M) into a wave (B, 1, L)."""
        if self.mixing is not None:
            spread = functional.pad(bands.unsqueeze(3), (0, self.n_bands - 1)).flatten(2)
            return self.mixing(spread * self.n_bands)
        return bands if self.filterbank is None else self.filterbank.synthesis(bands)
