"""Read the voice or checkpoint that a command starts from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.errors import CheckpointError, MissingFileError, VitsError, VoiceError

if TYPE_CHECKING:
    from vits.synthesis import VoiceBundle
    from vits.training.finetuning import BaseVoice

__all__ = ["read_base", "read_bundle"]


def read_base(path: str) -> "BaseVoice":
    """Read a voice with the training state that fine-tuning can continue from.

    Args:
        path: a voice folder, the name of a bundled voice, a checkpoint, the folder of a run,
            which stands for its newest checkpoint, or a voice of another project.

    Raises:
        MissingFileError: the path does not exist.
        VoiceError: the path is neither a voice nor a run, or the voice is damaged.
        CheckpointError: the checkpoint is damaged.
    """
    from vits.interop.load import read_any
    from vits.synthesis.bundle.from_checkpoint import bundle_checkpoint, load_checkpoint
    from vits.training.finetuning import BaseVoice

    state: dict[str, Any]
    folder, checkpoint = _find(path)
    if checkpoint is None:
        voice = read_any(folder)
        bundle, state = voice.bundle, {"discriminators": voice.discriminators}
    else:
        values = load_checkpoint(checkpoint)
        bundle = bundle_checkpoint(checkpoint, values=values)
        state = _training_state(checkpoint, values)
    return BaseVoice(
        source=path if checkpoint is None else str(checkpoint),
        config=bundle.generator.config,
        frontend=bundle.frontend,
        fingerprint=bundle.fingerprint,
        speakers=() if bundle.speakers == ("",) else bundle.speakers,
        generator={name: p.detach() for name, p in bundle.generator.named_parameters()},
        speaker_vectors=dict(bundle.generator.named_buffers()).get("speaker_embedding.vectors"),
        **state,
    )


def read_bundle(path: str) -> "VoiceBundle":
    """Read a voice; a checkpoint is converted as by ``vits bundle``.

    Args:
        path: as for ``read_base``.

    Raises:
        MissingFileError: the path does not exist.
        VoiceError: the path is neither a voice nor a run, or the voice is damaged.
        CheckpointError: the checkpoint is damaged.
    """
    from vits.interop.load import read_any
    from vits.synthesis import bundle_checkpoint

    folder, checkpoint = _find(path)
    return read_any(folder).bundle if checkpoint is None else bundle_checkpoint(checkpoint)


def _find(name: str) -> tuple[Path, Path | None]:
    """Return the path of a voice or run, and its checkpoint; None for a voice folder."""
    from vits.interop.detect_format import find_format
    from vits.interop.named import find_or_download
    from vits.synthesis import find_checkpoint
    from vits.synthesis.api import find_voice
    from vits.synthesis.bundle.voice_bundle import REQUIRED

    path = find_or_download(find_voice(name))
    if not path.exists():
        raise MissingFileError(
            f"voice {path} does not exist; name a voice folder, a checkpoint or the folder of a run"
        )
    if path.is_dir() and any((path / file).exists() for file in REQUIRED):
        return path, None
    known = find_format(path)
    if known is not None and known.title != "vits":
        return path, None
    try:
        return path, find_checkpoint(path)
    except CheckpointError as error:
        raise VoiceError(
            f"{path} is neither a voice (it lacks {', '.join(REQUIRED)}) nor a run (it has no "
            "*.ckpt); create a voice with: vits bundle CHECKPOINT -o DIR"
        ) from error


def _training_state(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the training state of a loaded checkpoint, which a voice does not contain."""
    from vits.config.legacy import read_training

    prefix = "discriminators."
    discriminators = {
        name.removeprefix(prefix): value
        for name, value in values["state_dict"].items()
        if name.startswith(prefix)
    }
    states = values.get("optimizer_states") or []
    try:
        training = read_training(values["vits"].get("training", {}))
    except VitsError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return {
        "discriminators": discriminators or None,
        "training": training,
        "step": values["global_step"],
        # those of a run by low rank are of differences, which are part of the weights now
        "optimizers": tuple(states) if len(states) == 2 and not training.lora_rank else None,
    }
