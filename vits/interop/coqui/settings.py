"""Convert the settings of Coqui TTS's VITS."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import CarriedSettings
from vits.interop.coqui.languages import MULTI, can_phonemize, language_settings
from vits.interop.infer_config import DeclaredConfig
from vits.interop.settings_reader import SettingsReader
from vits.interop.size_limits import hifigan_of
from vits.interop.symbol_table import EMBEDDING, placeholder, unused_symbol
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable
from vits.text.language_ids import Languages

__all__ = [
    "FIXED",
    "declared_config",
    "inferable_settings",
    "move_blank_last",
    "read_frontend",
    "supports_frontend",
    "voice_settings",
]

BLANK = "<BLNK>"
VITS_CHARACTERS = "TTS.tts.models.vits.VitsCharacters"
GENERAL_CHARACTERS = (
    "TTS.tts.utils.text.characters.IPAPhonemes",
    "TTS.tts.utils.text.characters.Graphemes",
)
# These cleaners do the same as ours; the others need code that is not here.
CLEANERS = ("phoneme_cleaners", "english_cleaners", "multilingual_cleaners", "basic_cleaners")
# The only values that our models support.
FIXED = {
    "model": "vits",
    "model_args.use_spectral_norm_disriminator": False,
    "model_args.encoder_sample_rate": None,
    "model_args.condition_dp_on_speaker": True,
    "enable_eos_bos_chars": False,
}


def supports_frontend(config: FrontendConfig) -> bool:
    """Return whether its tokenizer is equivalent to a front end."""
    return config.backend == "graphemes" or (config.stress and can_phonemize(config))


def declared_config(settings: SettingsReader, carried: CarriedSettings) -> DeclaredConfig:
    """Return the configuration that the tensors do not show."""
    top = settings.get("audio.mel_fmax", None)
    audio = AudioConfig(
        sample_rate=settings.integer("audio.sample_rate"),
        n_fft=settings.integer("audio.fft_size"),
        win_length=settings.integer("audio.win_length"),
        hop_length=settings.integer("audio.hop_length"),
        n_mels=settings.integer("audio.num_mels", 80),
        f_min=settings.number("audio.mel_fmin", 0.0) if settings.get("audio.mel_fmin", 0) else 0.0,
        f_max=None if top is None else settings.number("audio.mel_fmax"),
    )
    args = "model_args"
    return DeclaredConfig(
        audio=carried.refine_audio(audio, settings.source),
        upsample_rates=settings.integers(f"{args}.upsample_rates_decoder"),
        resblock_dilations=settings.integer_lists(f"{args}.resblock_dilation_sizes_decoder"),
        posterior_dilation_rate=settings.integer(f"{args}.dilation_rate_posterior_encoder", 1),
        flow_dilation_rate=settings.integer(f"{args}.dilation_rate_flow", 1),
        text_dropout=settings.number(f"{args}.dropout_p_text_encoder", 0.1),
        duration_dropout=settings.number(f"{args}.dropout_p_duration_predictor", 0.5),
        segment_frames=settings.integer(f"{args}.spec_segment_size", 32),
        periods=settings.integers(f"{args}.periods_multi_period_discriminator", (2, 3, 5, 7, 11)),
    )


def inferable_settings(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that tensor shapes show as well."""
    text, decoder, flow = config.text_encoder, hifigan_of(config), config.prior_flow
    posterior = config.posterior_encoder
    sizes: dict[str, Any] = {
        "num_chars": config.n_symbols,
        "out_channels": config.audio.n_bins,
        "hidden_channels": config.hidden_channels,
        "hidden_channels_ffn_text_encoder": text.filter_channels,
        "num_heads_text_encoder": text.n_heads,
        "num_layers_text_encoder": text.n_layers,
        "kernel_size_text_encoder": text.kernel_size,
        "kernel_size_posterior_encoder": posterior.kernel_size,
        "num_layers_posterior_encoder": posterior.n_layers,
        "kernel_size_flow": flow.kernel_size,
        "num_layers_flow": flow.n_layers,
        "resblock_type_decoder": decoder.resblock,
        "resblock_kernel_sizes_decoder": list(decoder.resblock_kernel_sizes),
        "upsample_initial_channel_decoder": decoder.initial_channels,
        "upsample_kernel_sizes_decoder": list(decoder.upsample_kernel_sizes),
        "use_sdp": config.duration_predictor.kind == "stochastic",
        "use_language_embedding": config.n_languages > 0,
    }
    if config.n_languages:
        sizes["embedded_language_dim"] = config.language_channels
    if config.n_speakers > 1:
        sizes |= {
            "use_speaker_embedding": True,
            "speaker_embedding_channels": config.speaker_channels,
        }
    return {f"model_args.{key}": value for key, value in sizes.items()}


