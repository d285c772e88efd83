"""Convert the settings of Piper's voices and checkpoints.

A voice's JSON lists the ids of every symbol. The ids of ``_`` go between all symbols, those of
``^`` and ``$`` around a text; these lists are empty in a voice without them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import TextError, VoiceError
from vits.interop.carried_settings import KEY, LONGEST, CarriedSettings, keep
from vits.interop.infer_config import DeclaredConfig
from vits.interop.settings_reader import SettingsReader, shown
from vits.interop.size_limits import hifigan_of
from vits.interop.symbol_table import table_from_ids, unique_symbol_ids
from vits.synthesis.bundle.card import Card
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable
from vits.text.espeak.phonemize import find_espeak_language

__all__ = [
    "BLANK",
    "claims",
    "declared_config",
    "espeak_voice",
    "hyper_parameters",
    "language_settings",
    "quality",
    "read_card",
    "read_frontend",
    "read_inference",
    "symbol_id_lists",
    "voice_settings",
]

BLANK, BEGIN, END = "_", "^", "$"
# What its JSON says of a voice and ours has no key for; a card keeps it under these names.
QUALITY, VOICE = "piper.audio.quality", "piper.espeak.voice"
LANGUAGE = "piper.language."
LANGUAGE_KEYS = ("code", "family", "region", "name_native", "name_english", "country_english")
LOW_RATE = 16000  # Piper calls voices of up to this rate (Hz) low quality, others medium
# Its decoders of medium (and low) and of high quality; old checkpoints do not store them.
MEDIUM = {"upsample_rates": (8, 8, 4), "resblock_dilation_sizes": ((1, 2), (2, 6), (3, 12))}
HIGH = {"upsample_rates": (8, 8, 2, 2), "resblock_dilation_sizes": ((1, 3, 5),) * 3}
BACKENDS = {"espeak": "espeak", "text": "graphemes"}


def declared_config(
    hparams: SettingsReader,
    settings: SettingsReader,
    carried: CarriedSettings,
    weights: dict[str, Tensor],
) -> DeclaredConfig:
    """Return the configuration that the tensors do not show; old checkpoints store little of it."""
    defaults = HIGH if any(".convs2." in name for name in weights) else MEDIUM
    rates = hparams.integers("upsample_rates", defaults["upsample_rates"])
    hop = hparams.integer("hop_length", settings.integer("hop_length", 256))
    n_fft = hparams.integer("filter_length", 1024)
    top = hparams.get("mel_fmax", None)
    audio = AudioConfig(
        sample_rate=settings.integer("audio.sample_rate"),
        n_fft=n_fft,
        win_length=hparams.integer("win_length", n_fft),
        hop_length=hop,
        n_mels=hparams.integer("mel_channels", 80),
        f_min=hparams.number("mel_fmin", 0.0),
        f_max=None if top is None else hparams.number("mel_fmax", None),
    )
    return DeclaredConfig(
        audio=carried.refine_audio(audio, settings.source),
        upsample_rates=rates,
        resblock_dilations=hparams.integer_lists(
            "resblock_dilation_sizes", defaults["resblock_dilation_sizes"]
        ),
        text_dropout=hparams.number("p_dropout", 0.1),
        segment_frames=hparams.integer("segment_size", 8192) // hop,
    )


def claims(hparams: SettingsReader, config: VitsConfig) -> dict[str, tuple[Any, Any]]:
    """Return key -> (hyper-parameter, value that the tensors show)."""
    text, decoder, multi_speaker = config.text_encoder, hifigan_of(config), config.n_speakers > 1
    shown: dict[str, Any] = {
        "num_symbols": config.n_symbols,
        "inter_channels": config.latent_channels,
        "hidden_channels": config.hidden_channels,
        "filter_channels": text.filter_channels,
        "n_heads": text.n_heads,
        "n_layers": text.n_layers,
        "kernel_size": text.kernel_size,
        "resblock": decoder.resblock,
        "upsample_initial_channel": decoder.initial_channels,
    }
    if multi_speaker:
        shown["num_speakers"] = config.n_speakers
    compared = {key: (hparams.get(key, None), value) for key, value in shown.items()}
    for key, value in (
        ("resblock_kernel_sizes", decoder.resblock_kernel_sizes),
        ("upsample_kernel_sizes", decoder.upsample_kernel_sizes),
    ):
        compared[key] = (hparams.integers(key, value), value)
    compared["sample_rate"] = (hparams.get("sample_rate", None), config.audio.sample_rate)
    return compared


def read_frontend(settings: SettingsReader, carried: CarriedSettings) -> Frontend:
    """Build the front end from a voice's JSON.

    Raises:
        VoiceError: the kind of its phonemes, or their mapping to ids, cannot be converted.
    """
    kind = settings.string("phoneme_type", "espeak") or "espeak"
    if kind not in BACKENDS:
        raise VoiceError(f"{settings.source}: phoneme_type {kind[:40]!r} cannot be converted")
    if settings.mapping("phoneme_map", {}):
        raise VoiceError(
            f"{settings.source}: phoneme_map, which renames phonemes, cannot be converted"
        )
    lists = dict(settings.mapping("phoneme_id_map"))
    layout = {mark: lists.get(mark) for mark in (BLANK, BEGIN, END)}
    if None in layout.values():
        raise VoiceError(
            f"{settings.source}: phoneme_id_map lacks one of {BLANK}, {BEGIN} and {END}"
        )
    if bool(layout[BEGIN]) != bool(layout[END]):
        raise VoiceError(f"{settings.source}: {BEGIN} and {END} must both have an id, or neither")
    for symbol, ids in layout.items():
        aliases = [s for s, other_ids in lists.items() if other_ids == ids and s != symbol]
        if not ids or (symbol == BLANK and aliases):
            del lists[symbol]
    for symbol in list(lists):
        parts = unicodedata.normalize("NFD", symbol)
        if parts != symbol and lists.get(parts) == lists[symbol]:
            del lists[parts]  # a second spelling of the same letter
    symbol_ids = {symbol: _single_id(symbol, ids, settings) for symbol, ids in lists.items()}
    symbols = table_from_ids(symbol_ids, settings.source)
    blank = symbols.symbols[_single_id(BLANK, layout[BLANK], settings)] if layout[BLANK] else ""
    config = FrontendConfig(
        backend="espeak" if kind == "espeak" else "graphemes",
        language=_language(settings.string("espeak.voice", None), kind),
        normalize=False,
        clauses="espeak" if kind == "espeak" else "marks",
        clusters=_clusters(settings, symbols),
        blanks=bool(layout[BLANK]),
        blank="" if blank == symbols.symbols[0] else blank,
        bos_eos=bool(layout[BEGIN]),
    )
    known = carried.frontend
    if known is not None and _text_layout(known) == _text_layout(config):
        config = known
    return Frontend(config, symbols)


def read_inference(settings: SettingsReader, others: Settings) -> Settings:
    """Return ``others`` with the speaking settings of Piper's JSON."""
    return replace(
        others,
        noise_scale=settings.number("inference.noise_scale", 0.667),
        noise_scale_duration=settings.number("inference.noise_w", 0.8),
        length_scale=settings.number("inference.length_scale", 1.0),
    )


