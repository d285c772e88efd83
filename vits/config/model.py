"""The shape of a model: one dataclass for each box of the paper's figure 1."""

from dataclasses import dataclass, field
from typing import Literal

from vits.config.checks import require, require_dropout, require_odd, require_positive
from vits.config.decoder import DecoderConfig
from vits.config.inputs import AudioConfig

__all__ = [
    "DiscriminatorConfig",
    "DurationPredictorConfig",
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
        n_layers: transformer blocks.
        kernel_size: width of the feed-forward convolutions (symbols), odd.
        dropout: probability of dropping a value.
        window_size: largest distance with a relative position of its own (symbols).
    """

    filter_channels: int = 768
    n_heads: int = 2
    n_layers: int = 6
    kernel_size: int = 3
    dropout: float = 0.1
    window_size: int = 4

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "filter_channels", "n_heads", "n_layers", "window_size")
        require_odd("kernel_size", self.kernel_size)
        require_dropout(self.dropout)


@dataclass(frozen=True, kw_only=True)
class PosteriorEncoderConfig:
    """WaveNet over the linear spectrogram (paper section 2.2.2).

    Attributes:
        kernel_size: width of the dilated convolutions (frames), odd.
        dilation_rate: each layer's dilation over that of the layer below it.
        n_layers: WaveNet layers.
    """

    kernel_size: int = 5
    dilation_rate: int = 1
    n_layers: int = 16

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "dilation_rate", "n_layers")
        require_odd("kernel_size", self.kernel_size)


@dataclass(frozen=True, kw_only=True)
class PriorFlowConfig:
    """Volume-preserving coupling layers (paper section 2.1.3).

    Attributes:
        kernel_size: width of the WaveNet convolutions (frames), odd.
        dilation_rate: each WaveNet layer's dilation over that of the layer below it.
        n_layers: WaveNet layers of each coupling.
        n_flows: couplings.
    """

    kernel_size: int = 5
    dilation_rate: int = 1
    n_layers: int = 4
    n_flows: int = 4

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "dilation_rate", "n_layers", "n_flows")
        require_odd("kernel_size", self.kernel_size)


@dataclass(frozen=True, kw_only=True)
class DurationPredictorConfig:
    """Stochastic (paper section 2.2.4) or deterministic duration predictor.

    Attributes:
        kind: ``stochastic`` is the paper's flow; ``deterministic`` a regression.
        filter_channels: inner width; None means the original's: ``hidden_channels`` for the
            stochastic, 256 for the deterministic predictor.
        kernel_size: width of the convolutions (symbols), odd.
        dropout: probability of dropping a value.
        n_flows: spline couplings, of the posterior and of the prior (``stochastic`` only).
        n_bins: pieces of each spline (``stochastic`` only).
        tail_bound: the splines act on [-tail_bound, tail_bound] (``stochastic`` only).
    """

    kind: Literal["stochastic", "deterministic"] = "stochastic"
    filter_channels: int | None = None
    kernel_size: int = 3
    dropout: float = 0.5
    n_flows: int = 4
    n_bins: int = 10
    tail_bound: float = 5.0

    def __post_init__(self) -> None:
        """Check the values."""
        require(
            self.kind in ("stochastic", "deterministic"),
            f"kind {self.kind!r} must be 'stochastic' or 'deterministic'",
        )
        if self.filter_channels is not None:
            require_positive(self, "filter_channels")
        require_positive(self, "n_flows", "n_bins", "tail_bound")
        require_odd("kernel_size", self.kernel_size)
        require_dropout(self.dropout)


@dataclass(frozen=True, kw_only=True)
class DiscriminatorConfig:
    """Multi-period and scale discriminators (Kong et al., NeurIPS 2020, section 2.3), and more.

    Attributes:
        periods: one period discriminator for each (samples).
        period_channels: widths of a period discriminator's layers.
        scale_channels: widths of the scale discriminator's layers; none: there is none.
        scale_groups: groups of each of the scale discriminator's layers.
        resolutions: one spectrogram discriminator for each (Jang et al. 2021), the length of its
            window (samples), a multiple of 4; the original has none.
        resolution_channels: width of the spectrogram discriminators.
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_channels: tuple[int, ...] = (32, 128, 512, 1024, 1024)
    scale_channels: tuple[int, ...] = (16, 64, 256, 1024, 1024, 1024)
    scale_groups: tuple[int, ...] = (1, 4, 16, 64, 256, 1)
    resolutions: tuple[int, ...] = ()
    resolution_channels: int = 32

    def __post_init__(self) -> None:
        """Check the values against each other."""
        require(
            all(p > 1 for p in self.periods) and len(set(self.periods)) == len(self.periods),
            f"periods {self.periods} must be different numbers greater than 1",
        )
        require(len(self.period_channels) > 1, "period_channels must name at least 2 widths")
        sizes, groups = self.scale_channels, self.scale_groups
        require(
            len(sizes) == len(groups) and len(sizes) in (0, 6),
            f"scale_channels {sizes} and scale_groups {groups} must have 6 entries each, or none",
        )
        for n_in, n_out, n in zip((1, *sizes[:-1]), sizes, groups, strict=False):
            require(
                n > 0 and n_in % n == 0 and n_out % n == 0,
                f"scale_groups {n} must divide its layer's widths {n_in} and {n_out}",
            )
        require(
            all(n > 0 and n % 4 == 0 for n in self.resolutions)
            and len(set(self.resolutions)) == len(self.resolutions),
            f"resolutions {self.resolutions} must be different multiples of 4",
        )
        require_positive(self, "resolution_channels")
        require(
            bool(self.periods or sizes or self.resolutions),
            "periods, scale_channels and resolutions () must name at least one discriminator",
        )


@dataclass(frozen=True, kw_only=True)
class VitsConfig:
    """Everything that fixes the shape of a model.

    Attributes:
        n_symbols: rows of the symbol embedding; training takes it from the prepared data.
        n_speakers: speakers; with 1 there is no speaker embedding.
        n_languages: rows of the language embedding; with 0 there is none, and one voice is one
            language; training takes it from the prepared data.
        hidden_channels: width of the text encoder, less its ``language_channels``, and of the
            WaveNets.
        latent_channels: width of z, even.
        speaker_channels: width of the speaker embedding (used with 2 or more speakers).
        language_channels: width of the language embedding, which the text encoder is wider by
            (used with languages).
        segment_frames: length of the random segment that is decoded in training (frames).
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
    duration_predictor: DurationPredictorConfig = field(default_factory=DurationPredictorConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    def __post_init__(self) -> None:
        """Check the boxes against each other."""
        require_positive(
            self, "n_symbols", "n_speakers", "hidden_channels", "speaker_channels", "segment_frames"
        )
        require_positive(self, "language_channels")
        require(self.n_languages >= 0, f"n_languages {self.n_languages} must be at least 0")
        require(
            self.latent_channels > 0 and self.latent_channels % 2 == 0,
            f"latent_channels {self.latent_channels} must be a positive even number",
        )
        width, heads = self.hidden_channels, self.text_encoder.n_heads
        named = f"hidden_channels {width}"
        if self.n_languages:
            width += self.language_channels
            named += f" + language_channels {self.language_channels} = {width}"
        require(width % heads == 0, f"{named} must be a multiple of n_heads {heads}")
        self.decoder.check_hop(self.audio.hop_length)
        samples = self.segment_frames * self.audio.hop_length
        judges = self.discriminator
        needed = max(self.audio.n_fft, *(2 * p for p in judges.periods), *judges.resolutions, 1)
        require(
            samples >= needed,
            f"segment_frames {self.segment_frames} = {samples} samples must cover at least "
            f"{needed} samples (n_fft, twice the longest period and the longest resolution)",
        )
