"""Decoder that upsamples part of the way and leaves the rest to short inverse transforms."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.layers.activation import leaky_relu
from vits.layers.filterbank import PseudoQmf
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.layers.reach import Span
from vits.models.decoder import LAST_SLOPE, POST_KERNEL, Stages, UpsamplingStack

__all__ = ["IstftDecoder"]

MIXING_KERNEL = 63  # taps of the trainable synthesis filter, as many as the paper's


class IstftDecoder(UpsamplingStack):
    """HiFi-GAN's stages up to a low rate, one short inverse STFT for each band, a filterbank.

    With ``trainable_filterbank`` the streams have no given meaning: they are spread out and mixed
    by a trained convolution (multi-stream); else they are the bands of a fixed filterbank
    (multi-band).

    Source: Kawamura et al., ICASSP 2023, arXiv:2210.15975, sections 2.3 and 2.4; Kaneko et al. 2022
    (iSTFTNet), arXiv:2203.02395. One difference: a frame of the transform is centred on its
    samples, where the original reflects one more frame in and cuts half a window off. Nothing
    holds samples in [-1, 1] but training.

    Args:
        latent_channels: C of the latent.
        stages: the shapes of the residual stages.
        n_bands: bands, or streams; 1 is iSTFTNet.
        n_fft: of each band's inverse transform (samples of the band), even.
        istft_hop_length: of each band's inverse transform (samples of the band), even.
        trainable_filterbank: multi-stream.
        conditioning_channels: width of the speaker embedding; 0 for one speaker.
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
    ) -> None:
        super().__init__(latent_channels, stages, conditioning_channels=conditioning_channels)
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
        self._end_at(self.factor * n_bands * istft_hop_length)

    def _finish(self, x: Tensor) -> Tensor:
        x = leaky_relu(x, LAST_SLOPE)
        with torch.autocast(x.device.type, enabled=False):  # phases need float32 whatever it says
            x = self.post(x.to(self.pre.weight.dtype))
            # each band a sample of its own; not unflatten or len: exporters fix what these give
            x = x.reshape(x.shape[0] * self.n_bands, -1, x.shape[2])
            log_magnitude, angle = x.chunk(2, dim=1)
            bands = self.inverse(log_magnitude.exp(), math.pi * torch.sin(angle))
            return self._join(bands.reshape(-1, self.n_bands, bands.shape[2]))

    def _join(self, bands: Tensor) -> Tensor:
        """Put bands (B, M, L / M) together to a wave (B, 1, L)."""
        if self.mixing is not None:
            spread = functional.pad(bands.unsqueeze(3), (0, self.n_bands - 1)).flatten(2)
            return self.mixing(spread * self.n_bands)
        return bands if self.filterbank is None else self.filterbank.synthesis(bands)

    def _columns(self, samples: Span) -> Span:
        span, rate = samples, self.n_bands
        if self.mixing is not None:
            padding = MIXING_KERNEL // 2
            span = span.before_upsampling(size=MIXING_KERNEL, rate=rate, padding=padding)
        elif self.filterbank is not None:
            size = self.filterbank.filters.shape[2]
            padding = (size - 1) // 2
            span = span.before_upsampling(size=size, rate=rate, padding=padding)
        span = span.before_upsampling(size=self.inverse.n_fft, rate=self.inverse.hop_length)
        return span.before_convolution(POST_KERNEL)
