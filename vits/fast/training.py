"""Optimizes networks for training on a CPU; inference without other changes gains too."""

from torch import nn

from vits.fast.attention import FastFeedForward, FastRelativeAttention, FastTransformerEncoder
from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.decoders import (
    FastDoubleResidualBlock,
    FastHifiGanDecoder,
    FastIstftDecoder,
    FastResidualStage,
    FastSingleResidualBlock,
)
from vits.fast.depth_separable import FastDepthSeparableStack
from vits.fast.discriminators import (
    FastPeriodDiscriminator,
    FastScaleDiscriminator,
    FastSpectrogramDiscriminator,
)
from vits.fast.dropout import FastDropout
from vits.fast.gpu.duration_predictor import FastStochasticDurationPredictor
from vits.fast.gpu.prior_flow import FastPriorFlow
from vits.fast.replacement import Table, replace_modules
from vits.fast.wavenet import FastWaveNet
from vits.layers.attention import FeedForward, RelativeAttention, TransformerEncoder
from vits.layers.depth_separable import DepthSeparableStack
from vits.layers.flows import SplineCoupling
from vits.layers.residual import DoubleResidualBlock, ResidualStage, SingleResidualBlock
from vits.layers.wavenet import WaveNet
from vits.models.decoder import HifiGanDecoder
from vits.models.discriminators import PeriodDiscriminator, ScaleDiscriminator
from vits.models.durations import (
    AdversarialDurationPredictor,
    DeterministicDurationPredictor,
    DurationDiscriminator,
    StochasticDurationPredictor,
)
from vits.models.istft_decoder import IstftDecoder
from vits.models.prior_flow import PriorFlow
from vits.models.spectrogram_discriminator import SpectrogramDiscriminator
from vits.models.text_encoder import TextEncoder

__all__ = ["CHANNELS_LAST", "TABLE", "optimize_for_training"]

TABLE: Table = {
    WaveNet: FastWaveNet,
    TransformerEncoder: FastTransformerEncoder,
    RelativeAttention: FastRelativeAttention,
    FeedForward: FastFeedForward,
    DepthSeparableStack: FastDepthSeparableStack,
    StochasticDurationPredictor: FastStochasticDurationPredictor,
    PriorFlow: FastPriorFlow,
    nn.Dropout: FastDropout,
    DoubleResidualBlock: FastDoubleResidualBlock,
    SingleResidualBlock: FastSingleResidualBlock,
    ResidualStage: FastResidualStage,
    HifiGanDecoder: FastHifiGanDecoder,
    IstftDecoder: FastIstftDecoder,
    PeriodDiscriminator: FastPeriodDiscriminator,
    ScaleDiscriminator: FastScaleDiscriminator,
    SpectrogramDiscriminator: FastSpectrogramDiscriminator,
}
# what computes on symbols; its convolutions keep channels adjacent in memory
CHANNELS_LAST: tuple[type[nn.Module], ...] = (
    TextEncoder,
    TransformerEncoder,
    RelativeAttention,
    FeedForward,
    StochasticDurationPredictor,
    DeterministicDurationPredictor,
    AdversarialDurationPredictor,
    DurationDiscriminator,
    SplineCoupling,
    DepthSeparableStack,
)


def optimize_for_training(module: nn.Module) -> nn.Module:
    """Replace modules by their fast equivalents, in place.

    The equivalents have the same parameters under the same names, and give the same values and
    gradients up to rounding; dropout draws other masks. Graphs that torch compiles or exports are
    those of the plain modules.

    Args:
        module: a generator, discriminators, or a part of them.

    Returns:
        The module; another object where its own class has an equivalent.
    """
    convolutions: Table = {nn.Conv1d: ChannelsLastConv1d}
    return replace_modules(module, TABLE, dict.fromkeys(CHANNELS_LAST, convolutions))
