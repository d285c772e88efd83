"""The decoders' sizes: one dataclass for each kind, told apart by ``kind``."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from vits.config.checks import key_of, require, require_kind, require_odd, require_positive

__all__ = ["ConvNextConfig", "DecoderConfig", "HifiGanConfig", "IstftConfig", "UpsamplingConfig"]


@dataclass(frozen=True, kw_only=True)
class UpsamplingConfig:
    """Upsampling stages with residual blocks, which HiFi-GAN and iSTFT decoders share.

    Attributes:
        kind: the tag of the decoder.
        resblock: ``1`` has two convolutions per dilation, ``2`` has one.
        resblock_kernel_sizes: kernel of each residual block of a stage (samples), odd.
        resblock_dilations: dilations of each residual block, each at least 1.
        upsample_rates: factor of each stage, at least 1.
        upsample_kernel_sizes: kernel of each transposed convolution (samples): at least the rate
            of its stage, and an even number more.
        initial_channels: width before the first stage; every stage halves it.
    """

    GROUP: ClassVar[str] = "decoder"

    kind: str
    resblock: Literal["1", "2"] = "1"
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16, 4, 4)
    initial_channels: int = 512

    def __post_init__(self) -> None:
        """Check the values against each other."""
        key = key_of(self, "resblock")
        require(self.resblock in ("1", "2"), f"{key} {self.resblock!r} must be '1' or '2'")
        self._check_blocks()
        self._check_stages()

    def check_hop(self, hop_length: int) -> None:
        """Require that the stages make ``hop_length`` samples of a frame."""
        samples, factors = self._samples()
        require(
            samples == hop_length,
            f"hop_length {hop_length} must equal the product of {factors} = {samples}",
        )

    def _samples(self) -> tuple[int, str]:
        """Return the samples of a frame, and the names and values of the factors."""
        return math.prod(self.upsample_rates), f"upsample_rates {self.upsample_rates}"

    def _check_blocks(self) -> None:
        sizes, dilations = self.resblock_kernel_sizes, self.resblock_dilations
        require(
            len(sizes) == len(dilations) > 0 and all(dilations),
            f"{key_of(self, 'resblock_kernel_sizes')} {sizes} and resblock_dilations {dilations} "
            "must have the same length, at least 1, and no empty entry",
        )
        require_odd(self, "resblock_kernel_sizes", *sizes)
        require(
            all(dilation > 0 for each in dilations for dilation in each),
            f"{key_of(self, 'resblock_dilations')} {dilations} must be greater than 0",
        )

    def _check_stages(self) -> None:
        rates, sizes = self.upsample_rates, self.upsample_kernel_sizes
        require(
            len(rates) == len(sizes) > 0,
            f"{key_of(self, 'upsample_rates')} {rates} and upsample_kernel_sizes {sizes} must "
            "have the same length, at least 1",
        )
        for rate, size in zip(rates, sizes, strict=True):
            require(
                0 < rate <= size and (size - rate) % 2 == 0,
                f"{key_of(self, 'upsample_kernel_sizes')} {size} must be at least its rate {rate} "
                "and differ from it by an even number",
            )
        factor = 2 ** len(rates)
        require(
            self.initial_channels % factor == 0 and self.initial_channels > 0,
            f"{key_of(self, 'initial_channels')} {self.initial_channels} must be a multiple of "
            f"{factor}, halved once for each of the {len(rates)} stages",
        )


@dataclass(frozen=True, kw_only=True)
class HifiGanConfig(UpsamplingConfig):
    """HiFi-GAN generator (Kong et al., NeurIPS 2020), V1 by default: the original's decoder.

    The product of ``upsample_rates`` must be ``audio.hop_length``. The other keys are those of
    ``UpsamplingConfig``.
    """

    kind: Literal["hifigan"] = "hifigan"

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "hifigan")
        super().__post_init__()


@dataclass(frozen=True, kw_only=True)
class IstftConfig(UpsamplingConfig):
    """Multi-band or multi-stream iSTFT decoder (Kawamura et al., ICASSP 2023).

    It upsamples part of the way and ends in short inverse transforms of several bands. The product
    of ``upsample_rates``, ``n_bands`` and ``istft_hop_length`` must be ``audio.hop_length``. The
    keys not named here are those of ``UpsamplingConfig``.

    Attributes:
        n_bands: bands or streams, at least 1; 1 is a single inverse transform of the full band.
        trainable_filterbank: combine streams with a trained filter instead of bands with a fixed
            filterbank; needs 2 or more ``n_bands``.
        istft_hop_length: hop of each band's inverse transform (samples of the band), even.
        window_hops: window of the inverse transform (hops), even, at least 2.
    """

    kind: Literal["istft"] = "istft"
    upsample_rates: tuple[int, ...] = (4, 4)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16)
    n_bands: int = 4
    trainable_filterbank: bool = False
    istft_hop_length: int = 4
    window_hops: int = 4

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "istft")
        super().__post_init__()
        require_positive(self, "n_bands", "istft_hop_length")
        key = key_of(self, "istft_hop_length")
        require(self.istft_hop_length % 2 == 0, f"{key} {self.istft_hop_length} must be even")
        _require_window(self, self.window_hops)
        require(
            self.n_bands > 1 or not self.trainable_filterbank,
            f"{key_of(self, 'n_bands')} {self.n_bands} must be 2 or more with "
            "trainable_filterbank: a single band needs no filterbank",
        )

    def _samples(self) -> tuple[int, str]:
        samples, factors = super()._samples()
        return (
            samples * self.n_bands * self.istft_hop_length,
            f"{factors}, n_bands {self.n_bands} and istft_hop_length {self.istft_hop_length}",
        )


@dataclass(frozen=True, kw_only=True)
class ConvNextConfig:
    """ConvNeXt decoder (Vocos; Siuzdak, ICLR 2024).

    It stays at the frame rate and ends in one inverse transform; ``audio.hop_length`` must be even.

    Attributes:
        channels: width.
        inner_channels: width inside each block.
        n_blocks: blocks, at least 1.
        kernel_size: width of the convolutions along time (frames), odd.
        window_hops: window of the inverse transform (hops), even, at least 2.
    """

    GROUP: ClassVar[str] = "decoder"

    kind: Literal["convnext"] = "convnext"
    channels: int = 512
    inner_channels: int = 1536
    n_blocks: int = 8
    kernel_size: int = 7
    window_hops: int = 4

    def __post_init__(self) -> None:
        """Check the values."""
        require_kind(self, "convnext")
        require_positive(self, "channels", "inner_channels", "n_blocks")
        require_odd(self, "kernel_size")
        _require_window(self, self.window_hops)

    def check_hop(self, hop_length: int) -> None:
        """Require that ``hop_length`` is even, as the overlap-add of the last step needs it."""
        require(hop_length % 2 == 0, f"hop_length {hop_length} must be even for convnext")


DecoderConfig = HifiGanConfig | IstftConfig | ConvNextConfig
"""The decoder: a union told apart by ``kind``. ``HifiGanConfig()`` is the original's."""


def _require_window(owner: object, hops: int) -> None:
    """Require an inverse transform that overlaps evenly."""
    require(
        hops >= 2 and hops % 2 == 0,
        f"{key_of(owner, 'window_hops')} {hops} must be an even number, at least 2",
    )
