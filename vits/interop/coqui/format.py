"""Coqui TTS's VITS: ``model.pth``, or ``best_model.pth`` of a run, and ``config.json``.

The blank is the last symbol, not the first, and the order of the symbols depends on the characters
class.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.config import VitsConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import KEY, read_carried_settings, write_carried_settings
from vits.interop.coqui.languages import LANGUAGES, can_phonemize, read_languages
from vits.interop.coqui.settings import (
    FIXED,
    declared_config,
    inferable_settings,
    move_blank_last,
    read_frontend,
    supports_frontend,
    voice_settings,
)
from vits.interop.full_voice import FullVoice, VoiceFormat, check_discriminators, wrap_errors
from vits.interop.infer_config import infer_config, require_consistent
from vits.interop.original.format import (
    COUPLING,
    POSTERIOR,
    SPLINE,
    STOCHASTIC,
    TEXT,
)
from vits.interop.parameter_names import (
    ParameterNames,
    Rule,
    count_kernels,
    residual_blocks,
    with_prefix,
)
from vits.interop.safe_loading import as_json_values, as_tensors, load_json, load_torch
from vits.interop.settings_reader import SettingsReader, speaker_names, write_json
from vits.interop.size_limits import hifigan_of, shared_unsupported_parts
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "parameter_names", "read", "unsupported_parts", "write"]

CONFIG, MODEL, SPEAKERS = "config.json", "model.pth", "speakers.pth"
PREFERRED = (MODEL, "best_model.pth", "model_file.pth")
CODES = "it phonemizes a language by its name, and here name and espeak-ng code differ"
STOCHASTIC_WIDTH = 192  # channels of its stochastic duration predictor, whatever hidden_channels is

FLOWS = [
    Rule("flows.0.mean", "flows.0.translation"),
    Rule("flows.0.log_scale", "flows.0.log_scale"),
    *with_prefix("flows.{2i-1}", "flows.{i}", SPLINE),
    Rule("posterior_flows.0.mean", "post_flows.0.translation"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.log_scale"),
    *with_prefix("posterior_flows.{2i-1}", "post_flows.{i}", SPLINE),
]
DETERMINISTIC = [
    Rule("conv_1", "conv_1"),
    Rule("norm_1.weight", "norm_1.gamma", "wide"),
    Rule("norm_1.bias", "norm_1.beta", "wide"),
    Rule("conv_2", "conv_2"),
    Rule("norm_2.weight", "norm_2.gamma", "wide"),
    Rule("norm_2.bias", "norm_2.beta", "wide"),
    Rule("projection", "proj"),
    Rule("conditioning", "cond"),
]
LANGUAGE = Rule("language", "cond_lang")
TABLE = [
    *with_prefix("text_encoder", "text_encoder", TEXT),
    *with_prefix("posterior_encoder", "posterior_encoder", POSTERIOR),
    *with_prefix("prior_flow.couplings.{i}", "flow.flows.{i}", COUPLING),
    Rule("decoder.pre", "waveform_decoder.conv_pre"),
    Rule("decoder.conditioning", "waveform_decoder.cond_layer"),
    Rule("decoder.upsamplers", "waveform_decoder.ups"),
    Rule("decoder.post", "waveform_decoder.conv_post"),
    Rule("speaker_embedding", "emb_g"),
    Rule("language_embedding", "emb_l"),
]
DISCRIMINATORS = ParameterNames(
    [
        Rule("members.{i}.convolutions", "disc.nets.{i}.convs"),
        Rule("members.{i}.post", "disc.nets.{i}.conv_post"),
    ]
)


def parameter_names(n_kernels: int, *, resblock: str, stochastic: bool) -> ParameterNames:
    """Return the parameter names of a model.

    Args:
        n_kernels: residual blocks in each decoder stage.
        resblock: kind of the residual blocks, ``1`` or ``2``.
        stochastic: whether the duration predictor is stochastic.
    """
    durations = [*STOCHASTIC, *FLOWS] if stochastic else DETERMINISTIC
    return ParameterNames(
        [
            *TABLE,
            *with_prefix("duration_predictor", "duration_predictor", [*durations, LANGUAGE]),
            *residual_blocks("waveform_decoder.resblocks", n_kernels, resblock=resblock),
        ]
    )


def read(path: Path) -> FullVoice:
    """Read the folder of a model, or one ``*.pth`` with the settings beside it.

    Raises:
        VoiceError: a file is damaged, or a part cannot be converted.
        MissingFileError: a file is missing.
    """
    model = _find_model(path)
    config = model.with_name(CONFIG)
    settings = SettingsReader(load_json(config), config)
    weights = as_tensors(load_torch(model).get("model"), model)
    return wrap_errors(model, lambda: _build(model, settings, weights))


def write(folder: Path, voice: FullVoice) -> None:
    """Write a folder that ``tts --model_path --config_path`` reads."""
    bundle = voice.bundle
    config = bundle.generator.config
    frontend, weights, order = move_blank_last(
        bundle.frontend, bundle.generator.state_dict(), config.n_symbols
    )
    table = parameter_names(
        len(hifigan_of(config).resblock_kernel_sizes),
        resblock=hifigan_of(config).resblock,
        stochastic=config.duration_predictor.kind == "stochastic",
    )
    model = table.to_theirs(weights) | DISCRIMINATORS.to_theirs(voice.discriminators or {})
    model = {name: value.detach().clone() for name, value in model.items()}
    torch.save({"model": model, "step": bundle.card.training_steps, "epoch": 0}, folder / MODEL)
    multi_speaker = config.n_speakers > 1
    speaker_ids = {name: id for id, name in enumerate(bundle.speakers)} if multi_speaker else {}
    if multi_speaker:
        torch.save(speaker_ids, folder / SPEAKERS)
    settings = voice_settings(
        config, frontend, bundle.settings, has_discriminators=bool(voice.discriminators)
    )
    settings["speakers"] = list(speaker_ids)
    if config.n_languages:
        language_ids = {name: id for id, (name, _) in enumerate(frontend.config.languages)}
        write_json(folder / LANGUAGES, language_ids)
    write_json(folder / CONFIG, {**settings, KEY: write_carried_settings(voice, order)})


def unsupported_parts(voice: FullVoice) -> dict[str, str]:
    """Return the parts that Coqui TTS cannot hold, and why.

    Raises:
        VoiceError: Coqui TTS cannot build the model.
    """
    bundle = voice.bundle
    unsupported = shared_unsupported_parts(
        voice, FORMAT.title, stochastic_width=STOCHASTIC_WIDTH, languages=True
    )
    config = bundle.generator.config
    if config.latent_channels != config.hidden_channels:
        raise VoiceError(
            f"{FORMAT.title} cannot hold latent_channels {config.latent_channels} with "
            f"hidden_channels {config.hidden_channels}: it has one size for both"
        )
    if bundle.frontend.config.bos_eos:
        unsupported["bos-eos"] = "its VITS adds no ^ and $ to a text"
    blank = bundle.frontend.config.blank or bundle.frontend.symbols.symbols[0]
    if blank.isalnum():
        unsupported["letter"] = f"its blank cannot be a letter, and here {blank!r} is both"
    text = bundle.frontend.config
    if not supports_frontend(text):
        reason = "it writes stress marks" if can_phonemize(text) else CODES
        unsupported["phonemizer"] = f"{reason}; dropped, texts must be phonemes"
    return unsupported


FORMAT = VoiceFormat(title="coqui", read=read, write=write, unsupported_parts=unsupported_parts)


def _find_model(path: Path) -> Path:
    if path.is_file() and path.name != CONFIG:
        return path
    folder = path.parent if path.is_file() else path
    for name in PREFERRED:
        if (folder / name).is_file():
            return folder / name

    def step(entry: Path) -> int:
        found = re.search(r"(\d+)\.pth$", entry.name)
        return int(found[1]) if found else -1

    found = [e for e in folder.glob("*.pth") if e.name not in (SPEAKERS, "language_ids.pth")]
    if not found:
        raise MissingFileError(f"{folder} has no {MODEL}")
    return max(found, key=lambda entry: (step(entry), entry.name))


def _build(model: Path, settings: SettingsReader, weights: dict[str, Tensor]) -> FullVoice:
    _require_no_d_vectors(settings)
    settings.require(FIXED)
    carried = read_carried_settings(settings.mapping(KEY, {}))
    discriminator_weights = {
        name: value for name, value in weights.items() if name.startswith("disc.")
    }
    weights = {name: value for name, value in weights.items() if name not in discriminator_weights}
    discriminators = (
        DISCRIMINATORS.to_ours(discriminator_weights, str(model)) if discriminator_weights else None
    )
    table = parameter_names(
        count_kernels(weights, "waveform_decoder.ups", "waveform_decoder.resblocks"),
        resblock="1" if any(".convs2." in name for name in weights) else "2",
        stochastic="duration_predictor.flows.0.translation" in weights,
    )
    our_weights = table.to_ours(weights, str(model))
    config = infer_config(our_weights, discriminators, declared_config(settings, carried))
    claims = {
        key: (settings.get(key, None), value) for key, value in inferable_settings(config).items()
    }
    # 0: not given; newer versions count the names
    n_speakers = settings.integer("model_args.num_speakers", 0) or None
    claims["model_args.num_speakers"] = (n_speakers, config.n_speakers)
    require_consistent(claims, settings.source)
    languages = read_languages(model.parent, settings, config.n_languages)
    read = read_frontend(settings, carried, config.n_symbols, languages)
    frontend, our_weights = carried.restore_symbols(read, our_weights, settings.source)
    return FullVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(our_weights, config, str(model)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(_speakers(model.parent, settings, config)),
            settings=Settings(
                noise_scale=settings.number("model_args.inference_noise_scale", 0.667),
                noise_scale_duration=settings.number("model_args.inference_noise_scale_dp", 1.0),
                length_scale=settings.number("model_args.length_scale", 1.0),
                sentence_silence=carried.inference.sentence_silence,
            ),
            card=carried.card,
        ),
        discriminators=discriminators and check_discriminators(discriminators, config, str(model)),
    )


def _require_no_d_vectors(settings: SettingsReader) -> None:
    """Require speaker ids; external speaker embeddings (d-vectors) are not supported.

    Raises:
        VoiceError: the model is conditioned on d-vectors.
    """
    for key in ("model_args.use_d_vector_file", "use_d_vector_file"):
        if settings.boolean(key, False):
            raise VoiceError(f"{settings.source}: {key} cannot be converted")


def _speakers(folder: Path, settings: SettingsReader, config: VitsConfig) -> list[str]:
    """Return the speakers' names; a file of them is read from the voice's folder only."""
    if config.n_speakers == 1:
        return []
    names = settings.get("speakers", None)
    if names:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise VoiceError(f"{settings.source}: speakers must be a list of names")
        return speaker_names(tuple(names), config.n_speakers, settings.source)
    for name in ("speakers.json", "speaker_ids.json"):
        if (folder / name).is_file():
            ids: Any = load_json(folder / name)
            return speaker_names(ids, config.n_speakers, folder / name)
    ids = {}
    if (folder / SPEAKERS).is_file():
        ids = as_json_values(load_torch(folder / SPEAKERS))
    return speaker_names(ids, config.n_speakers, folder / SPEAKERS)