def read_card(settings: SettingsReader, carried: CarriedSettings) -> Card:
    """Return the card with the name, quality and language that a voice's JSON states."""
    card, name = carried.card, settings.string("dataset", None)
    if settings.get(KEY, None) is not None:
        return card
    if name:
        card = replace(card, name=name[:LONGEST])
    stated = {QUALITY: settings.string("audio.quality", None)}
    stated[VOICE] = settings.string("espeak.voice", None)
    for key in LANGUAGE_KEYS:
        stated[LANGUAGE + key] = settings.string(f"language.{key}", None)
    return keep(card, stated)


def language_settings(card: Card, language: str) -> dict[str, str]:
    """Return what a voice's JSON says of its language: as it was read, or from espeak-ng's code."""
    kept = {key: card.other_formats.get(LANGUAGE + key, "") for key in LANGUAGE_KEYS}
    if re.fullmatch(r"[A-Za-z]{2,8}(_[A-Za-z0-9]{2,8})*", kept["code"]):
        return {key: value for key, value in kept.items() if value}
    family, _, region = language.partition("-")
    family = re.sub(r"[^A-Za-z0-9]+", "", family) or "und"
    region = re.sub(r"[^A-Za-z0-9]+", "", region).upper()
    code = f"{family}_{region}" if region else family
    return {"code": code, "family": family, "region": region}


def espeak_voice(card: Card, language: str) -> str:
    """Return the voice of espeak-ng for a code: as it was read, if that still means the code."""
    kept = card.other_formats.get(VOICE, "")
    try:
        return kept if find_espeak_language(kept) == language else language
    except TextError:
        return language


def quality(card: Card, sample_rate: int) -> str:
    """Return the quality of a voice: as it was read, or from its sample rate (Hz)."""
    kept = card.other_formats.get(QUALITY, "")
    if re.fullmatch(r"[a-z_]{1,20}", kept):
        return kept
    return "low" if sample_rate <= LOW_RATE else "medium"


def _language(voice: str, kind: str) -> str:
    """Return the code of one of espeak-ng's voices, which Piper names more loosely (``fr``)."""
    return find_espeak_language(voice) if kind == "espeak" and voice else voice or "und"