def voice_settings(
    config: VitsConfig, frontend: Frontend, inference: Settings, *, has_discriminators: bool
) -> dict[str, Any]:
    """Return complete settings of a voice whose blank is the last symbol."""
    audio, decoder, text = config.audio, hifigan_of(config), frontend.config
    shown = {key.split(".")[1]: value for key, value in inferable_settings(config).items()}
    characters = frontend.symbols.to_list()
    espeak = text.backend == "espeak" and supports_frontend(text)
    return {
        "model": "vits",
        "audio": {
            "sample_rate": audio.sample_rate,
            "fft_size": audio.n_fft,
            "win_length": audio.win_length,
            "hop_length": audio.hop_length,
            "num_mels": audio.n_mels,
            "mel_fmin": audio.f_min,
            "mel_fmax": audio.f_max,
        },
        "use_phonemes": espeak,
        "phonemizer": "espeak" if espeak else None,
        "phoneme_language": text.language if espeak else None,
        "text_cleaner": "phoneme_cleaners" if espeak else "basic_cleaners",
        "enable_eos_bos_chars": False,
        "add_blank": text.blanks,
        "characters": {
            "characters_class": VITS_CHARACTERS,
            "pad": characters[0],
            "eos": None,
            "bos": None,
            "blank": BLANK,
            "characters": "".join(characters[1:-1]),
            "punctuations": "",
            "phonemes": "",
            "is_unique": False,
            "is_sorted": False,
        },
        "model_args": {
            **shown,
            "spec_segment_size": config.segment_frames,
            "dropout_p_text_encoder": config.text_encoder.dropout,
            "dropout_p_duration_predictor": config.duration_predictor.dropout,
            "dilation_rate_posterior_encoder": config.posterior_encoder.dilation_rate,
            "dilation_rate_flow": config.prior_flow.dilation_rate,
            "resblock_dilation_sizes_decoder": [list(d) for d in decoder.resblock_dilations],
            "upsample_rates_decoder": list(decoder.upsample_rates),
            "periods_multi_period_discriminator": list(config.discriminator.periods),
            "num_speakers": config.n_speakers if config.n_speakers > 1 else 0,
            "init_discriminator": has_discriminators,
            "inference_noise_scale": inference.noise_scale,
            "inference_noise_scale_dp": inference.noise_scale_duration,
            "length_scale": inference.length_scale,
        },
        **language_settings(text),
    }


