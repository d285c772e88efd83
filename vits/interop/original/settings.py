"""The settings of the original VITS, to ours and back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import Extras
from vits.interop.infer_config import Unseen
from vits.interop.settings_file import SettingsFile
from vits.interop.symbol_table import fill_rows, unused_row
from vits.text import Frontend, SymbolTable

__all__ = ["cleaner", "fresh_optimizer", "model_settings", "read_frontend", "shown_sizes", "unseen"]

VOCABULARY = "vocab.txt"
# What its cleaners do, in our words; others call code that is not here.
CLEANERS = {
    "english_cleaners2": FrontendConfig(),
    "basic_cleaners": FrontendConfig(backend="graphemes", language="und", normalize=False),
}


def cleaner(config: FrontendConfig) -> str | None:
    """Return the cleaner that does what a front end does; None if there is none."""
    if config.backend == "graphemes":
        return "basic_cleaners"
    return "english_cleaners2" if (config.language, config.stress) == ("en-us", True) else None


def unseen(said: SettingsFile, extras: Extras, where: object) -> Unseen:
    """Return what the tensors do not show."""
    hop = said.whole("data.hop_length")
    audio = AudioConfig(
        sample_rate=said.whole("data.sampling_rate"),
        n_fft=said.whole("data.filter_length"),
        win_length=said.whole("data.win_length"),
        hop_length=hop,
        n_mels=said.whole("data.n_mel_channels", 80),
        f_min=said.number("data.mel_fmin", 0.0),
        f_max=None
        if said.get("data.mel_fmax", None) is None
        else said.number("data.mel_fmax", None),
    )
    return Unseen(
        audio=extras.refined(audio, where),
        upsample_rates=said.wholes("model.upsample_rates"),
        resblock_dilations=said.lists("model.resblock_dilation_sizes"),
        text_dropout=said.number("model.p_dropout", 0.1),
        segment_frames=said.whole("train.segment_size", 32 * hop) // hop,
    )


def shown_sizes(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that the tensors show too."""
    several, text, decoder = config.n_speakers > 1, config.text_encoder, config.decoder
    sizes: dict[str, Any] = {
        "model.inter_channels": config.latent_channels,
        "model.hidden_channels": config.hidden_channels,
        "model.filter_channels": text.filter_channels,
        "model.n_heads": text.n_heads,
        "model.n_layers": text.n_layers,
        "model.kernel_size": text.kernel_size,
        "model.resblock": decoder.resblock,
        "model.resblock_kernel_sizes": list(decoder.resblock_kernel_sizes),
        "model.upsample_initial_channel": decoder.initial_channels,
        "model.upsample_kernel_sizes": list(decoder.upsample_kernel_sizes),
    }
    if several:
        sizes |= {
            "data.n_speakers": config.n_speakers,
            "model.gin_channels": config.speaker_channels,
        }
    if config.duration_predictor.kind == "deterministic":
        sizes["model.use_sdp"] = False
    return sizes


def model_settings(
    config: VitsConfig, frontend: Frontend, speakers: tuple[str, ...]
) -> dict[str, Any]:
    """Return its whole settings, with its own recipe of training."""
    audio, decoder, several = config.audio, config.decoder, config.n_speakers > 1
    settings: dict[str, Any] = {
        "train": {
            "log_interval": 200,
            "eval_interval": 1000,
            "seed": 1234,
            "epochs": 20000,
            "learning_rate": 2e-4,
            "betas": [0.8, 0.99],
            "eps": 1e-9,
            "batch_size": 64,
            "fp16_run": True,
            "lr_decay": 0.999875,
            "segment_size": config.segment_frames * audio.hop_length,
            "init_lr_ratio": 1,
            "warmup_epochs": 0,
            "c_mel": 45,
            "c_kl": 1.0,
        },
        "data": {
            "training_files": "filelists/train.txt.cleaned",
            "validation_files": "filelists/validation.txt.cleaned",
            "text_cleaners": [cleaner(frontend.config) or "basic_cleaners"],
            "max_wav_value": 32768.0,
            "sampling_rate": audio.sample_rate,
            "filter_length": audio.n_fft,
            "hop_length": audio.hop_length,
            "win_length": audio.win_length,
            "n_mel_channels": audio.n_mels,
            "mel_fmin": audio.f_min,
            "mel_fmax": audio.f_max,
            "add_blank": frontend.config.blanks,
            "n_speakers": config.n_speakers if several else 0,
            "cleaned_text": True,
        },
        "model": {
            "p_dropout": config.text_encoder.dropout,
            "resblock_dilation_sizes": [list(each) for each in decoder.resblock_dilations],
            "upsample_rates": list(decoder.upsample_rates),
            "n_layers_q": 3,
            "use_spectral_norm": False,
        },
    }
    for key, value in shown_sizes(config).items():
        part, name = key.split(".")
        settings[part][name] = value
    if speakers and several:
        settings["speakers"] = {name: row for row, name in enumerate(speakers)}
    rows = frontend.symbols.to_list()
    rows += [unused_row(row) for row in range(len(rows), config.n_symbols)]
    if rows != SymbolTable.default().to_list():
        settings["symbols"] = rows
    return settings


def fresh_optimizer(n_parameters: int) -> dict[str, Any]:
    """Return the state of an AdamW that has not stepped yet."""
    group = {
        "lr": 2e-4,
        "initial_lr": 2e-4,
        "betas": (0.8, 0.99),
        "eps": 1e-9,
        "weight_decay": 0.01,
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "fused": None,
        "params": list(range(n_parameters)),
    }
    return {"state": {}, "param_groups": [group]}


def read_frontend(folder: Path, said: SettingsFile, extras: Extras, n_symbols: int) -> Frontend:
    """Build the front end that cleaners and symbols make.

    Raises:
        VoiceError: a cleaner is not known, or nothing says what the rows are.
    """
    symbols = _symbols(folder, said, n_symbols)
    blanks = said.flag("data.add_blank")
    if (folder / VOCABULARY).is_file():
        if str(said.get("data.training_files", "")).endswith(".uroman"):
            raise VoiceError(f"{said.where}: romanised text (uroman) cannot be carried over")
        return Frontend(replace(CLEANERS["basic_cleaners"], blanks=blanks), symbols)
    found = said.get("data.text_cleaners")
    if not isinstance(found, list) or len(found) != 1 or found[0] not in CLEANERS:
        known = ", ".join(CLEANERS)
        raise VoiceError(
            f"{said.where}: data.text_cleaners {str(found)[:80]} cannot be carried over; "
            f"only one of {known} can"
        )
    config = replace(CLEANERS[found[0]], blanks=blanks)
    mine = extras.frontend
    if mine is not None and cleaner(mine) == found[0] and mine.blanks == blanks:
        config = replace(mine, blank="", bos_eos=False)
    return Frontend(config, symbols)


def _symbols(folder: Path, said: SettingsFile, n_symbols: int) -> SymbolTable:
    vocabulary = folder / VOCABULARY
    if vocabulary.is_file():
        if vocabulary.stat().st_size > 1 << 20:
            raise VoiceError(f"{vocabulary} is too large for a list of characters")
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        return fill_rows({line: row for row, line in enumerate(lines)}, vocabulary)
    symbols = said.get("symbols", None)
    if symbols is None and n_symbols == len(SymbolTable.default()):
        return SymbolTable.default()
    if not isinstance(symbols, (list, str)):
        raise VoiceError(
            f"{said.where}: the model has {n_symbols} rows of symbols, not the original's 178, and "
            "the settings do not say what they are: add the key symbols with the list of them"
        )
    return SymbolTable.from_list(symbols)
