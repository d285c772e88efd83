"""Infer a model's configuration from the shapes of its tensors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vits.config import (
    AdversarialDurationConfig,
    AudioConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    DurationPredictorConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.errors import VoiceError
from vits.interop.parameter_names import V
from vits.interop.settings_reader import shown

__all__ = ["DeclaredConfig", "infer_config", "require_consistent"]

LARGEST = 1 << 20  # channels, embeddings: a larger size would only exhaust the memory


@dataclass(frozen=True, kw_only=True)
class DeclaredConfig:
    """Configuration that tensor shapes do not show; a settings file has to declare it.

    Attributes:
        audio: spectrogram settings.
        upsample_rates: factor of each decoder stage.
        resblock_dilations: dilations of each residual block of a stage.
        posterior_dilation_rate: dilation rate of the posterior encoder.
        flow_dilation_rate: dilation rate of the prior flow.
        tail_bound: range of the splines of the duration predictor.
        text_dropout: dropout of the text encoder.
        duration_dropout: dropout of the duration predictor.
        segment_frames: length of a training segment (frames).
        periods: periods of the discriminators.
    """

    audio: AudioConfig
    upsample_rates: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    posterior_dilation_rate: int = 1
    flow_dilation_rate: int = 1
    tail_bound: float = 5.0
    text_dropout: float = 0.1
    duration_dropout: float = 0.5
    segment_frames: int = 32
    periods: tuple[int, ...] = (2, 3, 5, 7, 11)


def infer_config(
    weights: Mapping[str, Tensor],
    discriminators: Mapping[str, Tensor] | None,
    declared: DeclaredConfig,
) -> VitsConfig:
    """Return the configuration of a model.

    Args:
        weights: tensors of the generator under our names.
        discriminators: tensors of the discriminators under our names, if there are any.
        declared: what the shapes do not show.

    Raises:
        VoiceError: a required tensor is missing or has the wrong rank.
        ConfigError: the sizes contradict each other.
    """
    shapes = TensorShapes(weights)
    n_symbols, hidden = shapes("text_encoder.embedding.weight", 2)
    n_speakers, speaker_channels = 1, 256
    if "speaker_embedding.weight" in weights:
        n_speakers, speaker_channels = shapes("speaker_embedding.weight", 2)
        if n_speakers < 2:
            raise VoiceError("a speaker embedding of a single speaker cannot be converted")
    n_languages, language_channels = 0, 4
    if "language_embedding.weight" in weights:
        n_languages, language_channels = shapes("language_embedding.weight", 2)
    n_bins = declared.audio.n_bins
    if "posterior_encoder.pre.weight" in weights:
        n_bins = shapes("posterior_encoder.pre.weight", 3)[1]
    if n_bins != declared.audio.n_bins:
        raise VoiceError(
            f"the posterior encoder takes {n_bins} bins, but a transform of "
            f"{declared.audio.n_fft} samples has {declared.audio.n_bins}"
        )
    return VitsConfig(
        n_symbols=n_symbols,
        n_speakers=n_speakers,
        n_languages=n_languages,
        hidden_channels=hidden,
        latent_channels=shapes("text_encoder.projection.weight", 3)[0] // 2,
        speaker_channels=speaker_channels,
        language_channels=language_channels,
        segment_frames=declared.segment_frames,
        audio=declared.audio,
        text_encoder=_text_encoder(
            shapes, hidden + (language_channels if n_languages else 0), declared
        ),
        posterior_encoder=_posterior_encoder(shapes, declared),
        prior_flow=_prior_flow(shapes, declared),
        duration_predictor=_duration_predictor(shapes, hidden, declared),
        decoder=_decoder(shapes, declared),
        discriminator=_discriminator(TensorShapes(discriminators), declared)
        if discriminators
        else DiscriminatorConfig(),
    )


def require_consistent(
    claims: Mapping[str, tuple[Any, Any]], source: object, *, reference: str = "the tensors"
) -> None:
    """Require that a settings file agrees with the tensors.

    Args:
        claims: key -> (value in the file, or None; value that the tensors show).
        source: the file, named in error messages.
        reference: what shows the second value.

    Raises:
        VoiceError: the two differ.
    """
    for key, (stated, actual) in claims.items():
        if stated is not None and stated != actual:
            raise VoiceError(
                f"{source}: {key} is {shown(stated)}, but {reference} say {shown(actual)}"
            )


class TensorShapes:
    """Checked access to tensor shapes by name."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def __call__(self, name: str, rank: int) -> tuple[int, ...]:
        """Return the shape of a tensor that must have the given rank."""
        if name not in self._weights:
            raise VoiceError(f"the tensor {name} is missing (under our names)")
        shape = tuple(self._weights[name].shape)
        if len(shape) != rank or not all(0 < size <= LARGEST for size in shape):
            raise VoiceError(f"the tensor {name} has the impossible shape {shape}")
        return shape

    def count(self, pattern: str) -> int:
        """Count the different numbers that the pattern's group matches."""
        regex = re.compile(pattern)
        return len({found[1] for name in self._weights if (found := regex.match(name))})

    def kernel(self, name: str) -> int:
        """Return the kernel size of a 1-d convolution."""
        return self(name, 3)[2]


