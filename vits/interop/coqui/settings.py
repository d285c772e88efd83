"""The settings of Coqui TTS's VITS, to ours and back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import Extras
from vits.interop.coqui.languages import MULTI, can_phonemise, language_settings
from vits.interop.infer_config import Unseen
from vits.interop.settings_file import SettingsFile
from vits.interop.symbol_table import EMBEDDING, unused_row
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable
from vits.text.languages import Languages

__all__ = [
    "FIXED",
    "blank_last",
    "read_frontend",
    "shown_sizes",
    "speaks",
    "unseen",
    "voice_settings",
]

BLANK = "<BLNK>"
VITS_CHARACTERS = "TTS.tts.models.vits.VitsCharacters"
GENERAL_CHARACTERS = (
    "TTS.tts.utils.text.characters.IPAPhonemes",
    "TTS.tts.utils.text.characters.Graphemes",
)
# What its other cleaners do is code that is not here; these do what our cleaning does.
CLEANERS = ("phoneme_cleaners", "english_cleaners", "multilingual_cleaners", "basic_cleaners")
# What our models always are.
FIXED = {
    "model": "vits",
    "model_args.use_spectral_norm_disriminator": False,
    "model_args.encoder_sample_rate": None,
    "model_args.condition_dp_on_speaker": True,
    "enable_eos_bos_chars": False,
}


def speaks(config: FrontendConfig) -> bool:
    """Tell whether its tokenizer can say what a front end says."""
    return config.backend == "graphemes" or (config.stress and can_phonemise(config))


def unseen(said: SettingsFile, extras: Extras) -> Unseen:
    """Return what the tensors do not show."""
    top = said.get("audio.mel_fmax", None)
    audio = AudioConfig(
        sample_rate=said.whole("audio.sample_rate"),
        n_fft=said.whole("audio.fft_size"),
        win_length=said.whole("audio.win_length"),
        hop_length=said.whole("audio.hop_length"),
        n_mels=said.whole("audio.num_mels", 80),
        f_min=said.number("audio.mel_fmin", 0.0) if said.get("audio.mel_fmin", 0) else 0.0,
        f_max=None if top is None else said.number("audio.mel_fmax"),
    )
    args = "model_args"
    return Unseen(
        audio=extras.refined(audio, said.where),
        upsample_rates=said.wholes(f"{args}.upsample_rates_decoder"),
        resblock_dilations=said.lists(f"{args}.resblock_dilation_sizes_decoder"),
        posterior_dilation_rate=said.whole(f"{args}.dilation_rate_posterior_encoder", 1),
        flow_dilation_rate=said.whole(f"{args}.dilation_rate_flow", 1),
        text_dropout=said.number(f"{args}.dropout_p_text_encoder", 0.1),
        duration_dropout=said.number(f"{args}.dropout_p_duration_predictor", 0.5),
        segment_frames=said.whole(f"{args}.spec_segment_size", 32),
        periods=said.wholes(f"{args}.periods_multi_period_discriminator", (2, 3, 5, 7, 11)),
    )


def shown_sizes(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that the tensors show too."""
    text, decoder, flow = config.text_encoder, config.decoder, config.prior_flow
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
    config: VitsConfig, frontend: Frontend, inference: Settings, *, has_judges: bool
) -> dict[str, Any]:
    """Return the settings of a voice whose blank is the last symbol."""
    audio, decoder, text = config.audio, config.decoder, frontend.config
    shown = {key.split(".")[1]: value for key, value in shown_sizes(config).items()}
    characters = frontend.symbols.to_list()
    espeak = text.backend == "espeak" and speaks(text)
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
            "init_discriminator": has_judges,
            "inference_noise_scale": inference.noise_scale,
            "inference_noise_scale_dp": inference.noise_scale_duration,
            "length_scale": inference.length_scale,
        },
        **language_settings(text),
    }


