"""Checkpoint files that are whole or recognised as damaged.

A file is written under another name in its own folder, synced, and renamed, so that a name that
ends in ``.ckpt`` never stands for half a file, whatever happens to the process. What happens to the
file later is told by its seal (``vits.training.checkpoints.checksum``).
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO

from vits.errors import CheckpointError, MissingFileError
from vits.training.checkpoints.checksum import damaged, read_checksum, verify, write_with_checksum

__all__ = [
    "VerifiedCheckpointIO",
    "link_checkpoint",
    "newest_valid",
    "read_checkpoint",
    "remove_partial",
    "step_of",
    "write_checkpoint",
]

SUFFIX = ".ckpt"
PARTIAL = ".partial"
CHUNK = 1 << 22


def write_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint so that ``path`` holds all of it, or what it held before.

    Args:
        state: tensors and plain values; ``global_step`` goes into the seal.
        path: where to; its folder is made.

    Raises:
        CheckpointError: the file cannot be written, for one because the disk is full; nothing of
            it is left, and every earlier file is as it was.
    """
    partial = _partial(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            write_with_checksum(state, file)
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        reason = error.strerror or type(error).__name__
        raise CheckpointError(
            f"cannot save {path}: {reason}; the checkpoints before it are intact"
        ) from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the processor after checking every byte of it.

    Raises:
        MissingFileError: there is no such file.
        CheckpointError: it is damaged, half-written or no checkpoint.
    """
    if not path.is_file():
        raise MissingFileError(f"checkpoint {path} does not exist; check the path")
    verify(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file can fail anywhere in torch's reader
        raise damaged(path) from error
    if not isinstance(state, dict):
        raise damaged(path)
    return state


def newest_valid(
    folder: Path, report: Callable[[str], None], before: int | None = None
) -> Path | None:
    """Return the intact checkpoint of the latest step in a folder; None if there is none.

    Args:
        folder: where ``*.ckpt`` lie; it need not exist.
        report: is given one line for each damaged file that is passed over.
        before: leave out this step and later ones; None: take any.
    """
    bad: set[tuple[int, int]] = set()
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=_rank, reverse=True):
        if before is not None and step_of(path) >= before:
            continue
        try:
            identity = path.stat().st_dev, path.stat().st_ino
            if identity not in bad:  # last.ckpt and best.ckpt are further names of one file
                bad.add(identity)
                verify(path)
                return path
        except FileNotFoundError:
            continue  # removed meanwhile
        except (CheckpointError, OSError):
            report(f"passed over {path}: it is damaged, half-written or no checkpoint")
    return None


def step_of(path: Path) -> int:
    """Return the step a checkpoint was saved at, from its seal or its name; -1 if neither tells."""
    seal = read_checksum(path)
    if seal is not None:
        return seal.step
    number = re.search(r"step[-=](\d+)", path.stem)
    return int(number.group(1)) if number else -1


def link_checkpoint(path: Path, name: str) -> None:
    """Give a checkpoint another name in its folder, whatever had that name before.

    A hard link, or a copy where the file system has none.

    Raises:
        CheckpointError: neither can be made; the name stands for what it stood for before.
    """
    target = path.with_name(name)
    partial = _partial(target)
    try:
        partial.unlink(missing_ok=True)
        try:
            partial.hardlink_to(path)
        except OSError:
            _copy(path, partial)
        partial.replace(target)
        # renaming a link onto another link of the same file does nothing
        partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        reason = error.strerror or type(error).__name__
        raise CheckpointError(
            f"cannot make {target} of {path.name}: {reason}; the checkpoints are intact"
        ) from error


def remove_partial(folder: Path, report: Callable[[str], None]) -> None:
    """Remove what killed runs have left half-written, each with a line to ``report``."""
    for path in sorted(folder.glob(f".*{SUFFIX}{PARTIAL}")):
        with contextlib.suppress(OSError):
            path.unlink()
            report(f"removed {path}: half-written when its run was killed")


class VerifiedCheckpointIO(CheckpointIO):
    """Lightning's way to these files: ``Trainer(plugins=[VerifiedCheckpointIO()])``."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write a file; there are no ``storage_options``."""
        if storage_options is not None:
            raise CheckpointError(f"storage_options {storage_options!r} must be None")
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read a file, always onto the processor and always as data."""
        del map_location, weights_only
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a file."""
        Path(path).unlink(missing_ok=True)


def _rank(path: Path) -> tuple[int, bool]:
    """Order by step; of the names of one file, the one that tells its step comes first."""
    with contextlib.suppress(OSError):
        return step_of(path), path.name.startswith("step")
    return -1, False


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}{PARTIAL}")


def _copy(source: Path, target: Path) -> None:
    """Copy a file and its times, synced."""
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK)
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copystat(source, target)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power failure."""
    if os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
