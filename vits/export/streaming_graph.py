"""Flow and decoder as graphs: one for a whole sentence, and one that computes it part by part.

The second has the same operations as ``PriorFlow.inverse`` and the decoders, on ``Carried``
streams: the parts join to the whole wave, and no column is computed twice.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.export.carried_state import Carried
from vits.export.graph import TraceableInverse, make_traceable
from vits.layers.convnext import ConvNextBlock
from vits.layers.flows import MeanCoupling
from vits.layers.residual import LEAKY_SLOPE, DoubleResidualBlock, ResidualStage
from vits.layers.wavenet import WaveNet
from vits.models.convnext_decoder import MAX_LOG_MAGNITUDE, ConvNextDecoder
from vits.models.decoder import LAST_SLOPE, HifiGanDecoder, UpsamplingStack
from vits.models.decoder_streaming import partial_decoder
from vits.models.istft_decoder import IstftDecoder
from vits.models.pitch import Source
from vits.models.vits import Vits

__all__ = ["FlowGraph", "PitchGraph", "StreamingGraph", "WaveGraph", "source_channels"]


class _Given(NamedTuple):
    """A ``Source`` that was made outside of the graph.

    Attributes:
        features: (B, 2, T).
        excitation: (B, 1, T * hop_length), or the phases (B, F, T) of its spectrum.
    """

    features: Tensor
    excitation: Tensor

    @classmethod
    def of(cls, decoder: nn.Module, source: Tensor) -> "_Given":
        """Split what ``vits.synthesis.runtime.excitation.make_source`` returns, (B, 2 + K, T)."""
        features, excitation = source.split([2, source.shape[1] - 2], dim=1)
        if isinstance(decoder, UpsamplingStack):
            excitation = excitation.transpose(1, 2).flatten(1).unsqueeze(1)
        return cls(features, excitation)


def source_channels(model: Vits) -> tuple[int, int]:
    """Return the rows of the source that a decoder takes, and the ``n_fft`` of its phases or 0."""
    if model.config.pitch is None:
        return 0, 0
    if isinstance(model.decoder, ConvNextDecoder):
        n_fft = len(model.decoder.inverse.window)
        return 2 + n_fft // 2 + 1, n_fft
    return 2 + model.config.audio.hop_length, 0


def _prepare(model: Vits) -> None:
    """Replace what a graph cannot compute or gets from outside, in place."""
    make_traceable(model)
    if isinstance(model.decoder, ConvNextDecoder) and model.decoder.phase is not None:
        model.decoder.phase = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]


class PitchGraph(nn.Module):
    """The pitch predictor, for a whole sentence."""

    def __init__(self, model: Vits) -> None:
        super().__init__()
        assert model.pitch_predictor is not None
        self.predictor = model.pitch_predictor

    def forward(self, hidden: Tensor, mean: Tensor, *conditioning: Tensor) -> Tensor:
        """Map what is stretched to frames, (B, H, T) and (B, C, T), to the pitch (B, 2, T)."""
        return self.predictor.predict(hidden, mean, torch.ones_like(mean[:, :1]), *conditioning)


class FlowGraph(nn.Module):
    """The inverse of a flow that attends to whole sentences, which cannot be computed in parts."""

    def __init__(self, model: Vits) -> None:
        super().__init__()
        self.flow, self.latent_channels = model.prior_flow, model.config.latent_channels

    def forward(self, z: Tensor, *conditioning: Tensor) -> Tensor:
        """Map z (B, C, T) in prior space to the latent; conditioning (B, G, 1), if any."""
        return self.flow.inverse(z, torch.ones_like(z[:, :1]), *conditioning)


class WaveGraph(nn.Module):
    """Flow and decoder of a whole sentence.

    Args:
        model: as in ``StreamingGraph``.
    """

    def __init__(self, model: Vits) -> None:
        super().__init__()
        _prepare(model)
        self.flow, self.latent_channels = model.prior_flow, model.config.latent_channels
        self.decoder, self.pitched = model.decoder, model.config.pitch is not None

    def forward(self, z: Tensor, *others: Tensor) -> Tensor:
        """Map z (B, C, T) in prior space to the wave (B, 1, L).

        Args:
            z: of the whole sentence.
            others: the conditioning (B, G, 1) and the source (B, 2 + K, T), if there are any.
        """
        source = None
        if self.pitched:
            others, given = others[:-1], others[-1]
            source = cast(Source, _Given.of(self.decoder, given))
        conditioning = others[0] if others else None
        latent = self.flow.inverse(z, torch.ones_like(z[:, :1]), conditioning)
        return self.decoder(latent, conditioning, source)


class StreamingGraph(nn.Module):
    """Flow and decoder of one part of a sentence; only the decoder after a ``FlowGraph``.

    Args:
        model: the voice's model, its weight norm folded; its inverse transforms are replaced by
            ``TraceableInverse`` in place.

    Attributes:
        lookahead: frames that come in before the first sample can go out; the first part has at
            least one more, or is the last.
        conditioned: whether it takes a speaker.
        source_channels: rows of the source of a model with pitch; 0 without.
    """

    def __init__(self, model: Vits) -> None:
        super().__init__()
        radius = model.prior_flow.receptive_radius
        self.lookahead = partial_decoder(model.decoder).receptive_radius + (radius or 0)
        _prepare(model)
        self.source_channels, _ = source_channels(model)
        self.flow = None if radius is None else model.prior_flow
        self.decoder = model.decoder
        self.conditioned = model.config.n_speakers > 1
        self.speaker_channels = model.config.speaker_channels
        self.widest = _widest_padding(self)

    def forward(
        self, z: Tensor, first: Tensor, last: Tensor, *others: Tensor
    ) -> tuple[Tensor, ...]:
        """Compute a part.

        Args:
            z: (B, C, T) in prior space; the latent after a ``FlowGraph``.
            first: (1,) int64, 1 for the first part, else 0.
            last: (1,) int64, 1 for the last part, else 0.
            others: the conditioning (B, G, 1) of a voice with speakers, the source (B, 2 + K, T) of
                one with pitch, then the states.

        Returns:
            Wave (B, 1, L), and the states for the next part.
        """
        rest = list(others)
        conditioning = rest.pop(0) if self.conditioned else None
        source = rest.pop(0) if self.source_channels else None
        return self._run(z, first, last, conditioning, source, rest)

    def states(self) -> list[Tensor]:
        """Return the states with which a sentence begins: (1, C, 0) each."""
        like = next(self.parameters())
        z = like.new_zeros(1, self.decoder.pre.in_channels, self.lookahead + 1)
        conditioning = like.new_zeros(1, self.speaker_channels, 1) if self.conditioned else None
        rows = self.source_channels
        source = like.new_zeros(1, rows, z.shape[2]) if rows else None
        first, last = (torch.tensor([value], device="cpu") for value in (1, 0))
        with torch.no_grad():
            _, *left = self._run(z, first, last, conditioning, source, None)
        return [state[..., :0] for state in left]

    def _run(
        self,
        z: Tensor,
        first: Tensor,
        last: Tensor,
        conditioning: Tensor | None,
        source: Tensor | None,
        states: Sequence[Tensor] | None,
    ) -> tuple[Tensor, ...]:
        carried = Carried(states, first, last, z, self.widest)
        if self.flow is not None:
            for coupling in reversed(list(self.flow.couplings)):
                assert isinstance(coupling, MeanCoupling)
                z = _invert(carried, coupling, z, conditioning)
            source = None if source is None else carried.wait(source, z)
        given = None if source is None else _Given.of(self.decoder, source)
        decode = _upsampled if isinstance(self.decoder, UpsamplingStack) else _convnext
        wave = decode(carried, self.decoder, z, conditioning, given)
        return wave, *carried.left


def _invert(
    carried: Carried, coupling: MeanCoupling, y: Tensor, conditioning: Tensor | None
) -> Tensor:
    """Do what ``Flip.inverse`` and ``MeanCoupling.inverse`` do."""
    y0, y1 = y.flip(1).split(coupling.half_channels, dim=1)
    hidden = _wavenet(carried, coupling.wavenet, coupling.pre(y0), conditioning)
    shift = coupling.post(hidden)
    return torch.cat([carried.wait(y0, shift), carried.wait(y1, shift) - shift], dim=1)


def _wavenet(carried: Carried, net: WaveNet, x: Tensor, conditioning: Tensor | None) -> Tensor:
    """Do what ``WaveNet`` does, without padding."""
    biases = None
    if net.conditioning is not None and conditioning is not None:
        biases = net.conditioning(conditioning).split(2 * net.channels, dim=1)
    skips: Tensor | None = None
    for i, (gate, residual_skip) in enumerate(zip(net.gates, net.residual_skips, strict=True)):
        extended = carried.extend(gate, x)
        hidden = carried.apply(gate, extended)
        if biases is not None:
            hidden = hidden + biases[i]
        filtered, gated = hidden.chunk(2, dim=1)
        out = residual_skip(torch.tanh(filtered) * torch.sigmoid(gated))
        if i < len(net.gates) - 1:
            residual, out = out.chunk(2, dim=1)
            x = carried.centre(extended, residual, gate) + residual
        skips = out if skips is None else carried.wait(skips, out) + out
    assert skips is not None
    return skips


def _upsampled(
    carried: Carried,
    decoder: nn.Module,
    z: Tensor,
    conditioning: Tensor | None,
    source: _Given | None,
) -> Tensor:
    """Do what ``UpsamplingStack`` does."""
    assert isinstance(decoder, HifiGanDecoder | IstftDecoder)
    x = _embedded(carried, decoder, z, source)
    if decoder.conditioning is not None and conditioning is not None:
        x = x + decoder.conditioning(conditioning)
    for i, (upsampler, blocks) in enumerate(zip(decoder.upsamplers, decoder.blocks, strict=True)):
        assert isinstance(upsampler, nn.ConvTranspose1d)
        assert isinstance(blocks, ResidualStage)
        (stride,), cut = upsampler.stride, upsampler.padding[0]
        assert isinstance(cut, int)
        x = functional.leaky_relu(x, LEAKY_SLOPE)
        x = carried.upsample(x, upsampler.weight, upsampler.bias, stride=stride, cut=cut)
        if decoder.excitations is not None and source is not None:
            layer = decoder.excitations[i]
            assert isinstance(layer, nn.Conv1d)
            x = x + layer(carried.wait(source.excitation, x, rate=layer.stride[0]))
        x = _stage(carried, blocks, x)
    x = carried.convolve(decoder.post, functional.leaky_relu(x, LAST_SLOPE))
    return torch.tanh(x) if isinstance(decoder, HifiGanDecoder) else _bands(carried, decoder, x)


def _embedded(
    carried: Carried,
    decoder: HifiGanDecoder | IstftDecoder | ConvNextDecoder,
    z: Tensor,
    source: _Given | None,
) -> Tensor:
    """Map latent and features of the pitch to the first hidden sequence."""
    x = carried.convolve(decoder.pre, z)
    if decoder.pitch is None or source is None:
        return x
    return x + carried.convolve(decoder.pitch, source.features)


def _stage(carried: Carried, stage: ResidualStage, x: Tensor) -> Tensor:
    """Do what ``ResidualStage`` does; all blocks wait for the widest."""
    results = [_block(carried, block, x) for block in stage]
    radii = [block.receptive_radius for block in stage]
    slowest = results[radii.index(max(radii))]  # pyright: ignore[reportArgumentType]
    total, *others = (
        y if radius == max(radii) else carried.wait(y, slowest)  # pyright: ignore[reportArgumentType]
        for y, radius in zip(results, radii, strict=True)
    )
    for y in others:
        total = total + y
    return total / len(results)


def _block(carried: Carried, block: nn.Module, x: Tensor) -> Tensor:
    """Do what ``DoubleResidualBlock`` and ``SingleResidualBlock`` do."""
    plain = block.plain if isinstance(block, DoubleResidualBlock) else None
    for i, dilated in enumerate(block.dilated):  # pyright: ignore[reportArgumentType]
        layers = [dilated] if plain is None else [dilated, plain[i]]
        extended = carried.extend(dilated, x)
        y = carried.apply(dilated, functional.leaky_relu(extended, LEAKY_SLOPE))
        if plain is not None:
            y = carried.convolve(plain[i], functional.leaky_relu(y, LEAKY_SLOPE))
        x = carried.centre(extended, y, *layers) + y
    return x


def _bands(carried: Carried, decoder: IstftDecoder, x: Tensor) -> Tensor:
    """Do what ``IstftDecoder.invert`` does after its projection."""
    each = x.reshape(x.shape[0] * decoder.n_bands, -1, x.shape[2])
    log_magnitude, angle = each.chunk(2, dim=1)
    phase = math.pi * torch.sin(angle)
    bands = _invert_spectrum(carried, decoder.inverse, log_magnitude.exp(), phase, decoder.n_bands)
    if decoder.mixing is not None:
        spread = functional.pad(bands.unsqueeze(3), (0, decoder.n_bands - 1)).flatten(2)
        return carried.convolve(decoder.mixing, spread * decoder.n_bands)
    if decoder.filterbank is None:
        return bands
    filters = decoder.filterbank.filters.to(bands.dtype) * math.sqrt(decoder.n_bands)
    before = (filters.shape[2] - 1) // 2
    return carried.upsample(bands, filters, None, stride=decoder.n_bands, cut=before)


def _convnext(
    carried: Carried,
    decoder: nn.Module,
    z: Tensor,
    conditioning: Tensor | None,
    source: _Given | None,
) -> Tensor:
    """Do what ``ConvNextDecoder`` does."""
    assert isinstance(decoder, ConvNextDecoder)
    x = _embedded(carried, decoder, z, source)
    if decoder.conditioning is not None and conditioning is not None:
        x = x + decoder.conditioning(conditioning)
    x = decoder.norm(x.transpose(1, 2)).transpose(1, 2)
    for block in decoder.blocks:
        assert isinstance(block, ConvNextBlock)
        extended = carried.extend(block.depthwise, x)
        y = carried.apply(block.depthwise, extended)
        x = carried.centre(extended, y, block.depthwise) + block.across_channels(y)
    x = decoder.post(decoder.last_norm(x.transpose(1, 2))).transpose(1, 2)
    log_magnitude, phase = x.chunk(2, dim=1)
    if source is not None:
        phase = phase + carried.wait(source.excitation, phase)
    magnitude = log_magnitude.clamp(max=MAX_LOG_MAGNITUDE).exp()
    return _invert_spectrum(carried, decoder.inverse, magnitude, phase)


def _invert_spectrum(
    carried: Carried, inverse: nn.Module, magnitude: Tensor, phase: Tensor, n_bands: int = 1
) -> Tensor:
    """Do what ``TraceableInverse`` does: spectra (B * n_bands, F, T) to bands (B, n_bands, L)."""
    assert isinstance(inverse, TraceableInverse)
    spectrum, weight, squares = inverse.prepare(magnitude, phase)
    spectrum = spectrum.reshape(-1, n_bands * spectrum.shape[1], spectrum.shape[2])
    hop = inverse.hop_length
    cut = (len(inverse.window) - hop) // 2
    weight = weight.repeat(n_bands, 1, 1)
    wave = carried.upsample(spectrum, weight, None, stride=hop, cut=cut, groups=n_bands)
    ones = torch.ones_like(spectrum[:, :1])
    return wave / carried.upsample(ones, squares, None, stride=hop, cut=cut)


def _widest_padding(graph: StreamingGraph) -> int:
    """Return the most columns with which a layer pads or that it cuts."""
    widest = 1
    for module in graph.modules():
        if isinstance(module, nn.Conv1d):
            widest = max(widest, module.dilation[0] * (module.kernel_size[0] // 2))
        elif isinstance(module, nn.ConvTranspose1d):
            widest = max(widest, module.kernel_size[0])
        elif isinstance(module, TraceableInverse):
            widest = max(widest, len(module.window))
    filterbank = getattr(graph.decoder, "filterbank", None)
    return widest if filterbank is None else max(widest, filterbank.filters.shape[2])
