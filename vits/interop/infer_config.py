"""The shape of a model, read off its tensors; what tensors cannot tell comes from its settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vits.config import (
    AudioConfig,
    DecoderConfig,
    DiscriminatorConfig,
    DurationPredictorConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.errors import VoiceError
from vits.interop.parameter_names import V

__all__ = ["Unseen", "measure", "require_claims"]

LARGEST = 1 << 20  # channels, rows: no model has more, and a wrong one must not fill the memory


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """What the tensors of a model do not show.

    Attributes:
        audio: rates and window.
        upsample_rates: of the decoder's stages.
        resblock_dilations: of the decoder's residual blocks.
        posterior_dilation_rate: of the posterior encoder.
        flow_dilation_rate: of the prior flow.
        tail_bound: of the splines.
        text_dropout: of the text encoder.
        duration_dropout: of the duration predictor.
        segment_frames: of training.
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


def measure(
    weights: Mapping[str, Tensor], judges: Mapping[str, Tensor] | None, unseen: Unseen
) -> VitsConfig:
    """Return the configuration of a model.

    Args:
        weights: the generator's tensors under our names.
        judges: those of the discriminators, if there are any.
        unseen: the rest.

    Raises:
        VoiceError: a tensor that every model has is missing or has the wrong rank.
        ConfigError: the sizes contradict each other.
    """
    seen = _Shapes(weights)
    n_symbols, hidden = seen("text_encoder.embedding.weight", 2)
    n_speakers, speaker_channels = 1, 256
    if "speaker_embedding.weight" in weights:
        n_speakers, speaker_channels = seen("speaker_embedding.weight", 2)
        if n_speakers < 2:
            raise VoiceError("a speaker embedding of a single speaker cannot be carried over")
    n_languages, language_channels = 0, 4
    if "language_embedding.weight" in weights:
        n_languages, language_channels = seen("language_embedding.weight", 2)
    n_bins = unseen.audio.n_bins
    if "posterior_encoder.pre.weight" in weights:
        n_bins = seen("posterior_encoder.pre.weight", 3)[1]
    if n_bins != unseen.audio.n_bins:
        raise VoiceError(
            f"the posterior encoder takes {n_bins} bins, but a transform of "
            f"{unseen.audio.n_fft} samples has {unseen.audio.n_bins}"
        )
    return VitsConfig(
        n_symbols=n_symbols,
        n_speakers=n_speakers,
        n_languages=n_languages,
        hidden_channels=hidden,
        latent_channels=seen("text_encoder.projection.weight", 3)[0] // 2,
        speaker_channels=speaker_channels,
        language_channels=language_channels,
        segment_frames=unseen.segment_frames,
        audio=unseen.audio,
        text_encoder=_text_encoder(
            seen, hidden + (language_channels if n_languages else 0), unseen
        ),
        posterior_encoder=_posterior_encoder(seen, unseen),
        prior_flow=_prior_flow(seen, unseen),
        duration_predictor=_duration_predictor(seen, hidden, unseen),
        decoder=_decoder(seen, unseen),
        discriminator=_discriminator(_Shapes(judges), unseen) if judges else DiscriminatorConfig(),
    )


def require_claims(
    claims: Mapping[str, tuple[Any, Any]], where: object, *, what: str = "the tensors"
) -> None:
    """Require that what a settings file says is what the tensors show.

    Args:
        claims: key -> (what the file says, or None; what the tensors show).
        where: the file.
        what: what showed the second value.

    Raises:
        VoiceError: they differ.
    """
    for key, (said, found) in claims.items():
        if said is not None and said != found:
            raise VoiceError(f"{where}: {key} is {str(said)[:80]}, but {what} say {found}")


