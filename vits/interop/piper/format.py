"""Piper's training checkpoints: a Lightning ``*.ckpt``, old or new, and the voice's JSON.

The networks are the original's under ``model_g.`` and ``model_d.``. A text is ``^``, blank, symbol,
blank, …, ``$``. The ONNX files that Piper speaks with hold no weights that could be trained on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import KEY, read_extras, write_extras
from vits.interop.full_voice import Format, WholeVoice, blaming, check_discriminators, plain
from vits.interop.infer_config import measure, require_claims
from vits.interop.original.format import JUDGES, table_for, table_of
from vits.interop.parameter_names import spell_g_v
from vits.interop.piper.settings import (
    BLANK,
    claims,
    hyper_parameters,
    read_frontend,
    unseen,
    voice_settings,
)
from vits.interop.safe_loading import as_tensors, load_json, load_torch
from vits.interop.settings_file import SettingsFile, speaker_names, write_json
from vits.interop.size_limits import shared_losses
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "is_settings", "losses", "read", "write"]

GENERATOR, JUDGE = "model_g.", "model_d."
# The key in which Lightning's command line names what builds the model; it is never called.
BUILDER = "_instantiator"
BUILDERS = (
    "lightning.pytorch.cli.instantiate_module",
    "pytorch_lightning.cli.instantiate_module",
)


def read(path: Path) -> WholeVoice:
    """Read a checkpoint, or a folder with one, and the voice's JSON beside it.

    Raises:
        VoiceError: a part is damaged, or cannot be carried over.
        MissingFileError: a file is missing.
    """
    checkpoint = _find_checkpoint(path)
    voice = _find_settings(checkpoint)
    said = SettingsFile(load_json(voice), voice)
    values = load_torch(checkpoint)
    return blaming(checkpoint, lambda: _build(checkpoint, said, values))


def write(folder: Path, voice: WholeVoice) -> None:
    """Write a checkpoint that Piper's training starts from, and the voice's JSON."""
    bundle = voice.bundle
    config = bundle.generator.config
    weights = table_of(config).to_theirs(bundle.generator.state_dict())
    state = {GENERATOR + name: value for name, value in spell_g_v(weights).items()}
    for name, value in spell_g_v(JUDGES.to_theirs(voice.discriminators or {})).items():
        state[JUDGE + name] = value
    torch.save(
        {
            "epoch": 0,
            "global_step": bundle.card.training_steps,
            "pytorch-lightning_version": "2.0.0",
            "state_dict": {name: value.detach().clone() for name, value in state.items()},
            "hyper_parameters": hyper_parameters(config),
        },
        folder / "voice.ckpt",
    )
    settings = voice_settings(voice)
    write_json(folder / "config.json", {**settings, KEY: write_extras(voice)})


def losses(voice: WholeVoice) -> dict[str, str]:
    """Name what Piper has no place for.

    Raises:
        VoiceError: the model or the front end is one that Piper cannot be.
    """
    bundle, lost = voice.bundle, shared_losses(voice, FORMAT.title)
    text = bundle.frontend.config
    blank = text.blank or bundle.frontend.symbols.symbols[0]
    if text.blanks and blank != BLANK and BLANK in bundle.frontend.symbols:
        lost["underscore"] = f"it means the blank there, and here {blank!r} does"
    if text.backend == "espeak" and not text.stress:
        lost["phonemizer"] = "its own has stress marks"
    return lost


FORMAT = Format(title="piper", read=read, write=write, losses=losses)


def is_settings(values: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object is the settings of a voice of Piper's."""
    return "phoneme_id_map" in values and "audio" in values


def _find_checkpoint(path: Path) -> Path:
    if path.is_file() and path.suffix == ".onnx":
        raise VoiceError(f"{path} speaks only, and cannot be converted: name the *.ckpt of it")
    if path.is_file():
        return path
    found = sorted(path.glob("*.ckpt"))
    if not found:
        raise MissingFileError(f"{path} has no *.ckpt")
    return max(found, key=lambda entry: (entry.stat().st_mtime_ns, entry.name))


def _find_settings(checkpoint: Path) -> Path:
    """Return the voice's JSON: beside the checkpoint, or above it in a run's folder."""
    for folder in (checkpoint.parent, *list(checkpoint.parents)[1:4]):
        config = folder / "config.json"
        if config.is_file() and is_settings(load_json(config)):
            return config
        for entry in sorted(folder.glob("*.onnx.json")):
            return entry
    raise MissingFileError(
        f"{checkpoint.parent / 'config.json'} does not exist; put the voice's JSON, with its "
        "phoneme_id_map, beside the checkpoint"
    )


def _build(checkpoint: Path, said: SettingsFile, values: dict[str, Any]) -> WholeVoice:
    hyper = SettingsFile(
        plain(values.get("hyper_parameters") or {}), f"{checkpoint}: hyper_parameters"
    )
    _require_no_code(hyper)
    extras = read_extras(said.mapping(KEY, {}))
    weights, judges = _parts(as_tensors(values.get("state_dict"), checkpoint), checkpoint)
    table = table_for(weights)
    own = table.to_ours(weights, str(checkpoint))
    config = measure(own, judges, unseen(hyper, said, extras, weights))
    require_claims(claims(hyper, config), hyper.where)
    require_claims(
        {
            "num_symbols": (said.get("num_symbols", None), config.n_symbols),
            "num_speakers": (max(1, said.whole("num_speakers", 1)), config.n_speakers),
        },
        said.where,
    )
    frontend = read_frontend(said, extras)
    speakers = said.mapping("speaker_id_map", {})
    card = extras.card
    return WholeVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(own, config, str(checkpoint)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(speakers, config.n_speakers, said.where)),
            settings=Settings(
                noise_scale=said.number("inference.noise_scale", 0.667),
                noise_scale_duration=said.number("inference.noise_w", 0.8),
                length_scale=said.number("inference.length_scale", 1.0),
                sentence_silence=extras.inference.sentence_silence,
            ),
            card=card,
        ),
        discriminators=judges
        and check_discriminators(judges, config.discriminator, str(checkpoint)),
    )


def _require_no_code(hyper: SettingsFile) -> None:
    """Refuse hyper-parameters that name what a careless reader would import and call."""
    found = hyper.get(BUILDER, None)
    if found is not None and found not in BUILDERS:
        raise VoiceError(f"{hyper.where}: {BUILDER} {str(found)[:80]!r} names code; it is not run")
    for key in ("class_path", "_class_path", "_target_", "init_args"):
        if hyper.get(key, None) is not None:
            raise VoiceError(f"{hyper.where}: {key} names code; it is not run")


def _parts(
    weights: dict[str, Tensor], checkpoint: Path
) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
    """Split a state dict into generator and discriminators; nothing else may be there."""
    generator = {
        n.removeprefix(GENERATOR): v for n, v in weights.items() if n.startswith(GENERATOR)
    }
    judges = {n.removeprefix(JUDGE): v for n, v in weights.items() if n.startswith(JUDGE)}
    others = [n for n in weights if not n.startswith((GENERATOR, JUDGE))]
    if others:
        raise VoiceError(
            f"{checkpoint} has the tensor {others[0][:120]!r} and {len(others) - 1} more like it, "
            "a part that cannot be carried over"
        )
    if not generator:
        raise VoiceError(f"{checkpoint} has no tensor under {GENERATOR}*")
    return generator, JUDGES.to_ours(judges, str(checkpoint)) if judges else None
