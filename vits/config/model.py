"""The sizes of a model: one dataclass for each box of the paper's figure 1."""

from dataclasses import dataclass, field
from typing import ClassVar

from vits.config.checks import (
    key_of,
    require,
    require_dropout,
    require_effect,
    require_not_negative,
    require_odd,
    require_positive,
    require_sizes,
)
from vits.config.decoder import DecoderConfig, HifiGanConfig
from vits.config.durations import DurationPredictorConfig, StochasticDurationConfig
from vits.config.inputs import AudioConfig
from vits.config.pitch import PitchConfig
from vits.config.speakers import SpeakerVectorsConfig

__all__ = [
    "DiscriminatorConfig",
    "FlowTransformerConfig",
    "PosteriorEncoderConfig",
    "PriorFlowConfig",
    "TextEncoderConfig",
    "VitsConfig",
]


@dataclass(frozen=True, kw_only=True)
class TextEncoderConfig:
    """Transformer over symbols (paper section 2.2.1).

    Attributes:
        filter_channels: inner width of the feed-forward layers.
        n_heads: attention heads; must divide ``hidden_channels``.
        n_layers: transformer blocks, at least 1.
        kernel_size: width of the feed-forward convolutions (symbols), odd.
        dropout: probability of dropping a value, in [0, 1).
        window_size: largest distance with its own relative position (symbols), at least 1.
        speaker_layer: the transformer block, counted from 1, to whose input the speaker is added,
            for 2 or more speakers; None, the original's, for none. VITS2 takes 3.
    """

    GROUP: ClassVar[str] = "text_encoder"

    filter_channels: int = 768
    n_heads: int = 2
    n_layers: int = 6
    kernel_size: int = 3
    dropout: float = 0.1
    window_size: int = 4
    speaker_layer: int | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "filter_channels", "n_heads", "n_layers", "window_size")
        require_odd(self, "kernel_size")
        require_dropout(self)
        require(
            self.speaker_layer is None or 1 <= self.speaker_layer <= self.n_layers,
            f"{key_of(self, 'speaker_layer')} {self.speaker_layer} must be from 1 to "
            f"n_layers {self.n_layers}, or None",
        )


@dataclass(frozen=True, kw_only=True)
class PosteriorEncoderConfig:
    """WaveNet over the linear spectrogram (paper section 2.2.2).

    Attributes:
        kernel_size: width of the dilated convolutions (frames), odd.
        dilation_rate: ratio of the dilations of consecutive layers, at least 1.
        n_layers: WaveNet layers, at least 1.
    """

    GROUP: ClassVar[str] = "posterior_encoder"

    kernel_size: int = 5
    dilation_rate: int = 1
    n_layers: int = 16

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "dilation_rate", "n_layers")
        require_odd(self, "kernel_size")


@dataclass(frozen=True, kw_only=True)
class FlowTransformerConfig:
    """Transformer over frames in each coupling of the prior flow (VITS2, section 2.3).

    Attributes:
        filter_channels: inner width of the feed-forward layers.
        n_heads: attention heads; must divide ``hidden_channels``.
        n_layers: transformer blocks, at least 1.
        kernel_size: width of the feed-forward convolutions (frames), odd.
        dropout: probability of dropping a value, in [0, 1); above 0 the flow is only approximately
            invertible in training.
        window_size: largest distance with its own relative position (frames), at least 1.
    """

    GROUP: ClassVar[str] = "prior_flow.transformer"

    filter_channels: int = 192
    n_heads: int = 2
    n_layers: int = 1
    kernel_size: int = 3
    dropout: float = 0.0
    window_size: int = 4

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "filter_channels", "n_heads", "n_layers", "window_size")
        require_odd(self, "kernel_size")
        require_dropout(self)


@dataclass(frozen=True, kw_only=True)
class PriorFlowConfig:
    """Volume-preserving coupling layers (paper section 2.1.3).

    Attributes:
        kernel_size: width of the WaveNet convolutions (frames), odd.
        dilation_rate: ratio of the dilations of consecutive WaveNet layers, at least 1.
        n_layers: WaveNet layers of each coupling, at least 1.
        n_flows: couplings, at least 1.
        transformer: before the WaveNet of each coupling; None, the original's, has none.
    """

    GROUP: ClassVar[str] = "prior_flow"

    kernel_size: int = 5
    dilation_rate: int = 1
    n_layers: int = 4
    n_flows: int = 4
    transformer: FlowTransformerConfig | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "dilation_rate", "n_layers", "n_flows")
        require_odd(self, "kernel_size")


