"""What the original's code and its descendants fix: sizes that stand in the code, not in settings.

Coqui and Piper took these networks over, so that a model of other sizes is none of theirs.
"""

from vits.config import DiscriminatorConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.full_voice import WholeVoice
from vits.synthesis.bundle.weights import is_compact

__all__ = ["require_one_language", "shared_losses"]

# Periods, their widths, and widths and groups of the one that hears the whole wave.
JUDGES = DiscriminatorConfig()
# Convolutions of a residual block of either kind.
DEPTHS = {"1": 3, "2": 2}


def shared_losses(
    voice: WholeVoice,
    title: str,
    stochastic_width: int | None = None,
    *,
    languages: bool = False,
) -> dict[str, str]:
    """Name what no format with the original's model has a place for.

    Args:
        voice: what is to be written.
        title: of the format.
        stochastic_width: of its stochastic duration predictor; None: as wide as the rest.
        languages: it can hold a language embedding.

    Raises:
        VoiceError: the model is one that the original cannot build.
    """
    bundle, lost = voice.bundle, dict[str, str]()
    if not languages:
        require_one_language(voice, title)
    _require_model(bundle.generator.config, title, stochastic_width)
    if voice.discriminators is not None:
        lost |= _lost_judges(bundle.generator.config.discriminator)
    if is_compact(bundle.generator):
        lost["posterior-encoder"] = "this voice has none; a random one would take its place"
    if bundle.frontend.lexicon:
        lost["lexicon"] = "it has none"
    return lost


def require_one_language(voice: WholeVoice, title: str) -> None:
    """Require a voice without a choice of languages.

    Raises:
        VoiceError: it has a language embedding.
    """
    named = ", ".join(name for name, _ in voice.bundle.frontend.config.languages)
    if named:
        raise VoiceError(
            f"{title} cannot hold the language embedding ({named}), nor do without it: it has one "
            "language in a voice; coqui can"
        )


def _lost_judges(judges: DiscriminatorConfig) -> dict[str, str]:
    """Name discriminators of other kinds or sizes than those of the original."""
    kinds = judges.periods, bool(judges.scale_channels), judges.resolutions
    if kinds != (JUDGES.periods, True, ()):
        return {"discriminators": "it has one of the wave and those of the periods 2, 3, 5, 7, 11"}
    for key in ("period_channels", "scale_channels", "scale_groups"):
        sizes, fixed = getattr(judges, key), getattr(JUDGES, key)
        if sizes != fixed:
            return {"discriminators": f"{key} {sizes} must be {fixed} there"}
    return {}


def _require_model(config: VitsConfig, title: str, stochastic_width: int | None = None) -> None:
    """Require a model that the original's code can be: most of its sizes stand there.

    Args:
        config: the model.
        title: of the format.
        stochastic_width: of its stochastic duration predictor; None: as wide as the rest.

    Raises:
        VoiceError: another one.
    """
    posterior, flow = config.posterior_encoder, config.prior_flow
    durations, decoder = config.duration_predictor, config.decoder
    stochastic = durations.kind == "stochastic"
    width = durations.filter_channels or (config.hidden_channels if stochastic else 256)
    usual = (stochastic_width or config.hidden_channels) if stochastic else 256
    depth = DEPTHS.get(decoder.resblock)
    depths = [len(each) for each in decoder.resblock_dilations]
    shape = (durations.kernel_size, durations.n_flows, durations.n_bins, durations.tail_bound)
    rules = {
        f"a decoder of the kind {decoder.kind}": decoder.kind == "hifigan",
        f"a posterior encoder of {posterior}": vars(posterior) == vars(type(posterior)()),
        f"a prior flow of {flow}": vars(flow) == vars(type(flow)()),
        f"a duration predictor {width} wide": width == usual,
        f"residual blocks of {depths} convolutions": set(depths) == {depth},
        f"a duration predictor of {durations}": shape == (3, 4, 10, 5.0),
        "relative positions of another window": config.text_encoder.window_size == 4,
    }
    broken = [part for part, holds in rules.items() if not holds]
    if broken:
        raise VoiceError(f"{title} cannot hold {' and '.join(broken)}, nor do without it")