def _text_encoder(shapes: TensorShapes, hidden: int, declared: DeclaredConfig) -> TextEncoderConfig:
    top = "text_encoder.encoder"
    _, distances, per_head = shapes(f"{top}.attentions.0.relative_key", 3)
    filters, _, kernel = shapes(f"{top}.feed_forwards.0.conv_1.weight", 3)
    return TextEncoderConfig(
        filter_channels=filters,
        n_heads=hidden // per_head,
        n_layers=shapes.count(r"text_encoder\.encoder\.attentions\.(\d+)\."),
        kernel_size=kernel,
        dropout=declared.text_dropout,
        window_size=distances // 2,
    )


def _posterior_encoder(shapes: TensorShapes, declared: DeclaredConfig) -> PosteriorEncoderConfig:
    gate = f"posterior_encoder.wavenet.gates.0{V}"
    if gate not in shapes:
        return PosteriorEncoderConfig(dilation_rate=declared.posterior_dilation_rate)
    return PosteriorEncoderConfig(
        kernel_size=shapes.kernel(gate),
        dilation_rate=declared.posterior_dilation_rate,
        n_layers=shapes.count(r"posterior_encoder\.wavenet\.gates\.(\d+)\."),
    )


def _prior_flow(shapes: TensorShapes, declared: DeclaredConfig) -> PriorFlowConfig:
    return PriorFlowConfig(
        kernel_size=shapes.kernel(f"prior_flow.couplings.0.wavenet.gates.0{V}"),
        dilation_rate=declared.flow_dilation_rate,
        n_layers=shapes.count(r"prior_flow\.couplings\.0\.wavenet\.gates\.(\d+)\."),
        n_flows=shapes.count(r"prior_flow\.couplings\.(\d+)\."),
    )


def _duration_predictor(
    shapes: TensorShapes, hidden: int, declared: DeclaredConfig
) -> DurationPredictorConfig:
    top = "duration_predictor"
    if f"{top}.conv_1.weight" in shapes:
        filters, _, kernel = shapes(f"{top}.conv_1.weight", 3)
        adversarial = f"{top}.noise.weight" in shapes
        kind = AdversarialDurationConfig if adversarial else DeterministicDurationConfig
        return kind(
            filter_channels=filters,
            kernel_size=kernel,
            dropout=declared.duration_dropout,
        )
    filters = shapes(f"{top}.pre.weight", 3)[0]
    return StochasticDurationConfig(
        filter_channels=None if filters == hidden else filters,
        kernel_size=shapes.kernel(f"{top}.stack.depthwise.0.weight"),
        dropout=declared.duration_dropout,
        n_flows=shapes.count(r"duration_predictor\.flows\.(\d+)\.pre\."),
        n_bins=(shapes(f"{top}.flows.1.projection.weight", 3)[0] + 1) // 3,
        tail_bound=declared.tail_bound,
    )


def _decoder(shapes: TensorShapes, declared: DeclaredConfig) -> HifiGanConfig:
    n_stages = shapes.count(r"decoder\.upsamplers\.(\d+)\.")
    n_kernels = shapes.count(r"decoder\.blocks\.0\.(\d+)\.")
    depths = [
        shapes.count(rf"decoder\.blocks\.0\.{block}\.dilated\.(\d+)\.")
        for block in range(n_kernels)
    ]
    dilations = declared.resblock_dilations
    if [len(each) for each in dilations] != depths:
        raise VoiceError(
            f"the settings declare the dilations {dilations}, but the tensors show residual blocks "
            f"of {depths} convolutions"
        )
    if len(declared.upsample_rates) != n_stages:
        raise VoiceError(
            f"the settings declare the rates {declared.upsample_rates}, but the tensors show "
            f"{n_stages} stages"
        )
    return HifiGanConfig(
        resblock="1" if shapes.count(r"decoder\.blocks\.0\.0\.plain\.(\d+)\.") else "2",
        resblock_kernel_sizes=tuple(
            shapes.kernel(f"decoder.blocks.0.{block}.dilated.0{V}") for block in range(n_kernels)
        ),
        resblock_dilations=dilations,
        upsample_rates=declared.upsample_rates,
        upsample_kernel_sizes=tuple(
            shapes.kernel(f"decoder.upsamplers.{stage}{V}") for stage in range(n_stages)
        ),
        initial_channels=shapes("decoder.pre.weight", 3)[0],
    )


def _discriminator(shapes: TensorShapes, declared: DeclaredConfig) -> DiscriminatorConfig:
    """Infer the discriminators: the scale discriminator first, then one for each period."""

    def widths(member: int, rank: int) -> tuple[int, ...]:
        n_layers = shapes.count(rf"members\.{member}\.convolutions\.(\d+)\.")
        return tuple(
            shapes(f"members.{member}.convolutions.{layer}{V}", rank)[0]
            for layer in range(n_layers)
        )

    scale = widths(0, 3)
    inputs = [shapes(f"members.0.convolutions.{layer}{V}", 3)[1] for layer in range(len(scale))]
    return DiscriminatorConfig(
        periods=declared.periods,
        period_channels=widths(1, 4),
        scale_channels=scale,
        scale_groups=tuple(
            width // each for width, each in zip((1, *scale[:-1]), inputs, strict=True)
        ),
    )
