"""The settings of Piper's voices and checkpoints, to ours and back.

A voice's JSON lists rows for every symbol. Those of ``_`` stand between all symbols, those of ``^``
and ``$`` around a text; a voice that has no such rows has empty lists for them.
"""

from typing import Any

from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import Extras
from vits.interop.full_voice import WholeVoice
from vits.interop.infer_config import Unseen
from vits.interop.settings_file import SettingsFile
from vits.interop.symbol_table import fill_rows, row_names
from vits.text import Frontend

__all__ = ["BLANK", "claims", "hyper_parameters", "read_frontend", "unseen", "voice_settings"]

BLANK, BEGIN, END = "_", "^", "$"
# Its decoder of medium and low quality, where a checkpoint does not say.
MEDIUM = {"upsample_rates": (8, 8, 4), "resblock_dilation_sizes": ((1, 2), (2, 6), (3, 12))}
HIGH = {"upsample_rates": (8, 8, 2, 2), "resblock_dilation_sizes": ((1, 3, 5),) * 3}
BACKENDS = {"espeak": "espeak", "text": "graphemes"}


def unseen(
    hyper: SettingsFile, said: SettingsFile, extras: Extras, weights: dict[str, Tensor]
) -> Unseen:
    """Return what the tensors do not show; old checkpoints say little more than the quality."""
    usual = HIGH if any(".convs2." in name for name in weights) else MEDIUM
    rates = hyper.wholes("upsample_rates", usual["upsample_rates"])
    hop = hyper.whole("hop_length", said.whole("hop_length", 256))
    n_fft = hyper.whole("filter_length", 1024)
    top = hyper.get("mel_fmax", None)
    audio = AudioConfig(
        sample_rate=said.whole("audio.sample_rate"),
        n_fft=n_fft,
        win_length=hyper.whole("win_length", n_fft),
        hop_length=hop,
        n_mels=hyper.whole("mel_channels", 80),
        f_min=hyper.number("mel_fmin", 0.0),
        f_max=None if top is None else hyper.number("mel_fmax", None),
    )
    return Unseen(
        audio=extras.refined(audio, said.where),
        upsample_rates=rates,
        resblock_dilations=hyper.lists("resblock_dilation_sizes", usual["resblock_dilation_sizes"]),
        text_dropout=hyper.number("p_dropout", 0.1),
        segment_frames=hyper.whole("segment_size", 8192) // hop,
    )


def claims(hyper: SettingsFile, config: VitsConfig) -> dict[str, tuple[Any, Any]]:
    """Compare what the hyper-parameters say with what the tensors show."""
    text, decoder, several = config.text_encoder, config.decoder, config.n_speakers > 1
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
    if several:
        shown["num_speakers"] = config.n_speakers
    compared = {key: (hyper.get(key, None), value) for key, value in shown.items()}
    for key, value in (
        ("resblock_kernel_sizes", decoder.resblock_kernel_sizes),
        ("upsample_kernel_sizes", decoder.upsample_kernel_sizes),
    ):
        compared[key] = (hyper.wholes(key, value), value)
    compared["sample_rate"] = (hyper.get("sample_rate", None), config.audio.sample_rate)
    return compared


def read_frontend(said: SettingsFile, extras: Extras) -> Frontend:
    """Build the front end of a voice's JSON.

    Raises:
        VoiceError: its phonemes are of a kind, or mapped in a way, that cannot be carried over.
    """
    kind = said.text("phoneme_type", "espeak") or "espeak"
    if kind not in BACKENDS:
        raise VoiceError(f"{said.where}: phoneme_type {kind[:40]!r} cannot be carried over")
    if said.mapping("phoneme_map", {}):
        raise VoiceError(
            f"{said.where}: phoneme_map, which renames phonemes, cannot be carried over"
        )
    lists = dict(said.mapping("phoneme_id_map"))
    framing = {mark: lists.get(mark) for mark in (BLANK, BEGIN, END)}
    if None in framing.values():
        raise VoiceError(f"{said.where}: phoneme_id_map lacks one of {BLANK}, {BEGIN} and {END}")
    if bool(framing[BEGIN]) != bool(framing[END]):
        raise VoiceError(f"{said.where}: {BEGIN} and {END} must both have a row, or neither")
    for symbol, ids in framing.items():
        twins = [other for other, row in lists.items() if row == ids and other != symbol]
        if not ids or (symbol == BLANK and twins):
            del lists[symbol]
    rows = {symbol: _only_row(symbol, ids, said) for symbol, ids in lists.items()}
    symbols = fill_rows(rows, said.where)
    blank = symbols.symbols[_only_row(BLANK, framing[BLANK], said)] if framing[BLANK] else ""
    config = FrontendConfig(
        backend="espeak" if kind == "espeak" else "graphemes",
        language=said.text("espeak.voice", None) or "und",
        normalize=False,
        blanks=bool(framing[BLANK]),
        blank="" if blank == symbols.symbols[0] else blank,
        bos_eos=bool(framing[BEGIN]),
    )
    mine = extras.frontend
    if mine is not None and _framing(mine) == _framing(config):
        config = mine
    return Frontend(config, symbols)


def _only_row(symbol: str, ids: object, said: SettingsFile) -> int:
    if not isinstance(ids, list) or len(ids) != 1:
        raise VoiceError(
            f"{said.where}: symbol {symbol[:20]!r} has the rows {str(ids)[:40]}, but must have one"
        )
    return ids[0]


def _row_lists(frontend: Frontend) -> dict[str, list[int]]:
    """Return symbol -> rows; what a text of this voice does not get around it has none."""
    config, symbols = frontend.config, frontend.symbols
    lists = {symbol: [row] for symbol, row in row_names(symbols).items()}
    blank = symbols.id(config.blank) if config.blank else 0
    lists[BLANK] = [blank] if config.blanks else []
    if not config.bos_eos:
        lists |= {BEGIN: [], END: []}
    return lists


def _framing(config: FrontendConfig) -> tuple[object, ...]:
    return (
        config.backend,
        config.language,
        config.blank,
        config.bos_eos,
        config.blanks,
        config.stress,
    )


def hyper_parameters(config: VitsConfig) -> dict[str, Any]:
    """Return the arguments of Piper's model."""
    text, decoder, audio = config.text_encoder, config.decoder, config.audio
    several = config.n_speakers > 1
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
        "gin_channels": config.speaker_channels if several else 0,
    }


def voice_settings(voice: WholeVoice) -> dict[str, Any]:
    """Return the voice's JSON."""
    bundle = voice.bundle
    config, text, inference = bundle.generator.config, bundle.frontend.config, bundle.settings
    named = bundle.speakers if config.n_speakers > 1 else ()
    return {
        "audio": {"sample_rate": config.audio.sample_rate, "quality": "medium"},
        "espeak": {"voice": text.language},
        "dataset": bundle.card.dataset or bundle.card.name,
        "inference": {
            "noise_scale": inference.noise_scale,
            "length_scale": inference.length_scale,
            "noise_w": inference.noise_scale_duration,
        },
        "phoneme_type": "espeak" if text.backend == "espeak" else "text",
        "phoneme_map": {},
        "phoneme_id_map": _row_lists(bundle.frontend),
        "num_symbols": config.n_symbols,
        "num_speakers": config.n_speakers,
        "speaker_id_map": {name: row for row, name in enumerate(named)},
        "hop_length": config.audio.hop_length,
    }
