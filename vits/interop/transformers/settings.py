"""The settings of transformers' VITS: its configuration and its tokenizer, to ours and back."""

import math
from dataclasses import replace
from typing import Any

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import Extras
from vits.interop.infer_config import Unseen
from vits.interop.settings_file import SettingsFile
from vits.interop.symbol_table import row_names
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable

__all__ = [
    "DEFAULTS",
    "FIXED",
    "model_settings",
    "read_tokenizer",
    "require_model",
    "shown_sizes",
    "speaks",
    "tokenizer_settings",
    "unseen",
]

# What a model is where its settings do not say; theirs, where it concerns us.
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
# What our models always are.
FIXED = {
    "model_type": "vits",
    "hidden_act": "relu",
    "use_bias": True,
    "layer_norm_eps": 1e-5,
    "leaky_relu_slope": 0.1,
    "depth_separable_channels": 2,
    "depth_separable_num_layers": 3,
}


def unseen(said: SettingsFile, extras: Extras, where: object) -> Unseen:
    """Return what the tensors do not show."""
    rates = said.wholes("upsample_rates")
    n_fft = 2 * (said.whole("spectrogram_bins", 513) - 1)
    audio = AudioConfig(
        sample_rate=said.whole("sampling_rate"),
        n_fft=n_fft,
        win_length=n_fft,
        hop_length=math.prod(rates),
    )
    return Unseen(
        audio=extras.refined(audio, where),
        upsample_rates=rates,
        resblock_dilations=said.lists("resblock_dilation_sizes"),
        posterior_dilation_rate=said.whole("wavenet_dilation_rate"),
        flow_dilation_rate=said.whole("wavenet_dilation_rate"),
        tail_bound=said.number("duration_predictor_tail_bound"),
        text_dropout=said.number("hidden_dropout"),
        duration_dropout=said.number("duration_predictor_dropout"),
        segment_frames=extras.segment_frames,
    )


def read_tokenizer(symbols: SymbolTable, tokenizer: SettingsFile, extras: Extras) -> Frontend:
    """Build the front end that a tokenizer is."""
    tokenizer.require({"is_uroman": False})
    phonemize = tokenizer.flag("phonemize", True)
    config = FrontendConfig(
        backend="espeak" if phonemize else "graphemes",
        language="en-us" if phonemize else tokenizer.text("language", None) or "und",
        normalize=False,
        blanks=tokenizer.flag("add_blank", True),
    )
    known = extras.frontend
    if (
        known is not None
        and speaks(known)
        and (known.backend, known.blanks)
        == (
            config.backend,
            config.blanks,
        )
    ):
        config = replace(known, blank="", bos_eos=False)
    return Frontend(config, symbols)


def tokenizer_settings(frontend: Frontend) -> dict[str, Any]:
    """Return the tokenizer's settings; the blank is its padding and its unknown symbol."""
    config, blank = frontend.config, next(iter(row_names(frontend.symbols)))
    phonemize = config.backend == "espeak" and speaks(config)
    return {
        "tokenizer_class": "VitsTokenizer",
        "language": config.language,
        "add_blank": config.blanks,
        "phonemize": phonemize,
        "normalize": phonemize or config.backend == "graphemes",
        "is_uroman": False,
        "pad_token": blank,
        "unk_token": blank,
    }


def speaks(config: FrontendConfig) -> bool:
    """Tell whether their tokenizer can say what a front end says."""
    return config.backend == "graphemes" or (config.language == "en-us" and config.stress)


def require_model(config: VitsConfig) -> None:
    """Require a model that ``VitsModel`` can be."""
    posterior, flow, durations = config.posterior_encoder, config.prior_flow, config
    same = (posterior.kernel_size, posterior.dilation_rate) == (
        flow.kernel_size,
        flow.dilation_rate,
    )
    durations = config.duration_predictor
    width = durations.filter_channels or config.hidden_channels
    plain_width = durations.kind == "deterministic" or width == config.hidden_channels
    rules = {
        f"a decoder of the kind {config.decoder.kind}": config.decoder.kind == "hifigan",
        "residual blocks of the kind 2": config.decoder.resblock == "1",
        "a posterior encoder and a prior flow with different convolutions": same,
        f"a stochastic duration predictor {width} wide": plain_width,
    }
    broken = [part for part, holds in rules.items() if not holds]
    if broken:
        raise VoiceError(f"transformers cannot hold {' and '.join(broken)}, nor do without it")


def shown_sizes(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that the tensors show too."""
    text, durations, decoder = config.text_encoder, config.duration_predictor, config.decoder
    several = config.n_speakers > 1
    stochastic = durations.kind == "stochastic"
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
        "speaker_embedding_size": config.speaker_channels if several else 0,
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
            else {"duration_predictor_filter_channels": durations.filter_channels or 256}
        ),
    }


def model_settings(config: VitsConfig, inference: Settings) -> dict[str, Any]:
    """Return all settings of the model."""
    decoder, durations = config.decoder, config.duration_predictor
    return {
        "architectures": ["VitsModel"],
        **FIXED,
        **shown_sizes(config),
        "upsample_rates": list(decoder.upsample_rates),
        "resblock_dilation_sizes": [list(each) for each in decoder.resblock_dilations],
        "wavenet_dilation_rate": config.prior_flow.dilation_rate,
        "hidden_dropout": config.text_encoder.dropout,
        "attention_dropout": config.text_encoder.dropout,
        "activation_dropout": config.text_encoder.dropout,
        "duration_predictor_dropout": durations.dropout,
        "duration_predictor_tail_bound": durations.tail_bound,
        "speaking_rate": 1.0 / inference.length_scale,
        "noise_scale": inference.noise_scale,
        "noise_scale_duration": inference.noise_scale_duration,
        "sampling_rate": config.audio.sample_rate,
        "dtype": "float32",
    }
