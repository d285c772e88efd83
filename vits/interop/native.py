"""Voices of this project: voice folders, and checkpoints of ``vits fit``.

Discriminators are kept in a separate file of the voice folder. Synthesis never opens it;
``vits finetune`` starts from it.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from vits.interop.full_voice import FullVoice, VoiceFormat, check_discriminators
from vits.interop.safe_loading import load_safetensors
from vits.synthesis.bundle.from_checkpoint import (
    bundle_checkpoint,
    find_checkpoint,
    load_checkpoint,
)
from vits.synthesis.bundle.read import read_voice
from vits.synthesis.bundle.voice_bundle import WEIGHTS, is_voice
from vits.synthesis.bundle.write import write_voice

__all__ = ["DISCRIMINATORS", "FORMAT", "read", "write"]

DISCRIMINATORS = "discriminators.safetensors"
PREFIX = "discriminators."


def read(path: Path) -> FullVoice:
    """Read a voice folder, a checkpoint, or the newest checkpoint of a run's folder.

    Raises:
        VoiceError: the voice is damaged.
        CheckpointError: the checkpoint is damaged.
    """
    if path.name in ("config.json", WEIGHTS) and is_voice(path.parent):
        path = path.parent
    if path.is_dir() and is_voice(path):
        bundle, discriminators = read_voice(path), None
        if (path / DISCRIMINATORS).is_file():
            discriminators = load_safetensors(path / DISCRIMINATORS)
    else:
        path = find_checkpoint(path)
        values = load_checkpoint(path)
        bundle = bundle_checkpoint(path, values=values)
        state: dict[str, Any] = values["state_dict"]
        discriminators = {  # copied, for the file may change while they are in use
            name.removeprefix(PREFIX): value.to(torch.float32, copy=True)
            for name, value in state.items()
            if name.startswith(PREFIX)
        }
    config = bundle.generator.config
    if discriminators:
        discriminators = check_discriminators(discriminators, config, str(path))
    return FullVoice(format=FORMAT.title, bundle=bundle, discriminators=discriminators or None)


def write(folder: Path, voice: FullVoice) -> None:
    """Write a voice folder."""
    write_voice(folder, voice.bundle)
    if voice.discriminators is not None:
        tensors = {
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in voice.discriminators.items()
        }
        (folder / DISCRIMINATORS).write_bytes(save(tensors))


def unsupported_parts(voice: FullVoice) -> dict[str, str]:
    """Return the parts that a voice folder cannot hold, and why."""
    del voice
    return {}


FORMAT = VoiceFormat(title="vits", read=read, write=write, unsupported_parts=unsupported_parts)
