"""The shape of the decoder."""

import math
from dataclasses import dataclass
from typing import Literal

from vits.config.checks import require, require_odd, require_positive

__all__ = ["DecoderConfig"]


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """HiFi-GAN generator (Kong et al., NeurIPS 2020; V1 by default), or a faster decoder.

    Attributes:
        kind: ``hifigan``; ``istft`` upsamples part of the way and ends in short inverse transforms
            of several bands (Kawamura et al., ICASSP 2023); ``convnext`` stays at the rate of the
            frames and ends in one inverse transform (Siuzdak, ICLR 2024). The next six keys are
            those of ``hifigan`` and ``istft``.
        resblock: ``1`` has two convolutions per dilation, ``2`` has one.
        resblock_kernel_sizes: kernel of each residual block of a stage (samples), odd.
        resblock_dilations: dilations of each residual block.
        upsample_rates: factor of each stage; the product must be ``hop_length`` (``istft``: times
            ``n_bands`` and ``istft_hop_length``).
        upsample_kernel_sizes: kernel of each transposed convolution (samples).
        initial_channels: width before the first stage; every stage halves it.
        n_bands: bands, or streams (``istft`` only); 1 is one inverse transform of the whole.
        trainable_filterbank: mix the streams with a trained filter instead of a fixed filterbank
            (``istft`` only).
        istft_hop_length: of each band's inverse transform (samples of the band, ``istft`` only),
            even.
        window_hops: window of the inverse transform over its hop (``istft`` and ``convnext``),
            even.
        channels: width (``convnext`` only).
        inner_channels: width inside each block (``convnext`` only).
        n_blocks: blocks (``convnext`` only).
        kernel_size: of the convolutions along time (frames, ``convnext`` only), odd.
    """

    kind: Literal["hifigan", "istft", "convnext"] = "hifigan"

    resblock: Literal["1", "2"] = "1"
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16, 4, 4)
    initial_channels: int = 512
    n_bands: int = 4
    trainable_filterbank: bool = False
    istft_hop_length: int = 4
    window_hops: int = 4
    channels: int = 512
    inner_channels: int = 1536
    n_blocks: int = 8
    kernel_size: int = 7

    def check_hop(self, hop_length: int) -> None:
        """Require that a frame of ``hop_length`` samples is what the stages make of it."""
        if self.kind == "convnext":
            require(hop_length % 2 == 0, f"hop_length {hop_length} must be even for convnext")
            return
        samples, factors = math.prod(self.upsample_rates), f"upsample_rates {self.upsample_rates}"
        if self.kind == "istft":
            samples *= self.n_bands * self.istft_hop_length
            factors += f", n_bands {self.n_bands} and istft_hop_length {self.istft_hop_length}"
        require(
            samples == hop_length,
            f"hop_length {hop_length} must equal the product of {factors} = {samples}",
        )

    def __post_init__(self) -> None:
        """Check the values against each other."""
        self._check_stages()
        require(
            self.kind in ("hifigan", "istft", "convnext"),
            f"kind {self.kind!r} must be 'hifigan', 'istft' or 'convnext'",
        )
        require_positive(
            self, "n_bands", "istft_hop_length", "channels", "inner_channels", "n_blocks"
        )
        require_odd("kernel_size", self.kernel_size)
        require(
            self.istft_hop_length % 2 == 0,
            f"istft_hop_length {self.istft_hop_length} must be even",
        )
        require(
            self.window_hops >= 2 and self.window_hops % 2 == 0,
            f"window_hops {self.window_hops} must be an even number, at least 2",
        )
        require(
            self.n_bands > 1 or not self.trainable_filterbank,
            f"n_bands {self.n_bands} must be 2 or more with trainable_filterbank",
        )

    def _check_stages(self) -> None:
        require(self.resblock in ("1", "2"), f"resblock {self.resblock!r} must be '1' or '2'")
        require(
            len(self.resblock_kernel_sizes) == len(self.resblock_dilations) > 0,
            f"resblock_kernel_sizes {self.resblock_kernel_sizes} and resblock_dilations "
            f"{self.resblock_dilations} must have the same length, at least 1",
        )
        for size in self.resblock_kernel_sizes:
            require_odd("resblock_kernel_sizes", size)
        require(
            len(self.upsample_rates) == len(self.upsample_kernel_sizes) > 0,
            f"upsample_rates {self.upsample_rates} and upsample_kernel_sizes "
            f"{self.upsample_kernel_sizes} must have the same length, at least 1",
        )
        for rate, size in zip(self.upsample_rates, self.upsample_kernel_sizes, strict=True):
            require(
                0 < rate <= size and (size - rate) % 2 == 0,
                f"upsample_kernel_sizes {size} must be at least its rate {rate} "
                "and differ from it by an even number",
            )
        factor = 2 ** len(self.upsample_rates)
        require(
            self.initial_channels % factor == 0 and self.initial_channels > 0,
            f"initial_channels {self.initial_channels} must be a multiple of {factor}, "
            f"halved once for each of the {len(self.upsample_rates)} stages",
        )