def read_frontend(
    said: SettingsFile, extras: Extras, n_symbols: int, languages: Languages
) -> Frontend:
    """Build the front end of a voice with these languages, or none.

    Raises:
        VoiceError: a cleaner or a class of characters is not known.
    """
    cleaner = said.text("text_cleaner", "phoneme_cleaners")
    phonemizer = said.text("phonemizer", None)
    known = (MULTI,) if languages else ()
    if said.flag("use_phonemes", False) and phonemizer not in ("espeak", "", *known):
        raise VoiceError(f"{said.where}: phonemizer {phonemizer[:60]!r} cannot be carried over")
    if cleaner not in CLEANERS:
        raise VoiceError(f"{said.where}: text_cleaner {cleaner[:60]!r} cannot be carried over")
    symbols, blank = _characters(said)
    if len(symbols) != n_symbols:
        raise VoiceError(
            f"{said.where}: characters has {len(symbols)} symbols, but the tensors show {n_symbols}"
        )
    espeak = said.flag("use_phonemes", False)
    config = FrontendConfig(
        backend="espeak" if espeak else "graphemes",
        language=_language(said, languages) if espeak else "und",
        normalize=cleaner == "english_cleaners",
        blanks=said.flag("add_blank", True),
        blank="" if blank == symbols.symbols[0] else blank,
        languages=languages,
    )
    mine = extras.frontend
    if mine is not None and (mine.backend, mine.blanks) == (config.backend, config.blanks):
        config = replace(mine, blank=config.blank, bos_eos=False)
    return Frontend(config, symbols)


def _language(said: SettingsFile, languages: Languages) -> str:
    if said.text("phonemizer", None) == MULTI:
        return languages[0][1]
    return said.text("phoneme_language", None) or "und"


def blank_last(
    frontend: Frontend, weights: Mapping[str, Tensor], n_symbols: int
) -> tuple[Frontend, dict[str, Tensor], list[int]]:
    """Move the blank's row to the end, where its characters have it, and name it as they do.

    Characters are listed in one string: a row that no text uses gets one of the private area.

    Returns:
        Front end, tensors, and for each of their rows the row it was.
    """
    config, table = frontend.config, frontend.symbols
    symbols = [*table.symbols, *(unused_row(row) for row in range(len(table), n_symbols))]
    blank = table.id(config.blank) if config.blank else 0
    order = [row for row in range(n_symbols) if row != blank] + [blank]
    named = [*(_single(symbols[row], row, table) for row in order[:-1]), BLANK]
    moved = {**weights, EMBEDDING: weights[EMBEDDING][torch.tensor(order)]}
    config = replace(config, blank=BLANK, bos_eos=False)
    return Frontend(config, SymbolTable(tuple(named))), moved, order


def _single(symbol: str, row: int, table: SymbolTable) -> str:
    """Return a symbol's one character; a row that no text uses gets one that no text has."""
    used = len(symbol) == 1 and symbol in table and table.id(symbol) == row
    return symbol if used else chr(0xF0000 + row)


def _characters(said: SettingsFile) -> tuple[SymbolTable, str]:
    """Return the symbols in the order that their class gives them, and the blank."""

    def part(key: str) -> str:
        return said.text(f"characters.{key}", None)

    kind = part("characters_class") or (
        GENERAL_CHARACTERS[0] if said.flag("use_phonemes", False) else GENERAL_CHARACTERS[1]
    )
    if kind == VITS_CHARACTERS:
        letters = part("characters") + part("phonemes")
        rows = [part("pad"), *part("punctuations"), *letters, BLANK]
        return SymbolTable.from_list(row for row in rows if row), BLANK
    if kind not in GENERAL_CHARACTERS:
        raise VoiceError(f"{said.where}: characters_class {kind[:80]!r} cannot be carried over")
    # the one class takes the phonemes, where they are named, for its characters; the other ignores
    # them, as either does in its own code
    named = said.get("characters.phonemes", None) is not None
    letters = part("phonemes" if named and kind == GENERAL_CHARACTERS[0] else "characters")
    if said.flag("characters.is_unique", True):
        letters = "".join(dict.fromkeys(letters))
    if said.flag("characters.is_sorted", True):
        letters = "".join(sorted(letters))
    special = [part(key) for key in ("pad", "eos", "bos", "blank")]
    rows = [*(each for each in special if each), *letters, *part("punctuations")]
    return SymbolTable.from_list(rows), special[3] or special[0]