def _clusters(settings: SettingsReader, symbols: SymbolTable) -> tuple[str, ...]:
    """Return the symbols that stand for several phonemes, where a voice says so."""
    listed = settings.get("vowel_clusters", None) or []
    if not isinstance(listed, list) or not all(isinstance(each, list) for each in listed):
        raise VoiceError(
            f"{settings.source}: vowel_clusters {shown(listed)} must be a list of lists"
        )
    joined = ("".join(map(str, each)) for each in cast(list[list[object]], listed))
    return tuple(sorted(cluster for cluster in set(joined) if cluster in symbols))


def _single_id(symbol: str, ids: object, settings: SettingsReader) -> int:
    if not isinstance(ids, list) or len(ids) != 1:
        raise VoiceError(
            f"{settings.source}: symbol {symbol[:20]!r} has the ids {str(ids)[:40]}, "
            "but must have one"
        )
    return ids[0]


def symbol_id_lists(frontend: Frontend) -> dict[str, list[int]]:
    """Return symbol -> ids; the list of an unused blank, BOS or EOS is empty."""
    config, symbols = frontend.config, frontend.symbols
    lists = {symbol: [id] for symbol, id in unique_symbol_ids(symbols).items()}
    blank = symbols.id(config.blank) if config.blank else 0
    lists[BLANK] = [blank] if config.blanks else []
    if not config.bos_eos:
        lists |= {BEGIN: [], END: []}
    return lists


def _text_layout(config: FrontendConfig) -> tuple[object, ...]:
    return (
        config.backend,
        config.language,
        config.blank,
        config.bos_eos,
        config.blanks,
        config.stress,
    )


def hyper_parameters(config: VitsConfig) -> dict[str, Any]:
    """Return the arguments of Piper's model class."""
    text, decoder, audio = config.text_encoder, hifigan_of(config), config.audio
    multi_speaker = config.n_speakers > 1
    return {
        "num_symbols": config.n_symbols,
        "num_speakers": config.n_speakers,
        "resblock": decoder.resblock,
        "resblock_kernel_sizes": decoder.resblock_kernel_sizes,
        "resblock_dilation_sizes": decoder.resblock_dilations,
        "upsample_rates": decoder.upsample_rates,
        "upsample_initial_channel": decoder.initial_channels,
        "upsample_kernel_sizes": decoder.upsample_kernel_sizes,
        "filter_length": audio.n_fft,
        "hop_length": audio.hop_length,
        "win_length": audio.win_length,
        "mel_channels": audio.n_mels,
        "sample_rate": audio.sample_rate,
        "mel_fmin": audio.f_min,
        "mel_fmax": audio.f_max,
        "inter_channels": config.latent_channels,
        "hidden_channels": config.hidden_channels,
        "filter_channels": text.filter_channels,
        "n_heads": text.n_heads,
        "n_layers": text.n_layers,
        "kernel_size": text.kernel_size,
        "p_dropout": text.dropout,
        "use_sdp": config.duration_predictor.kind == "stochastic",
        "segment_size": config.segment_frames * audio.hop_length,
        "gin_channels": config.speaker_channels if multi_speaker else 0,
    }


def voice_settings(
    bundle: VoiceBundle, symbol_ids: Mapping[str, list[int]], clusters: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the voice's JSON.

    Args:
        bundle: the voice.
        symbol_ids: symbol -> ids; the list of an unused blank, BOS or EOS is empty.
        clusters: symbols that Piper sees in parts, besides those of the front end.
    """
    config, text, inference = bundle.generator.config, bundle.frontend.config, bundle.settings
    speakers = bundle.speakers if config.n_speakers > 1 else ()
    joined = dict.fromkeys((*text.clusters, *clusters))
    parts = [list(unicodedata.normalize("NFD", symbol)) for symbol in joined]
    return {
        "audio": {
            "sample_rate": config.audio.sample_rate,
            "quality": quality(bundle.card, config.audio.sample_rate),
        },
        "espeak": {"voice": espeak_voice(bundle.card, text.language)},
        "language": language_settings(bundle.card, text.language),
        "dataset": bundle.card.name,
        "inference": {
            "noise_scale": inference.noise_scale,
            "length_scale": inference.length_scale,
            "noise_w": inference.noise_scale_duration,
        },
        "phoneme_type": "espeak" if text.backend == "espeak" else "text",
        "phoneme_map": {},
        "phoneme_id_map": symbol_ids,
        "num_symbols": config.n_symbols,
        "num_speakers": config.n_speakers,
        "speaker_id_map": {name: id for id, name in enumerate(speakers)},
        "hop_length": config.audio.hop_length,
        **({"vowel_clusters": parts} if parts else {}),
    }