def read_frontend(
    settings: SettingsReader, carried: CarriedSettings, n_symbols: int, languages: Languages
) -> Frontend:
    """Build the front end of a voice; ``languages`` is empty for a voice of one language.

    Raises:
        VoiceError: a cleaner, phonemizer or characters class is unknown.
    """
    cleaner = settings.string("text_cleaner", "phoneme_cleaners")
    phonemizer = settings.string("phonemizer", None)
    supported = ("espeak", "", MULTI) if languages else ("espeak", "")
    if settings.boolean("use_phonemes", False) and phonemizer not in supported:
        raise VoiceError(f"{settings.source}: phonemizer {phonemizer[:60]!r} cannot be converted")
    if cleaner not in CLEANERS:
        raise VoiceError(f"{settings.source}: text_cleaner {cleaner[:60]!r} cannot be converted")
    symbols, blank = _characters(settings)
    if len(symbols) != n_symbols:
        raise VoiceError(
            f"{settings.source}: characters has {len(symbols)} symbols, but the tensors "
            f"show {n_symbols}"
        )
    espeak = settings.boolean("use_phonemes", False)
    config = FrontendConfig(
        backend="espeak" if espeak else "graphemes",
        language=_language(settings, languages) if espeak else "und",
        normalize=cleaner == "english_cleaners",
        blanks=settings.boolean("add_blank", True),
        blank="" if blank == symbols.symbols[0] else blank,
        languages=languages,
    )
    known = carried.frontend
    if known is not None and (known.backend, known.blanks) == (config.backend, config.blanks):
        config = replace(known, blank=config.blank, bos_eos=False)
    return Frontend(config, symbols)


def _language(settings: SettingsReader, languages: Languages) -> str:
    if settings.string("phonemizer", None) == MULTI:
        return languages[0][1]
    return settings.string("phoneme_language", None) or "und"


def move_blank_last(
    frontend: Frontend, weights: Mapping[str, Tensor], n_symbols: int
) -> tuple[Frontend, dict[str, Tensor], list[int]]:
    """Move the blank to the end of the table and rename it, as its characters class does.

    Characters are one string, so an unused id gets a character of the private use area.

    Returns:
        Front end, tensors, and for each new symbol id the old one.
    """
    config, table = frontend.config, frontend.symbols
    symbols = [*table.symbols, *(unused_symbol(id) for id in range(len(table), n_symbols))]
    blank = table.id(config.blank) if config.blank else 0
    order = [id for id in range(n_symbols) if id != blank] + [blank]
    characters = [*(_character(symbols[id], id, table) for id in order[:-1]), BLANK]
    moved = {**weights, EMBEDDING: weights[EMBEDDING][torch.tensor(order)]}
    config = replace(config, blank=BLANK, bos_eos=False)
    return Frontend(config, SymbolTable(tuple(characters))), moved, order


def _character(symbol: str, id: int, table: SymbolTable) -> str:
    """Return the character of a symbol; one of several characters gets one that no text has."""
    used = len(symbol) == 1 and symbol in table and table.id(symbol) == id
    return symbol if used else placeholder(id)


def _characters(settings: SettingsReader) -> tuple[SymbolTable, str]:
    """Return the symbols in the order of their characters class, and the blank."""

    def part(key: str) -> str:
        return settings.string(f"characters.{key}", None)

    kind = part("characters_class") or (
        GENERAL_CHARACTERS[0] if settings.boolean("use_phonemes", False) else GENERAL_CHARACTERS[1]
    )
    if kind == VITS_CHARACTERS:
        letters = part("characters") + part("phonemes")
        symbols = [part("pad"), *part("punctuations"), *letters, BLANK]
        return SymbolTable.from_list(symbol for symbol in symbols if symbol), BLANK
    if kind not in GENERAL_CHARACTERS:
        raise VoiceError(f"{settings.source}: characters_class {kind[:80]!r} cannot be converted")
    # As in Coqui's code, IPAPhonemes prefers the phonemes and Graphemes ignores them.
    has_phonemes = settings.get("characters.phonemes", None) is not None
    letters = part("phonemes" if has_phonemes and kind == GENERAL_CHARACTERS[0] else "characters")
    if settings.boolean("characters.is_unique", True):
        letters = "".join(dict.fromkeys(letters))
    if settings.boolean("characters.is_sorted", True):
        letters = "".join(sorted(letters))
    special = [part(key) for key in ("pad", "eos", "bos", "blank")]
    symbols = [*(each for each in special if each), *letters, *part("punctuations")]
    return SymbolTable.from_list(symbols), special[3] or special[0]
