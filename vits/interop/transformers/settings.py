"""Convert the settings of transformers' VITS: its configuration and its tokenizer."""

import math
from dataclasses import replace
from typing import Any

from vits.config import AudioConfig, FrontendConfig, StochasticDurationConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import CarriedSettings
from vits.interop.infer_config import DeclaredConfig
from vits.interop.settings_reader import SettingsReader
from vits.interop.size_limits import hifigan_of
from vits.interop.symbol_table import unique_symbol_ids
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable

__all__ = [
    "DEFAULTS",
    "FIXED",
    "declared_config",
    "inferable_settings",
    "model_settings",
    "read_tokenizer",
    "require_model",
    "supports_frontend",
    "tokenizer_settings",
]

# transformers' defaults for keys that a configuration leaves out.
DEFAULTS = {
    "use_stochastic_duration_prediction": True,
    "hidden_dropout": 0.1,
    "duration_predictor_dropout": 0.5,
    "duration_predictor_tail_bound": 5.0,
    "wavenet_dilation_rate": 1,
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "upsample_rates": [8, 8, 2, 2],
    "speaking_rate": 1.0,
    "noise_scale": 0.667,
    "noise_scale_duration": 0.8,
    "sampling_rate": 16000,
}
# The only values that our models support.
FIXED = {
    "model_type": "vits",
    "hidden_act": "relu",
    "use_bias": True,
    "layer_norm_eps": 1e-5,
    "leaky_relu_slope": 0.1,
    "depth_separable_channels": 2,
    "depth_separable_num_layers": 3,
}


def declared_config(settings: SettingsReader, carried: CarriedSettings) -> DeclaredConfig:
    """Return the configuration that the tensors do not show."""
    rates = settings.integers("upsample_rates")
    n_fft = 2 * (settings.integer("spectrogram_bins", 513) - 1)
    audio = AudioConfig(
        sample_rate=settings.integer("sampling_rate"),
        n_fft=n_fft,
        win_length=n_fft,
        hop_length=math.prod(rates),
    )
    return DeclaredConfig(
        audio=carried.refine_audio(audio, settings.source),
        upsample_rates=rates,
        resblock_dilations=settings.integer_lists("resblock_dilation_sizes"),
        posterior_dilation_rate=settings.integer("wavenet_dilation_rate"),
        flow_dilation_rate=settings.integer("wavenet_dilation_rate"),
        tail_bound=settings.number("duration_predictor_tail_bound"),
        text_dropout=settings.number("hidden_dropout"),
        duration_dropout=settings.number("duration_predictor_dropout"),
        segment_frames=carried.segment_frames,
    )


def read_tokenizer(
    symbols: SymbolTable, tokenizer: SettingsReader, carried: CarriedSettings
) -> Frontend:
    """Build the front end equivalent to a tokenizer."""
    phonemize = tokenizer.boolean("phonemize", True)
    romanize = tokenizer.boolean("is_uroman", False)
    if phonemize:
        tokenizer.require({"is_uroman": False})
    config = FrontendConfig(
        backend="espeak" if phonemize else "graphemes",
        language="en-us" if phonemize else tokenizer.string("language", None) or "und",
        normalize=False,
        blanks=tokenizer.boolean("add_blank", True),
        clean="all" if phonemize else "unknown",
        romanize=romanize,
    )
    known = carried.frontend
    if (
        known is not None
        and supports_frontend(known)
        and (known.backend, known.blanks, known.romanize)
        == (config.backend, config.blanks, config.romanize)
    ):
        config = replace(known, blank="", bos_eos=False)
    return Frontend(config, symbols)


def tokenizer_settings(frontend: Frontend, unknown: str | None = None) -> dict[str, Any]:
    """Return the tokenizer's settings; the blank is its padding symbol.

    Args:
        frontend: front end whose blank comes first.
        unknown: its symbol for unknown ones; None: the blank.
    """
    config, blank = frontend.config, next(iter(unique_symbol_ids(frontend.symbols)))
    phonemize = config.backend == "espeak" and supports_frontend(config)
    return {
        "tokenizer_class": "VitsTokenizer",
        "language": config.language,
        "add_blank": config.blanks,
        "phonemize": phonemize,
        "normalize": phonemize or config.backend == "graphemes",
        "is_uroman": config.romanize,
        "pad_token": blank,
        "unk_token": blank if unknown is None else unknown,
    }


