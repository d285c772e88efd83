"""Crash-safe reading and writing of checkpoint files.

A file is written under a temporary name in the same folder, synced and renamed, so that a ``.ckpt``
file is never incomplete, even if the process is killed. Later damage is detected by its checksum
(``vits.training.checkpoints.checksum``).
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
from vits.training.checkpoints.checksum import (
    damaged_error,
    read_checksum,
    verify,
    write_with_checksum,
)

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
    """Write a checkpoint atomically: ``path`` is the new file or stays as it was.

    Args:
        state: tensors and plain values; ``global_step`` becomes part of the checksum.
        path: path of the file; its folder is created.

    Raises:
        CheckpointError: the file cannot be written, e.g. because the disk is full. The incomplete
            file is removed and earlier files are not changed.
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
            f"cannot save {path}: {reason}; earlier checkpoints are intact"
        ) from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Verify a checkpoint and load it to the CPU.

    Raises:
        MissingFileError: the file does not exist.
        CheckpointError: the file is damaged, incomplete or not a checkpoint.
    """
    if not path.is_file():
        raise MissingFileError(f"checkpoint {path} does not exist; check the path")
    verify(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file can fail anywhere in torch's reader
        raise damaged_error(path) from error
    if not isinstance(state, dict):
        raise damaged_error(path)
    return state


def newest_valid(
    folder: Path, report: Callable[[str], None], before: int | None = None
) -> Path | None:
    """Return the newest intact checkpoint of a folder; None if there is none.

    Args:
        folder: folder with ``*.ckpt`` files; it may be missing.
        report: called with one line for each damaged file that is skipped.
        before: only consider checkpoints of earlier steps; None: all.
    """
    bad: set[tuple[int, int]] = set()
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=_rank, reverse=True):
        if before is not None and step_of(path) >= before:
            continue
        try:
            identity = path.stat().st_dev, path.stat().st_ino
            if identity not in bad:  # last.ckpt and best.ckpt are links to other checkpoints
                bad.add(identity)
                verify(path)
                return path
        except FileNotFoundError:
            continue  # removed in the meantime
        except (CheckpointError, OSError):
            report(f"skipped {path}: it is damaged, incomplete or not a checkpoint")
    return None


def step_of(path: Path) -> int:
    """Return the training step of a checkpoint from its checksum or its name; -1 if unknown."""
    checksum = read_checksum(path)
    if checksum is not None:
        return checksum.step
    number = re.search(r"step[-=](\d+)", path.stem)
    return int(number.group(1)) if number else -1


def link_checkpoint(path: Path, name: str) -> None:
    """Link a checkpoint to another name in its folder, replacing an existing file atomically.

    The link is a hard link, or a copy if the file system does not support hard links.

    Raises:
        CheckpointError: neither is possible; an existing file of that name is not changed.
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
        # replacing a link by another link to the same file does nothing and leaves the source
        partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        reason = error.strerror or type(error).__name__
        raise CheckpointError(
            f"cannot link {path.name} to {target}: {reason}; the checkpoints are intact"
        ) from error


def remove_partial(folder: Path, report: Callable[[str], None]) -> None:
    """Remove incomplete files of killed runs; call ``report`` with one line for each."""
    for path in sorted(folder.glob(f".*{SUFFIX}{PARTIAL}")):
        with contextlib.suppress(OSError):
            path.unlink()
            report(f"removed {path}: incomplete, its run was killed")


class VerifiedCheckpointIO(CheckpointIO):
    """Lightning plugin for crash-safe checkpoints, for ``Trainer(plugins=[...])``."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint; ``storage_options`` are not supported."""
        if storage_options is not None:
            raise CheckpointError(f"storage_options {storage_options!r} must be None")
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Load a checkpoint to the CPU, with ``weights_only``, whatever the arguments."""
        del map_location, weights_only
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint."""
        Path(path).unlink(missing_ok=True)


def _rank(path: Path) -> tuple[int, bool]:
    """Return the sort key: the step, then names that start with it before links."""
    with contextlib.suppress(OSError):
        return step_of(path), path.name.startswith("step")
    return -1, False


def _partial(path: Path) -> Path:
    """Return the temporary name of a file."""
    return path.with_name(f".{path.name}{PARTIAL}")


def _copy(source: Path, target: Path) -> None:
    """Copy a file and its times, and sync the copy."""
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK)
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copystat(source, target)


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that renames survive a power failure."""
    if os.name == "nt":
        return  # Windows cannot open folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
