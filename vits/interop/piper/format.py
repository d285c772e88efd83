"""Piper's training checkpoints: a Lightning ``*.ckpt``, old or new, and the voice's JSON.

The networks are the original's, under ``model_g.`` and ``model_d.``. A text is ``^``, blank,
symbol, blank, …, ``$``. Piper's ONNX files are read by ``vits.interop.onnx``.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.errors import MissingFileError, VoiceError, brief
from vits.interop.carried_settings import KEY, read_carried_settings, write_carried_settings
from vits.interop.full_voice import FullVoice, VoiceFormat, check_discriminators, wrap_errors
from vits.interop.infer_config import infer_config, require_consistent
from vits.interop.original.format import DISCRIMINATORS, names_for_config, names_for_weights
from vits.interop.parameter_names import rename_to_g_v
from vits.interop.piper.settings import (
    BLANK,
    claims,
    declared_config,
    hyper_parameters,
    read_card,
    read_frontend,
    read_inference,
    symbol_id_lists,
    voice_settings,
)
from vits.interop.safe_loading import as_json_values, as_tensors, load_json, load_torch
from vits.interop.settings_reader import SettingsReader, speaker_names, write_json
from vits.interop.size_limits import shared_unsupported_parts
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "is_settings", "read", "unsupported_parts", "write"]

GENERATOR, DISCRIMINATOR = "model_g.", "model_d."
MORE_DISCRIMINATORS = "model_mrd."  # of ``use_mrd``; training alone uses them
# The key in which Lightning's command line stores the model's factory; it is never called.
BUILDER = "_instantiator"
BUILDERS = (
    "lightning.pytorch.cli.instantiate_module",
    "pytorch_lightning.cli.instantiate_module",
)


def read(path: Path) -> FullVoice:
    """Read a checkpoint, or a folder with one, and the voice's JSON beside it.

    Raises:
        VoiceError: a file is damaged, or a part cannot be converted.
        MissingFileError: a file is missing.
    """
    checkpoint = _find_checkpoint(path)
    voice = _find_settings(checkpoint)
    settings = SettingsReader(load_json(voice), voice)
    values = load_torch(checkpoint)
    return wrap_errors(checkpoint, lambda: _build(checkpoint, settings, values))


def write(folder: Path, voice: FullVoice) -> None:
    """Write a checkpoint that Piper's training starts from, and the voice's JSON."""
    bundle = voice.bundle
    config = bundle.generator.config
    weights = names_for_config(config).to_theirs(bundle.generator.state_dict())
    state = {GENERATOR + name: value for name, value in rename_to_g_v(weights).items()}
    for name, value in rename_to_g_v(DISCRIMINATORS.to_theirs(voice.discriminators or {})).items():
        state[DISCRIMINATOR + name] = value
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
    settings = voice_settings(bundle, symbol_id_lists(bundle.frontend))
    write_json(folder / "config.json", {**settings, KEY: write_carried_settings(voice)})


def unsupported_parts(voice: FullVoice) -> dict[str, str]:
    """Return the parts that Piper cannot hold, and why.

    Raises:
        VoiceError: Piper cannot build the model.
    """
    bundle, unsupported = voice.bundle, shared_unsupported_parts(voice, FORMAT.title)
    text = bundle.frontend.config
    blank = text.blank or bundle.frontend.symbols.symbols[0]
    if text.blanks and blank != BLANK and BLANK in bundle.frontend.symbols:
        unsupported["underscore"] = f"Piper's blank is {BLANK}, and here {blank!r} is"
    if text.backend == "espeak" and not text.stress:
        unsupported["phonemizer"] = "it writes stress marks"
    return unsupported


FORMAT = VoiceFormat(title="piper", read=read, write=write, unsupported_parts=unsupported_parts)


def is_settings(values: Mapping[str, Any]) -> bool:
    """Return whether a JSON object holds the settings of a Piper voice."""
    return "phoneme_id_map" in values and "audio" in values


def _find_checkpoint(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted(path.glob("*.ckpt"))
    if not found:
        raise MissingFileError(f"{path} has no *.ckpt")
    return max(found, key=lambda entry: (entry.stat().st_mtime_ns, entry.name))


def _find_settings(checkpoint: Path) -> Path:
    """Return the voice's JSON: beside the checkpoint, or in a parent folder of the run."""
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


