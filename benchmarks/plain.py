"""The layers as the reference writes them, over the weights of ours.

``make_plain`` turns a generator or discriminators into the form the baseline times: the same
parameters under the same names, computed the straightforward way. Only layers that this library
computes in another way stand here; the others are already in the reference's form.
"""

import torch
from plain_text import PLAIN_TEXT
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.convolution import LEAKY_SLOPE, DoubleResidualBlock, SingleResidualBlock
from vits.layers.wavenet import WaveNet
from vits.models.decoder import LAST_SLOPE, HifiGanDecoder
from vits.models.discriminators import PeriodDiscriminator, ScaleDiscriminator
from vits.models.outputs import DiscriminatorOutput

__all__ = ["make_plain"]


def make_plain(module: nn.Module, but: tuple[type[nn.Module], ...] = ()) -> nn.Module:
    """Give every layer that has a plain form that form, in place, except those of types ``but``."""
    for part in module.modules():
        plain = PLAIN.get(type(part))
        if plain is not None and type(part) not in but:
            part.__class__ = plain
    return module


class PlainWaveNet(WaveNet):
    """Adds a conditioning of zeros where there is none, and masks after every layer."""

    def forward(self, x: Tensor, mask: Tensor | None, conditioning: Tensor | None = None) -> Tensor:
        """Shapes as the parent's."""
        assert mask is not None
        biases = self._biases(conditioning)
        skips = torch.zeros_like(x)
        last = len(self.gates) - 1
        for i, (gate, residual_skip) in enumerate(
            zip(self.gates, self.residual_skips, strict=True)
        ):
            hidden = gate(x)
            hidden = hidden + (torch.zeros_like(hidden) if biases is None else biases[i])
            filtered, gated = hidden[:, : self.channels], hidden[:, self.channels :]
            out = residual_skip(torch.tanh(filtered) * torch.sigmoid(gated))
            if i < last:
                x = (x + out[:, : self.channels]) * mask
                skips = skips + out[:, self.channels :]
            else:
                skips = skips + out
        return skips * mask


class PlainDoubleResidualBlock(DoubleResidualBlock):
    """Torch's own leaky rectifier."""

    def forward(self, x: Tensor) -> Tensor:
        """Shapes as the parent's."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = dilated(functional.leaky_relu(x, LEAKY_SLOPE))
            x = x + plain(functional.leaky_relu(y, LEAKY_SLOPE))
        return x


class PlainSingleResidualBlock(SingleResidualBlock):
    """Torch's own leaky rectifier."""

    def forward(self, x: Tensor) -> Tensor:
        """Shapes as the parent's."""
        for dilated in self.dilated:
            x = x + dilated(functional.leaky_relu(x, LEAKY_SLOPE))
        return x


class PlainDecoder(HifiGanDecoder):
    """Torch's own leaky rectifier and layout."""

    def forward(self, z: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Shapes as the parent's."""
        x = self.pre(z)
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning)
        for upsampler, blocks in zip(self.upsamplers, self.blocks, strict=True):
            x = upsampler(functional.leaky_relu(x, LEAKY_SLOPE))
            assert isinstance(blocks, nn.ModuleList)
            total = blocks[0](x)
            for block in list(blocks)[1:]:
                total = total + block(x)
            x = total / len(blocks)
        return torch.tanh(self.post(functional.leaky_relu(x, LAST_SLOPE)))


class PlainPeriodDiscriminator(PeriodDiscriminator):
    """Rows of a period as the last axis."""

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Shapes as the parent's."""
        shortage = -wave.shape[2] % self.period
        x = functional.pad(wave, (0, shortage), "reflect") if shortage else wave
        return _judge(x.unflatten(2, (-1, self.period)), self.convolutions, self.post)


class PlainScaleDiscriminator(ScaleDiscriminator):
    """Torch's own leaky rectifier."""

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Shapes as the parent's."""
        return _judge(wave, self.convolutions, self.post)


def _judge(x: Tensor, convolutions: nn.ModuleList, post: nn.Module) -> DiscriminatorOutput:
    features: list[Tensor] = []
    for convolution in convolutions:
        x = functional.leaky_relu(convolution(x), LEAKY_SLOPE)
        features.append(x)
    x = post(x)
    features.append(x)
    return DiscriminatorOutput(x.flatten(1), tuple(features))


PLAIN: dict[type[nn.Module], type[nn.Module]] = {
    **PLAIN_TEXT,
    WaveNet: PlainWaveNet,
    DoubleResidualBlock: PlainDoubleResidualBlock,
    SingleResidualBlock: PlainSingleResidualBlock,
    HifiGanDecoder: PlainDecoder,
    PeriodDiscriminator: PlainPeriodDiscriminator,
    ScaleDiscriminator: PlainScaleDiscriminator,
}
