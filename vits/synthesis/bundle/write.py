"""Writing of a voice folder, atomically."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vits.errors import VoiceError
from vits.synthesis.bundle.card import render_readme
from vits.synthesis.bundle.description import describe_voice
from vits.synthesis.bundle.onnx_bundle import GRAPHS
from vits.synthesis.bundle.voice_bundle import (
    CARD,
    CONFIG,
    README,
    REQUIRED,
    WEIGHTS,
    VoiceBundle,
    is_voice,
)
from vits.synthesis.bundle.weights import write_generator

__all__ = ["write_voice"]


def write_voice(folder: str | Path, bundle: VoiceBundle, *, force: bool = False) -> Path:
    """Write a voice folder; if anything fails, nothing is changed.

    Args:
        folder: a new or empty folder.
        bundle: the voice.
        force: replace the voice that ``folder`` holds.

    Returns:
        The folder, as an absolute path.

    Raises:
        VoiceError: the folder is in use or cannot be written.
    """
    target = Path(folder).resolve()
    try:
        _require_free(target, force)
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            _write_parts(new, bundle)
            _swap(new, target, Path(temporary) / "old")
    except OSError as error:
        raise VoiceError(f"cannot write the voice {folder}: {error.strerror or error}") from error
    return target


def _write_parts(folder: Path, bundle: VoiceBundle) -> None:
    """Write each file."""
    config = describe_voice(bundle)
    card = config.pop("card")
    _write_json(folder / CONFIG, config)
    _write_json(folder / CARD, card)
    text = bundle.frontend.config
    language = ", ".join(name for name, _ in text.languages) or text.language
    readme = render_readme(
        bundle.card,
        bundle.generator.config.audio.sample_rate,
        language,
        bundle.speakers,
        imitates=bundle.generator.config.speaker_vectors is not None,
    )
    (folder / README).write_text(readme, encoding="utf-8")
    write_generator(folder / WEIGHTS, bundle.generator)


def _require_free(target: Path, force: bool) -> None:
    """Raise unless ``target`` may be written."""
    if target.exists() and not target.is_dir():
        raise VoiceError(f"{target} is a file; name a folder for the voice")
    entries = {entry.name for entry in target.iterdir()} if target.exists() else set[str]()
    foreign = sorted(entries - {*REQUIRED, README, *GRAPHS})
    if entries and not is_voice(target):
        raise VoiceError(f"{target} is not empty and not a voice; choose another folder")
    if entries and not force:
        raise VoiceError(f"{target} already holds a voice; add --force (force=True) to replace it")
    if foreign:
        raise VoiceError(
            f"{target} holds {foreign[0]}, which is not part of a voice and would be lost; "
            "move it away or choose another folder"
        )


def _swap(new: Path, target: Path, old: Path) -> None:
    """Replace ``target`` by ``new``; if that fails, restore it."""
    replaced = target.exists()
    if replaced:
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if replaced:
            old.rename(target)
        raise


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