def _build(checkpoint: Path, settings: SettingsReader, values: dict[str, Any]) -> FullVoice:
    hparams = SettingsReader(
        as_json_values(values.get("hyper_parameters") or {}), f"{checkpoint}: hyper_parameters"
    )
    _require_no_code(hparams)
    carried = read_carried_settings(settings.mapping(KEY, {}))
    weights, discriminators = _parts(as_tensors(values.get("state_dict"), checkpoint), checkpoint)
    table = names_for_weights(weights)
    our_weights = table.to_ours(weights, str(checkpoint))
    config = infer_config(
        our_weights, discriminators, declared_config(hparams, settings, carried, weights)
    )
    require_consistent(claims(hparams, config), hparams.source)
    require_consistent(
        {
            "num_symbols": (settings.get("num_symbols", None), config.n_symbols),
            "num_speakers": (max(1, settings.integer("num_speakers", 1)), config.n_speakers),
        },
        settings.source,
    )
    frontend = read_frontend(settings, carried)
    speakers = settings.mapping("speaker_id_map", {})
    return FullVoice(
        format=FORMAT.title,
        bundle=VoiceBundle(
            generator=build_generator(our_weights, config, str(checkpoint)),
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=tuple(speaker_names(speakers, config.n_speakers, settings.source)),
            settings=read_inference(
                settings, Settings(sentence_silence=carried.inference.sentence_silence)
            ),
            card=read_card(settings, carried),
        ),
        discriminators=discriminators
        and check_discriminators(discriminators, config, str(checkpoint)),
    )


def _require_no_code(hparams: SettingsReader) -> None:
    """Refuse hyper-parameters that name code which a careless reader would import and run."""
    found = hparams.get(BUILDER, None)
    if found is not None and found not in BUILDERS:
        raise VoiceError(f"{hparams.source}: {BUILDER} {brief(found)} names code; it is not run")
    for key in ("class_path", "_class_path", "_target_", "init_args"):
        if hparams.get(key, None) is not None:
            raise VoiceError(f"{hparams.source}: {key} names code; it is not run")


def _parts(
    weights: dict[str, Tensor], checkpoint: Path
) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
    """Split a state dict into generator and discriminators; other tensors are errors.

    A voice trained with ``use_mrd`` has a third network. Only Piper's training uses it: its tensors
    are left out and counted in a warning.
    """
    generator = {
        n.removeprefix(GENERATOR): v for n, v in weights.items() if n.startswith(GENERATOR)
    }
    discriminators = {
        n.removeprefix(DISCRIMINATOR): v for n, v in weights.items() if n.startswith(DISCRIMINATOR)
    }
    known = GENERATOR, DISCRIMINATOR, MORE_DISCRIMINATORS
    others = [n for n in weights if not n.startswith(known)]
    if others:
        raise VoiceError(
            f"{checkpoint} has the tensor {others[0][:120]!r} and {len(others) - 1} more outside "
            f"{GENERATOR}* and {DISCRIMINATOR}*, which cannot be converted"
        )
    left_out = sum(n.startswith(MORE_DISCRIMINATORS) for n in weights)
    if left_out:
        warnings.warn(
            f"{checkpoint}: {left_out} tensors under {MORE_DISCRIMINATORS}* are left out; only "
            "Piper's training uses them",
            stacklevel=2,
        )
    if not generator:
        raise VoiceError(f"{checkpoint} has no tensors under {GENERATOR}*")
    return generator, DISCRIMINATORS.to_ours(
        discriminators, str(checkpoint)
    ) if discriminators else None