class _Shapes:
    """The shapes of tensors by name."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def __call__(self, name: str, rank: int) -> tuple[int, ...]:
        """Return a shape of the rank that every model has it with."""
        if name not in self._weights:
            raise VoiceError(f"the tensor {name} is missing (names are ours)")
        shape = tuple(self._weights[name].shape)
        if len(shape) != rank or not all(0 < size <= LARGEST for size in shape):
            raise VoiceError(f"the tensor {name} has the impossible shape {shape}")
        return shape

    def count(self, pattern: str) -> int:
        """Return how many different numbers stand where the pattern has its group."""
        regex = re.compile(pattern)
        return len({found[1] for name in self._weights if (found := regex.match(name))})

    def kernel(self, name: str) -> int:
        return self(name, 3)[2]


def _text_encoder(seen: _Shapes, hidden: int, unseen: Unseen) -> TextEncoderConfig:
    top = "text_encoder.encoder"
    _, distances, per_head = seen(f"{top}.attentions.0.relative_key", 3)
    filters, _, kernel = seen(f"{top}.feed_forwards.0.conv_1.weight", 3)
    return TextEncoderConfig(
        filter_channels=filters,
        n_heads=hidden // per_head,
        n_layers=seen.count(r"text_encoder\.encoder\.attentions\.(\d+)\."),
        kernel_size=kernel,
        dropout=unseen.text_dropout,
        window_size=distances // 2,
    )


def _posterior_encoder(seen: _Shapes, unseen: Unseen) -> PosteriorEncoderConfig:
    gate = f"posterior_encoder.wavenet.gates.0{V}"
    if gate not in seen:
        return PosteriorEncoderConfig(dilation_rate=unseen.posterior_dilation_rate)
    return PosteriorEncoderConfig(
        kernel_size=seen.kernel(gate),
        dilation_rate=unseen.posterior_dilation_rate,
        n_layers=seen.count(r"posterior_encoder\.wavenet\.gates\.(\d+)\."),
    )


def _prior_flow(seen: _Shapes, unseen: Unseen) -> PriorFlowConfig:
    return PriorFlowConfig(
        kernel_size=seen.kernel(f"prior_flow.couplings.0.wavenet.gates.0{V}"),
        dilation_rate=unseen.flow_dilation_rate,
        n_layers=seen.count(r"prior_flow\.couplings\.0\.wavenet\.gates\.(\d+)\."),
        n_flows=seen.count(r"prior_flow\.couplings\.(\d+)\."),
    )


def _duration_predictor(seen: _Shapes, hidden: int, unseen: Unseen) -> DurationPredictorConfig:
    top = "duration_predictor"
    if f"{top}.conv_1.weight" in seen:
        filters, _, kernel = seen(f"{top}.conv_1.weight", 3)
        return DurationPredictorConfig(
            kind="deterministic",
            filter_channels=None if filters == 256 else filters,
            kernel_size=kernel,
            dropout=unseen.duration_dropout,
        )
    filters = seen(f"{top}.pre.weight", 3)[0]
    return DurationPredictorConfig(
        kind="stochastic",
        filter_channels=None if filters == hidden else filters,
        kernel_size=seen.kernel(f"{top}.stack.depthwise.0.weight"),
        dropout=unseen.duration_dropout,
        n_flows=seen.count(r"duration_predictor\.flows\.(\d+)\.pre\."),
        n_bins=(seen(f"{top}.flows.1.projection.weight", 3)[0] + 1) // 3,
        tail_bound=unseen.tail_bound,
    )


def _decoder(seen: _Shapes, unseen: Unseen) -> DecoderConfig:
    n_stages = seen.count(r"decoder\.upsamplers\.(\d+)\.")
    n_kernels = seen.count(r"decoder\.blocks\.0\.(\d+)\.")
    depths = [
        seen.count(rf"decoder\.blocks\.0\.{block}\.dilated\.(\d+)\.") for block in range(n_kernels)
    ]
    dilations = unseen.resblock_dilations
    if [len(each) for each in dilations] != depths:
        raise VoiceError(
            f"the settings name the dilations {dilations}, but the tensors show residual blocks "
            f"of {depths} convolutions"
        )
    if len(unseen.upsample_rates) != n_stages:
        raise VoiceError(
            f"the settings name the rates {unseen.upsample_rates}, but the tensors show "
            f"{n_stages} stages"
        )
    return DecoderConfig(
        resblock="1" if seen.count(r"decoder\.blocks\.0\.0\.plain\.(\d+)\.") else "2",
        resblock_kernel_sizes=tuple(
            seen.kernel(f"decoder.blocks.0.{block}.dilated.0{V}") for block in range(n_kernels)
        ),
        resblock_dilations=dilations,
        upsample_rates=unseen.upsample_rates,
        upsample_kernel_sizes=tuple(
            seen.kernel(f"decoder.upsamplers.{stage}{V}") for stage in range(n_stages)
        ),
        initial_channels=seen("decoder.pre.weight", 3)[0],
    )


def _discriminator(seen: _Shapes, unseen: Unseen) -> DiscriminatorConfig:
    """Measure discriminators: the scale discriminator first, then one for each period."""

    def widths(member: int, rank: int) -> tuple[int, ...]:
        n_layers = seen.count(rf"members\.{member}\.convolutions\.(\d+)\.")
        return tuple(
            seen(f"members.{member}.convolutions.{layer}{V}", rank)[0] for layer in range(n_layers)
        )

    scale = widths(0, 3)
    inputs = [seen(f"members.0.convolutions.{layer}{V}", 3)[1] for layer in range(len(scale))]
    return DiscriminatorConfig(
        periods=unseen.periods,
        period_channels=widths(1, 4),
        scale_channels=scale,
        scale_groups=tuple(
            width // each for width, each in zip((1, *scale[:-1]), inputs, strict=True)
        ),
    )
