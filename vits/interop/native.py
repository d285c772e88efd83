"""Our own voices: the folder that ``vits say`` takes, and checkpoints of ``vits fit``.

Discriminators have a file of their own beside the voice, which speaking does not open and
``vits finetune`` starts from.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from vits.interop.full_voice import Format, WholeVoice, check_discriminators
from vits.interop.safe_loading import load_safetensors, load_torch
from vits.synthesis.bundle.from_checkpoint import bundle_checkpoint, find_checkpoint
from vits.synthesis.bundle.read import read_voice
from vits.synthesis.bundle.voice_bundle import WEIGHTS, is_voice
from vits.synthesis.bundle.weights import is_compact
from vits.synthesis.bundle.write import write_voice

__all__ = ["DISCRIMINATORS", "FORMAT", "read", "write"]

DISCRIMINATORS = "discriminators.safetensors"
PREFIX = "discriminators."


def read(path: Path) -> WholeVoice:
    """Read a voice folder, a checkpoint, or the folder of a run, whose newest is taken.

    Raises:
        VoiceError: the voice is damaged.
        CheckpointError: the checkpoint is.
    """
    if path.name in ("config.json", WEIGHTS) and is_voice(path.parent):
        path = path.parent
    if path.is_dir() and is_voice(path):
        bundle, judges = read_voice(path), None
        if (path / DISCRIMINATORS).is_file():
            judges = load_safetensors(path / DISCRIMINATORS)
    else:
        path = find_checkpoint(path)
        bundle = bundle_checkpoint(path)
        state: dict[str, Any] = load_torch(path)["state_dict"]
        judges = {
            name.removeprefix(PREFIX): value.float()
            for name, value in state.items()
            if name.startswith(PREFIX)
        }
    config = bundle.generator.config.discriminator
    return WholeVoice(
        format=FORMAT.title,
        bundle=bundle,
        discriminators=check_discriminators(judges, config, str(path)) if judges else None,
    )


def write(folder: Path, voice: WholeVoice) -> None:
    """Write a voice folder."""
    write_voice(folder, voice.bundle)
    if voice.discriminators is not None:
        tensors = {
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in voice.discriminators.items()
        }
        (folder / DISCRIMINATORS).write_bytes(save(tensors))


def losses(voice: WholeVoice) -> dict[str, str]:
    """Name what a voice folder has no place for."""
    generator = voice.bundle.generator
    if is_compact(generator) and any(
        not torch.equal(value, value.half().float()) for value in generator.state_dict().values()
    ):
        return {"precision": "without a posterior encoder it is a compact voice, of float16"}
    return {}


FORMAT = Format(title="vits", read=read, write=write, losses=losses)