def supports_frontend(config: FrontendConfig) -> bool:
    """Return whether transformers' tokenizer is equivalent to a front end."""
    return config.backend == "graphemes" or (config.language == "en-us" and config.stress)


def require_model(config: VitsConfig) -> None:
    """Require a model that ``VitsModel`` can build.

    Raises:
        VoiceError: it cannot.
    """
    posterior, flow = config.posterior_encoder, config.prior_flow
    same_wavenet = (posterior.kernel_size, posterior.dilation_rate) == (
        flow.kernel_size,
        flow.dilation_rate,
    )
    durations = config.duration_predictor
    width = durations.filter_channels or config.hidden_channels
    supported_width = durations.kind != "stochastic" or width == config.hidden_channels
    rules = {
        f"a decoder of the kind {config.decoder.kind}": config.decoder.kind == "hifigan",
        "residual blocks of the kind 2": getattr(config.decoder, "resblock", "1") == "1",
        "a posterior encoder and a prior flow with different convolutions": same_wavenet,
        f"a stochastic duration predictor of {width} channels": supported_width,
    }
    broken = [part for part, holds in rules.items() if not holds]
    if broken:
        raise VoiceError(f"transformers cannot hold {' and '.join(broken)}, and the voice needs it")


def inferable_settings(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that tensor shapes show as well."""
    text, durations = config.text_encoder, config.duration_predictor
    decoder = hifigan_of(config)
    multi_speaker = config.n_speakers > 1
    stochastic = isinstance(durations, StochasticDurationConfig)
    return {
        "vocab_size": config.n_symbols,
        "hidden_size": config.hidden_channels,
        "num_hidden_layers": text.n_layers,
        "num_attention_heads": text.n_heads,
        "window_size": text.window_size,
        "ffn_dim": text.filter_channels,
        "ffn_kernel_size": text.kernel_size,
        "flow_size": config.latent_channels,
        "spectrogram_bins": config.audio.n_bins,
        "use_stochastic_duration_prediction": stochastic,
        "num_speakers": config.n_speakers,
        "speaker_embedding_size": config.speaker_channels if multi_speaker else 0,
        "upsample_initial_channel": decoder.initial_channels,
        "upsample_kernel_sizes": list(decoder.upsample_kernel_sizes),
        "resblock_kernel_sizes": list(decoder.resblock_kernel_sizes),
        "duration_predictor_kernel_size": durations.kernel_size,
        "prior_encoder_num_flows": config.prior_flow.n_flows,
        "prior_encoder_num_wavenet_layers": config.prior_flow.n_layers,
        "posterior_encoder_num_wavenet_layers": config.posterior_encoder.n_layers,
        "wavenet_kernel_size": config.prior_flow.kernel_size,
        **(
            {
                "duration_predictor_flow_bins": durations.n_bins,
                "duration_predictor_num_flows": durations.n_flows,
            }
            if stochastic
            else {"duration_predictor_filter_channels": durations.filter_channels}
        ),
    }


def model_settings(config: VitsConfig, inference: Settings) -> dict[str, Any]:
    """Return all settings of the model."""
    decoder, durations = hifigan_of(config), config.duration_predictor
    stochastic = isinstance(durations, StochasticDurationConfig)
    splines = durations if stochastic else StochasticDurationConfig()
    return {
        "architectures": ["VitsModel"],
        **FIXED,
        **inferable_settings(config),
        "upsample_rates": list(decoder.upsample_rates),
        "resblock_dilation_sizes": [list(each) for each in decoder.resblock_dilations],
        "wavenet_dilation_rate": config.prior_flow.dilation_rate,
        "hidden_dropout": config.text_encoder.dropout,
        "attention_dropout": config.text_encoder.dropout,
        "activation_dropout": config.text_encoder.dropout,
        "duration_predictor_dropout": durations.dropout,
        "duration_predictor_tail_bound": splines.tail_bound,
        "speaking_rate": 1.0 / inference.length_scale,
        "noise_scale": inference.noise_scale,
        "noise_scale_duration": inference.noise_scale_duration,
        "sampling_rate": config.audio.sample_rate,
        "dtype": "float32",
    }