@dataclass(frozen=True, kw_only=True)
class DiscriminatorConfig:
    """Multi-period and scale discriminators (Kong et al., NeurIPS 2020, section 2.3), and more.

    Attributes:
        periods: one period discriminator for each (samples), greater than 1; none leaves them out.
        period_channels: widths of a period discriminator's layers. Needs ``periods``.
        scale_channels: widths of the scale discriminator's 6 layers; none leaves it out.
        scale_groups: groups of each of the scale discriminator's layers.
        resolutions: one spectrogram discriminator for each (Jang et al. 2021): the length of its
            window (samples), a multiple of 4; the original has none.
        resolution_channels: width of the spectrogram discriminators. Needs ``resolutions``.
    """

    GROUP: ClassVar[str] = "discriminator"

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_channels: tuple[int, ...] = (32, 128, 512, 1024, 1024)
    scale_channels: tuple[int, ...] = (16, 64, 256, 1024, 1024, 1024)
    scale_groups: tuple[int, ...] = (1, 4, 16, 64, 256, 1)
    resolutions: tuple[int, ...] = ()
    resolution_channels: int = 32

    def __post_init__(self) -> None:
        """Check the values against each other."""
        self._check_periods()
        self._check_scale()
        self._check_resolutions()
        require(
            bool(self.periods or self.scale_channels or self.resolutions),
            "discriminator: periods, scale_channels and resolutions () must name at least one "
            "discriminator",
        )

    def _check_periods(self) -> None:
        require(
            all(p > 1 for p in self.periods) and len(set(self.periods)) == len(self.periods),
            f"{key_of(self, 'periods')} {self.periods} must be different numbers greater than 1",
        )
        require(
            len(self.period_channels) > 1 and min(self.period_channels) > 0,
            f"{key_of(self, 'period_channels')} {self.period_channels} must name at least 2 "
            "widths greater than 0",
        )
        require_effect(
            self, "period_channels", when=bool(self.periods), reason="give discriminator.periods"
        )

    def _check_scale(self) -> None:
        sizes, groups = self.scale_channels, self.scale_groups
        require(
            len(sizes) == len(groups) and len(sizes) in (0, 6),
            f"{key_of(self, 'scale_channels')} {sizes} and scale_groups {groups} must have 6 "
            "entries each, or none",
        )
        for n_in, n_out, n in zip((1, *sizes[:-1]), sizes, groups, strict=False):
            require(
                n > 0 and n_in % n == 0 and n_out % n == 0,
                f"{key_of(self, 'scale_groups')} {n} must divide the channels {n_in} and {n_out} "
                "of its layer",
            )

    def _check_resolutions(self) -> None:
        sizes = self.resolutions
        require(
            all(n > 0 and n % 4 == 0 for n in sizes) and len(set(sizes)) == len(sizes),
            f"{key_of(self, 'resolutions')} {sizes} must be different multiples of 4",
        )
        require_positive(self, "resolution_channels")
        require_effect(
            self, "resolution_channels", when=bool(sizes), reason="give discriminator.resolutions"
        )


@dataclass(frozen=True, kw_only=True)
class VitsConfig:
    """The sizes of a model: everything that fixes the shapes of its weights.

    Attributes:
        n_symbols: entries of the symbol embedding; training takes it from the prepared data.
        n_speakers: speakers; 1 means no speaker embedding; training takes it from the data.
        n_languages: entries of the language embedding; 0 means none, for a voice of one language;
            training takes it from the data.
        hidden_channels: width of the text encoder, without its ``language_channels``, and of the
            WaveNets.
        latent_channels: width of z, even.
        speaker_channels: width of the speaker embedding, for 2 or more speakers.
        language_channels: width of the language embedding, which adds to the text encoder's width;
            for a voice with a language embedding.
        segment_frames: length of the random segment that is decoded in training (frames).
        audio: sample rate and spectrogram.
        text_encoder: the text encoder.
        posterior_encoder: the posterior encoder.
        prior_flow: the prior's normalizing flow.
        duration_predictor: stochastic, deterministic or adversarial.
        decoder: HiFi-GAN, iSTFT or ConvNeXt.
        discriminator: the discriminators.
        pitch: predictor of F0, and excitation of the decoder; None, the original's, has neither.
        speaker_vectors: speakers are vectors of a speaker encoder, for 2 or more speakers; None,
            the original's, are learned rows.
    """

    n_symbols: int = 178
    n_speakers: int = 1
    n_languages: int = 0
    hidden_channels: int = 192
    latent_channels: int = 192
    speaker_channels: int = 256
    language_channels: int = 4
    segment_frames: int = 32
    audio: AudioConfig = field(default_factory=AudioConfig)
    text_encoder: TextEncoderConfig = field(default_factory=TextEncoderConfig)
    posterior_encoder: PosteriorEncoderConfig = field(default_factory=PosteriorEncoderConfig)
    prior_flow: PriorFlowConfig = field(default_factory=PriorFlowConfig)
    duration_predictor: DurationPredictorConfig = field(default_factory=StochasticDurationConfig)
    decoder: DecoderConfig = field(default_factory=HifiGanConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    pitch: PitchConfig | None = None
    speaker_vectors: SpeakerVectorsConfig | None = None

    def __post_init__(self) -> None:
        """Check the boxes against each other."""
        require_sizes(self)
        require_positive(
            self,
            "n_symbols",
            "n_speakers",
            "hidden_channels",
            "speaker_channels",
            "language_channels",
            "segment_frames",
        )
        require_not_negative(self, "n_languages")
        require(
            self.latent_channels > 0 and self.latent_channels % 2 == 0,
            f"latent_channels {self.latent_channels} must be a positive even number",
        )
        self._check_heads()
        self.decoder.check_hop(self.audio.hop_length)
        self._check_segment()

    def _check_heads(self) -> None:
        width, heads = self.hidden_channels, self.text_encoder.n_heads
        named = f"hidden_channels {width}"
        if self.n_languages:
            width += self.language_channels
            named += f" + language_channels {self.language_channels} = {width}"
        require(width % heads == 0, f"{named} must be a multiple of n_heads {heads}")
        if (transformer := self.prior_flow.transformer) is not None:
            require(
                self.hidden_channels % transformer.n_heads == 0,
                f"hidden_channels {self.hidden_channels} must be a multiple of "
                f"prior_flow.transformer.n_heads {transformer.n_heads}",
            )

    def _check_segment(self) -> None:
        samples, critics = self.segment_frames * self.audio.hop_length, self.discriminator
        needed = max(self.audio.n_fft, *(2 * p for p in critics.periods), *critics.resolutions, 1)
        require(
            samples >= needed,
            f"segment_frames {self.segment_frames} = {samples} samples must cover at least "
            f"{needed} samples (n_fft, twice the longest period and the longest resolution)",
        )
