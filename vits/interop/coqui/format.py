"""Coqui TTS's VITS: ``model.pth``, or a run's ``best_model.pth``, and ``config.json``.

The blank is the last symbol rather than the first, and the order of the symbols depends on the
class of its characters.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.config import VitsConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import KEY, read_extras, write_extras
from vits.interop.coqui.languages import LANGUAGES, can_phonemise, read_languages
from vits.interop.coqui.settings import (
    FIXED,
    blank_last,
    read_frontend,
    shown_sizes,
    speaks,
    unseen,
    voice_settings,
)
from vits.interop.full_voice import Format, WholeVoice, blaming, check_discriminators, plain
from vits.interop.infer_config import measure, require_claims
from vits.interop.original.format import (
    COUPLING,
    POSTERIOR,
    SPLINE,
    STOCHASTIC,
    TEXT,
)
from vits.interop.parameter_names import Names, Rule, count_kernels, inside, residual_blocks
from vits.interop.safe_loading import as_tensors, load_json, load_torch
from vits.interop.settings_file import SettingsFile, speaker_names, write_json
from vits.interop.size_limits import shared_losses
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "losses", "names", "read", "write"]

CONFIG, MODEL, SPEAKERS = "config.json", "model.pth", "speakers.pth"
PREFERRED = (MODEL, "best_model.pth", "model_file.pth")
CODES = "its own reads each language by its name, and here name and espeak-ng code differ"
STOCHASTIC_WIDTH = 192  # of its stochastic duration predictor, however wide the rest is

FLOWS = [
    Rule("flows.0.mean", "flows.0.translation"),
    Rule("flows.0.log_scale", "flows.0.log_scale"),
    *inside("flows.{2i-1}", "flows.{i}", SPLINE),
    Rule("posterior_flows.0.mean", "post_flows.0.translation"),
    Rule("posterior_flows.0.log_scale", "post_flows.0.log_scale"),
    *inside("posterior_flows.{2i-1}", "post_flows.{i}", SPLINE),
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
    *inside("text_encoder", "text_encoder", TEXT),
    *inside("posterior_encoder", "posterior_encoder", POSTERIOR),
    *inside("prior_flow.couplings.{i}", "flow.flows.{i}", COUPLING),
    Rule("decoder.pre", "waveform_decoder.conv_pre"),
    Rule("decoder.conditioning", "waveform_decoder.cond_layer"),
    Rule("decoder.upsamplers", "waveform_decoder.ups"),
    Rule("decoder.post", "waveform_decoder.conv_post"),
    Rule("speaker_embedding", "emb_g"),
    Rule("language_embedding", "emb_l"),
]
JUDGES = Names(
    [
        Rule("members.{i}.convolutions", "disc.nets.{i}.convs"),
        Rule("members.{i}.post", "disc.nets.{i}.conv_post"),
    ]
)


def names(n_kernels: int, *, resblock: str, stochastic: bool) -> Names:
    """Return the table of a model with such residual blocks and such durations."""
    durations = [*STOCHASTIC, *FLOWS] if stochastic else DETERMINISTIC
    return Names(
        [
            *TABLE,
            *inside("duration_predictor", "duration_predictor", [*durations, LANGUAGE]),
            *residual_blocks("waveform_decoder.resblocks", n_kernels, resblock=resblock),
        ]
    )


def read(path: Path) -> WholeVoice:
    """Read a model's folder, or one ``*.pth`` with the settings beside it.

    Raises:
        VoiceError: a part is damaged, or cannot be carried over.
        MissingFileError: a file is missing.
    """
    model = _find_model(path)
    config = model.with_name(CONFIG)
    said = SettingsFile(load_json(config), config)
    weights = as_tensors(load_torch(model).get("model"), model)
    return blaming(model, lambda: _build(model, said, weights))


def write(folder: Path, voice: WholeVoice) -> None:
    """Write a folder that ``tts --model_path --config_path`` takes."""
    bundle = voice.bundle
    config = bundle.generator.config
    frontend, weights, order = blank_last(
        bundle.frontend, bundle.generator.state_dict(), config.n_symbols
    )
    table = names(
        len(config.decoder.resblock_kernel_sizes),
        resblock=config.decoder.resblock,
        stochastic=config.duration_predictor.kind == "stochastic",
    )
    model = table.to_theirs(weights) | JUDGES.to_theirs(voice.discriminators or {})
    model = {name: value.detach().clone() for name, value in model.items()}
    torch.save({"model": model, "step": bundle.card.training_steps, "epoch": 0}, folder / MODEL)
    several = config.n_speakers > 1
    rows = {name: row for row, name in enumerate(bundle.speakers)} if several else {}
    if several:
        torch.save(rows, folder / SPEAKERS)
    settings = voice_settings(
        config, frontend, bundle.settings, has_judges=bool(voice.discriminators)
    )
    settings["speakers"] = list(rows)
    if config.n_languages:
        spoken = {name: row for row, (name, _) in enumerate(frontend.config.languages)}
        write_json(folder / LANGUAGES, spoken)
    write_json(folder / CONFIG, {**settings, KEY: write_extras(voice, order)})


def losses(voice: WholeVoice) -> dict[str, str]:
    """Name what Coqui TTS has no place for.

    Raises:
        VoiceError: the model is one that Coqui TTS cannot build.
    """
    bundle = voice.bundle
    lost = shared_losses(voice, FORMAT.title, stochastic_width=STOCHASTIC_WIDTH, languages=True)
    config = bundle.generator.config
    if config.latent_channels != config.hidden_channels:
        raise VoiceError(
            f"{FORMAT.title} cannot hold latent_channels {config.latent_channels} beside "
            f"hidden_channels {config.hidden_channels}, nor do without it: it has one size for both"
        )
    if bundle.frontend.config.bos_eos:
        lost["bos_eos"] = "its VITS puts no ^ and $ around a text"
    blank = bundle.frontend.config.blank or bundle.frontend.symbols.symbols[0]
    if blank.isalnum():
        lost["letter"] = f"its blank is no letter, and here {blank!r} is both"
    text = bundle.frontend.config
    if not speaks(text):
        reason = "its own has stress marks" if can_phonemise(text) else CODES
        lost["phonemizer"] = f"{reason}; without it, it takes phonemes"
    return lost


FORMAT = Format(title="coqui", read=read, write=write, losses=losses)


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


def _build(model: Path, said: SettingsFile, weights: dict[str, Tensor]) -> WholeVoice:
    _require_no_vectors(said)
    said.require(FIXED)
    extras = read_extras(said.mapping(KEY, {}))
    judged = {name: value for name, value in weights.items() if name.startswith("disc.")}
    weights = {name: value for name, value in weights.items() if name not in judged}
    judges = JUDGES.to_ours(judged, str(model)) if judged else None
    table = names(
        count_kernels(weights, "waveform_decoder.ups", "waveform_decoder.resblocks"),
        resblock="1" if any(".convs2." in name for name in weights) else "2",
        stochastic="duration_predictor.flows.0.translation" in weights,
    )
    own = table.to_ours(weights, str(model))
    config = measure(own, judges, unseen(said, extras))
    claims = {key: (said.get(key, None), value) for key, value in shown_sizes(config).items()}
    # 0: not said; newer versions count the names
    n_speakers = said.whole("model_args.num_speakers", 0) or None
    claims["model_args.num_speakers"] = (n_speakers, config.n_speakers)
    require_claims(claims, said.where)
    languages = read_languages(model.parent, said, config.n_languages)
    read = read_frontend(said, extras, config.n_symbols, languages)
    frontend, own = extras.restored(read, own, said.where)
    return WholeVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(own, config, str(model)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(_speakers(model.parent, said, config)),
            settings=Settings(
                noise_scale=said.number("model_args.inference_noise_scale", 0.667),
                noise_scale_duration=said.number("model_args.inference_noise_scale_dp", 1.0),
                length_scale=said.number("model_args.length_scale", 1.0),
                sentence_silence=extras.inference.sentence_silence,
            ),
            card=extras.card,
        ),
        discriminators=judges and check_discriminators(judges, config.discriminator, str(model)),
    )


def _require_no_vectors(said: SettingsFile) -> None:
    """Refuse by name what conditions on more than a speaker's row.

    Raises:
        VoiceError: there are vectors of speakers from elsewhere.
    """
    for key in ("model_args.use_d_vector_file", "use_d_vector_file"):
        if said.flag(key, False):
            raise VoiceError(f"{said.where}: {key} cannot be carried over")


def _speakers(folder: Path, said: SettingsFile, config: VitsConfig) -> list[str]:
    """Return the speakers' names; a file of them is looked for in the voice's own folder only."""
    if config.n_speakers == 1:
        return []
    named = said.get("speakers", None)
    if named:
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise VoiceError(f"{said.where}: speakers must be a list of names")
        return speaker_names(tuple(named), config.n_speakers, said.where)
    for name in ("speakers.json", "speaker_ids.json"):
        if (folder / name).is_file():
            rows: Any = load_json(folder / name)
            return speaker_names(rows, config.n_speakers, folder / name)
    rows = {}
    if (folder / SPEAKERS).is_file():
        rows = plain(load_torch(folder / SPEAKERS))
    return speaker_names(rows, config.n_speakers, folder / SPEAKERS)
