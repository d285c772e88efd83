"""Decodes parts of a latent: the receptive field of each decoder, and what it costs to cut.

A part is decoded with the frames around it that its samples depend on. Each stage of the decoder
computes only the columns that the next one needs.
"""

import math
from abc import ABC, abstractmethod

from torch import Tensor

from vits.layers.receptive_field import Columns, Span
from vits.layers.residual import ResidualStage
from vits.models.convnext_decoder import ConvNextDecoder
from vits.models.decoder import POST_KERNEL, PRE_KERNEL, HifiGanDecoder
from vits.models.decoders import Decoder
from vits.models.istft_decoder import MIXING_KERNEL, IstftDecoder
from vits.models.pitch.source import Source

__all__ = ["PartialDecoder", "partial_decoder"]


class PartialDecoder(ABC):
    """Decodes some frames of a latent with a decoder.

    Attributes:
        hop_length: samples of a frame.
        receptive_radius: frames on either side of a frame that its samples depend on.
        cut_cost: frames of work that each side of a part costs besides its own frames.
    """

    hop_length: int
    receptive_radius: int
    cut_cost: int

    @abstractmethod
    def __call__(
        self,
        z: Tensor,
        part: Span,
        conditioning: Tensor | None = None,
        source: Source | None = None,
    ) -> Tensor:
        """Decode a part; the samples are those of the whole latent up to rounding.

        Args:
            z: (B, C, T); ``receptive_radius`` frames around the part are enough.
            part: the frames.
            conditioning: (B, G, 1) speaker, or None.
            source: of the frames of ``z``; required with pitch, ignored without.

        Returns:
            Wave (B, 1, frames * hop_length).
        """


def partial_decoder(decoder: Decoder) -> PartialDecoder:
    """Return the partial decoder of a decoder's kind."""
    if isinstance(decoder, ConvNextDecoder):
        return _PartialConvNext(decoder)
    return _PartialUpsampling(decoder)


class _PartialUpsampling(PartialDecoder):
    """Decodes parts with an ``UpsamplingStack``."""

    def __init__(self, decoder: HifiGanDecoder | IstftDecoder) -> None:
        self._decoder, self.hop_length = decoder, decoder.hop_length
        columns = self._columns(Span(0, self.hop_length - 1))
        frames = self._spans(columns)[0][0].before_convolution(PRE_KERNEL)
        self.receptive_radius = max(-frames.first, frames.last)
        self.cut_cost = self._cost_of_a_cut(columns)

    def __call__(
        self,
        z: Tensor,
        part: Span,
        conditioning: Tensor | None = None,
        source: Source | None = None,
    ) -> Tensor:
        """Decode a part (B, 1, frames * hop_length) of ``z`` (B, C, T)."""
        decoder, samples = self._decoder, part.times(self.hop_length)
        columns = self._columns(samples)
        known = Columns(decoder.embed(z, conditioning, source), 0)
        for i, (before, inside) in enumerate(self._spans(columns)):
            x, first = known.crop(before)
            upsampled = Columns(decoder.upsample(i, x), first * decoder.stages.upsample_rates[i])
            x, first = upsampled.crop(inside)
            excitation = decoder.excitation(i, source)
            if excitation is not None:
                x = x + Columns(excitation, 0).crop(inside).x
            known = Columns(decoder.blocks[i](x), first)
        x, first = known.crop(columns)
        first *= self.hop_length // decoder.factor
        return Columns(decoder.synthesize(x), first).crop(samples).x

    def _columns(self, samples: Span) -> Span:
        """Return the columns of the last stage that samples depend on."""
        if isinstance(self._decoder, IstftDecoder):
            samples = _columns_of_bands(self._decoder, samples)
        return samples.before_convolution(POST_KERNEL)

    def _spans(self, columns: Span) -> list[tuple[Span, Span]]:
        """Return, for each stage, the columns needed before its upsampling and after it."""
        stages, spans = self._decoder.stages, list[tuple[Span, Span]]()
        blocks = [block for block in self._decoder.blocks if isinstance(block, ResidualStage)]
        radius = max(block.receptive_radius for block in blocks)
        upsamplers = zip(stages.upsample_rates, stages.upsample_kernel_sizes, strict=True)
        for rate, size in reversed(list(upsamplers)):
            inside = columns.widen(radius)
            columns = inside.before_upsampling(size=size, rate=rate)
            spans.append((columns, inside))
        return spans[::-1]

    def _cost_of_a_cut(self, columns: Span) -> int:
        """Return the work of one side of a cut in frames: what both parts compute there.

        Args:
            columns: of the last stage, needed by a frame in the middle.
        """
        stages = self._decoder.stages
        rate, channels, work, repeated = 1, stages.initial_channels, 0.0, 0.0
        for factor, (_, inside) in zip(stages.upsample_rates, self._spans(columns), strict=True):
            rate, channels = rate * factor, channels // 2
            products = rate * channels**2
            work += products
            repeated += products * max(-inside.first, inside.last - rate + 1) / rate
        return math.ceil(repeated / work)


class _PartialConvNext(PartialDecoder):
    """Decodes parts with a ``ConvNextDecoder``."""

    def __init__(self, decoder: ConvNextDecoder) -> None:
        self._decoder, self.hop_length = decoder, decoder.hop_length
        spans = self._spans(Span(0, self.hop_length - 1))
        radii = [max(-span.first, span.last) for span in spans]
        self.receptive_radius = radii[0]
        self.cut_cost = math.ceil(sum(radii[1:]) / len(decoder.blocks))

    def __call__(
        self,
        z: Tensor,
        part: Span,
        conditioning: Tensor | None = None,
        source: Source | None = None,
    ) -> Tensor:
        """Decode a part (B, 1, frames * hop_length) of ``z`` (B, C, T)."""
        decoder, samples = self._decoder, part.times(self.hop_length)
        _, *spans = self._spans(samples)
        known = Columns(decoder.embed(z, conditioning, source), 0)
        for block, span in zip(decoder.blocks, spans, strict=True):
            x, first = known.crop(span)
            known = Columns(block(x), first)
        windows = self._windows(samples)
        x, first = known.crop(windows)
        phase = decoder.excitation_phase(source)
        if phase is not None:
            phase = Columns(phase, 0).crop(windows).x
        return Columns(decoder.synthesize(x, phase), first * self.hop_length).crop(samples).x

    def _windows(self, samples: Span) -> Span:
        """Return the frames whose windows overlap samples."""
        return samples.before_upsampling(size=self._decoder.inverse.n_fft, rate=self.hop_length)

    def _spans(self, samples: Span) -> list[Span]:
        """Return what samples need of the latent, then of the input of each block."""
        spans = [self._windows(samples)]
        for _ in range(len(self._decoder.blocks) + 1):
            spans.append(spans[-1].before_convolution(self._decoder.kernel_size))
        return spans[:0:-1]


def _columns_of_bands(decoder: IstftDecoder, samples: Span) -> Span:
    """Return the spectra that samples depend on, through filterbank and inverse transform."""
    span, rate = samples, decoder.n_bands
    if decoder.mixing is not None:
        padding = MIXING_KERNEL // 2
        span = span.before_upsampling(size=MIXING_KERNEL, rate=rate, padding=padding)
    elif decoder.filterbank is not None:
        size = decoder.filterbank.filters.shape[2]
        span = span.before_upsampling(size=size, rate=rate, padding=(size - 1) // 2)
    return span.before_upsampling(size=decoder.inverse.n_fft, rate=decoder.inverse.hop_length)
