"""Convert the settings of the original VITS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vits.config import AudioConfig, FrontendConfig, VitsConfig
from vits.errors import VoiceError
from vits.interop.carried_settings import CarriedSettings
from vits.interop.infer_config import DeclaredConfig
from vits.interop.settings_reader import SettingsReader, shown
from vits.interop.size_limits import hifigan_of
from vits.interop.symbol_table import table_from_ids, unused_symbol
from vits.text import Frontend, SymbolTable

__all__ = [
    "cleaner",
    "declared_config",
    "fresh_optimizer",
    "inferable_settings",
    "model_settings",
    "read_frontend",
]

VOCABULARY = "vocab.txt"
# Front ends that do the same as its cleaners; other cleaners need code that is not here.
CLEANERS = {
    "english_cleaners2": FrontendConfig(),
    "basic_cleaners": FrontendConfig(backend="graphemes", language="und", normalize=False),
}


def cleaner(config: FrontendConfig) -> str | None:
    """Return the cleaner equivalent to a front end; None if there is none."""
    if config.backend == "graphemes":
        return "basic_cleaners"
    return "english_cleaners2" if (config.language, config.stress) == ("en-us", True) else None


def declared_config(settings: SettingsReader, carried: CarriedSettings) -> DeclaredConfig:
    """Return the configuration that the tensors do not show."""
    hop = settings.integer("data.hop_length")
    audio = AudioConfig(
        sample_rate=settings.integer("data.sampling_rate"),
        n_fft=settings.integer("data.filter_length"),
        win_length=settings.integer("data.win_length"),
        hop_length=hop,
        n_mels=settings.integer("data.n_mel_channels", 80),
        f_min=settings.number("data.mel_fmin", 0.0),
        f_max=None
        if settings.get("data.mel_fmax", None) is None
        else settings.number("data.mel_fmax", None),
    )
    return DeclaredConfig(
        audio=carried.refine_audio(audio, settings.source),
        upsample_rates=settings.integers("model.upsample_rates"),
        resblock_dilations=settings.integer_lists("model.resblock_dilation_sizes"),
        text_dropout=settings.number("model.p_dropout", 0.1),
        segment_frames=settings.integer("train.segment_size", 32 * hop) // hop,
    )


def inferable_settings(config: VitsConfig) -> dict[str, Any]:
    """Return the settings that tensor shapes show as well."""
    multi_speaker, text, decoder = config.n_speakers > 1, config.text_encoder, hifigan_of(config)
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
    if multi_speaker:
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
    """Return complete settings, with the original's training recipe."""
    audio, decoder, multi_speaker = config.audio, hifigan_of(config), config.n_speakers > 1
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
            "n_speakers": config.n_speakers if multi_speaker else 0,
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
    for key, value in inferable_settings(config).items():
        part, name = key.split(".")
        settings[part][name] = value
    if speakers and multi_speaker:
        settings["speakers"] = {name: id for id, name in enumerate(speakers)}
    symbols = frontend.symbols.to_list()
    symbols += [unused_symbol(id) for id in range(len(symbols), config.n_symbols)]
    if symbols != SymbolTable.default().to_list():
        settings["symbols"] = symbols
    return settings


def fresh_optimizer(n_parameters: int) -> dict[str, Any]:
    """Return the state of an AdamW optimizer before its first step."""
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


def read_frontend(
    folder: Path, settings: SettingsReader, carried: CarriedSettings, n_symbols: int
) -> Frontend:
    """Build the front end from cleaners and symbols.

    Raises:
        VoiceError: a cleaner is unknown, or the symbols are not given.
    """
    symbols = _symbols(folder, settings, n_symbols)
    blanks = settings.boolean("data.add_blank")
    if (folder / VOCABULARY).is_file():
        romanize = str(settings.get("data.training_files", "")).endswith(".uroman")
        characters = replace(CLEANERS["basic_cleaners"], clean="unknown", romanize=romanize)
        return Frontend(replace(characters, blanks=blanks), symbols)
    cleaners = settings.get("data.text_cleaners")
    if not isinstance(cleaners, list) or len(cleaners) != 1 or cleaners[0] not in CLEANERS:
        supported = ", ".join(CLEANERS)
        raise VoiceError(
            f"{settings.source}: data.text_cleaners {shown(cleaners)} cannot be converted; "
            f"only one of {supported} can"
        )
    config = replace(CLEANERS[cleaners[0]], blanks=blanks)
    known = carried.frontend
    if known is not None and cleaner(known) == cleaners[0] and known.blanks == blanks:
        config = replace(known, blank="", bos_eos=False)
    return Frontend(config, symbols)


def _symbols(folder: Path, settings: SettingsReader, n_symbols: int) -> SymbolTable:
    vocabulary = folder / VOCABULARY
    if vocabulary.is_file():
        if vocabulary.stat().st_size > 1 << 20:
            raise VoiceError(f"{vocabulary} must be at most 1 MiB")
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        return table_from_ids({line: id for id, line in enumerate(lines)}, vocabulary)
    symbols = settings.get("symbols", None)
    if symbols is None and n_symbols == len(SymbolTable.default()):
        return SymbolTable.default()
    if not isinstance(symbols, (list, str)):
        raise VoiceError(
            f"{settings.source}: the model has {n_symbols} symbols, not the original's 178, and "
            "the settings do not list them; add the list under the key symbols"
        )
    return SymbolTable.from_list(symbols)
