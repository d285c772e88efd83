"""Sizes that the original's code fixes instead of configuring.

Coqui and Piper copied these networks, so they cannot build a model of other sizes either.
"""

from vits.config import (
    DeterministicDurationConfig,
    DiscriminatorConfig,
    HifiGanConfig,
    StochasticDurationConfig,
    VitsConfig,
)
from vits.config.decoder import UpsamplingConfig
from vits.errors import VoiceError
from vits.interop.full_voice import FullVoice
from vits.synthesis.bundle.weights import is_compact

__all__ = ["hifigan_of", "require_single_language", "shared_unsupported_parts"]

# The periods, their channels, and the channels and groups of the scale discriminator.
DISCRIMINATORS = DiscriminatorConfig()
# Dilated convolutions in a residual block of each kind.
DEPTHS = {"1": 3, "2": 2}


def shared_unsupported_parts(
    voice: FullVoice,
    title: str,
    stochastic_width: int | None = None,
    *,
    languages: bool = False,
) -> dict[str, str]:
    """Return the parts that formats built on the original's model cannot hold, and why.

    Args:
        voice: the voice to write.
        title: name of the format.
        stochastic_width: channels of its stochastic duration predictor; None: hidden_channels.
        languages: whether the format has a language embedding.

    Raises:
        VoiceError: the original's code cannot build the model.
    """
    bundle, unsupported = voice.bundle, dict[str, str]()
    if not languages:
        require_single_language(voice, title)
    _require_model(bundle.generator.config, title, stochastic_width)
    if voice.discriminators is not None:
        unsupported |= _unsupported_discriminators(bundle.generator.config.discriminator)
    if is_compact(bundle.generator):
        unsupported["posterior-encoder"] = "this voice has none; a random one would replace it"
    if bundle.frontend.lexicon:
        unsupported["lexicon"] = "it has none"
    if bundle.frontend.config.romanize:
        unsupported["romanisation"] = "dropped, texts must be in Latin letters"
    return unsupported


def hifigan_of(config: VitsConfig) -> HifiGanConfig:
    """Return the sizes of a HiFi-GAN decoder, the only kind that other programs have.

    Raises:
        VoiceError: the decoder is of another kind, or the model has options of our own.
    """
    if not isinstance(config.decoder, HifiGanConfig):
        raise VoiceError(f"decoder.kind {config.decoder.kind!r} must be 'hifigan' in this format")
    for name in _options_of_our_own(config):
        raise VoiceError(f"the voice has {name}, which only our own format can hold")
    return config.decoder


def _options_of_our_own(config: VitsConfig) -> list[str]:
    """Return the options of a model that the original does not have."""
    options = {
        "pitch": config.pitch,
        "speaker_vectors": config.speaker_vectors,
        "text_encoder.speaker_layer": config.n_speakers > 1 and config.text_encoder.speaker_layer,
        "prior_flow.transformer": config.prior_flow.transformer,
        "duration_predictor.kind 'adversarial'": config.duration_predictor.kind == "adversarial",
    }
    return [name for name, value in options.items() if value]


def require_single_language(voice: FullVoice, title: str) -> None:
    """Require a voice without a language embedding.

    Raises:
        VoiceError: the voice has one.
    """
    named = ", ".join(name for name, _ in voice.bundle.frontend.config.languages)
    if named:
        raise VoiceError(
            f"{title} cannot hold the language embedding ({named}), and the voice needs it; "
            "convert it to coqui"
        )


def _unsupported_discriminators(config: DiscriminatorConfig) -> dict[str, str]:
    """Return why the discriminators differ from the original's; empty if they do not."""
    kinds = config.periods, bool(config.scale_channels), config.resolutions
    if kinds != (DISCRIMINATORS.periods, True, ()):
        return {"discriminators": "it has one of scale 1 and those of the periods 2, 3, 5, 7, 11"}
    for key in ("period_channels", "scale_channels", "scale_groups"):
        sizes, fixed = getattr(config, key), getattr(DISCRIMINATORS, key)
        if sizes != fixed:
            return {"discriminators": f"{key} {sizes} must be {fixed} there"}
    return {}


def _require_model(config: VitsConfig, title: str, stochastic_width: int | None = None) -> None:
    """Require a model that the original's code can build; it fixes most sizes.

    Args:
        config: the model.
        title: name of the format.
        stochastic_width: channels of its stochastic duration predictor; None: hidden_channels.

    Raises:
        VoiceError: the code cannot build it.
    """
    posterior, flow = config.posterior_encoder, config.prior_flow
    durations, decoder = config.duration_predictor, config.decoder
    width = durations.filter_channels or config.hidden_channels
    expected_width = DeterministicDurationConfig().filter_channels
    if isinstance(durations, StochasticDurationConfig):
        expected_width = stochastic_width or config.hidden_channels
    original = type(durations)(
        filter_channels=durations.filter_channels,  # pyright: ignore[reportArgumentType]
        dropout=durations.dropout,
    )
    upsamples = isinstance(decoder, UpsamplingConfig)
    depths = [len(each) for each in decoder.resblock_dilations] if upsamples else []
    depth = DEPTHS[decoder.resblock] if upsamples else 0
    rules = {
        f"a decoder of the kind {decoder.kind}": decoder.kind == "hifigan",
        f"a posterior encoder of {posterior}": vars(posterior) == vars(type(posterior)()),
        f"a prior flow of {flow}": vars(flow) == vars(type(flow)()),
        f"a duration predictor of {width} channels": width == expected_width,
        f"residual blocks of {depths} convolutions": set(depths) <= {depth},
        f"a duration predictor of {durations}": durations == original,
        "relative attention with another window": config.text_encoder.window_size == 4,
        **dict.fromkeys(_options_of_our_own(config), False),
    }
    broken = [part for part, holds in rules.items() if not holds]
    if broken:
        raise VoiceError(f"{title} cannot hold {' and '.join(broken)}, and the voice needs it")
