"""Checkpoint files are complete or unchanged, found by step, and linked."""

import os
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from vits.errors import CheckpointError, MissingFileError
from vits.training.checkpoints.checkpoint_io import (
    VerifiedCheckpointIO,
    link_checkpoint,
    newest_valid,
    read_checkpoint,
    remove_partial,
    step_of,
    write_checkpoint,
)


def state(step, size=8):
    return {"global_step": step, "weights": torch.full((size,), float(step))}


def write(folder, step):
    path = folder / f"step-{step:07d}.ckpt"
    write_checkpoint(state(step), path)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


@contextmanager
def full_disk(at):
    """No file may grow beyond ``at`` bytes: the system refuses the rest of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_written_checkpoint_is_read_back(tmp_path):
    path = write(tmp_path / "new" / "folder", 7)
    read = read_checkpoint(path)
    assert read["global_step"] == 7
    assert torch.equal(read["weights"], torch.full((8,), 7.0))
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("room", [0, 5000, 200_000])
def test_a_failed_write_keeps_the_old_file(tmp_path, room):
    path = write(tmp_path, 7)
    with (
        full_disk(room),
        pytest.raises(CheckpointError, match=r"cannot save .*0007.ckpt: File too large; earl"),
    ):
        write_checkpoint(state(8, size=100_000), path)
    assert read_checkpoint(path)["global_step"] == 7
    assert names(tmp_path) == [path.name]


def test_a_full_disk_at_the_sync_is_an_error(tmp_path, monkeypatch):
    def fail(handle):
        raise OSError(28, "No space left on device")

    path = write(tmp_path, 7)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CheckpointError, match="No space left on device; earlier checkpoints are"):
        write_checkpoint(state(8), path)
    assert read_checkpoint(path)["global_step"] == 7
    assert names(tmp_path) == [path.name]


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"file/step-0000001.ckpt: "):
        write(tmp_path / "file", 1)


def test_reading_runs_no_code_and_missing_files_are_errors(tmp_path):
    class Harm:
        def __reduce__(self):
            return Path.touch, (tmp_path / "harm",)

    write_checkpoint({"global_step": 1, "harm": Harm()}, tmp_path / "harm.ckpt")
    with pytest.raises(CheckpointError, match=r"harm.ckpt is damaged, incomplete or not a"):
        read_checkpoint(tmp_path / "harm.ckpt")
    assert not (tmp_path / "harm").exists()
    with pytest.raises(MissingFileError, match=r"none.ckpt does not exist"):
        read_checkpoint(tmp_path / "none.ckpt")
    torch.save([1], tmp_path / "list.ckpt")
    with pytest.raises(CheckpointError, match="incomplete or not a checkpoint"):
        read_checkpoint(tmp_path / "list.ckpt")


def test_the_newest_is_found_by_its_step(tmp_path):
    lines = []
    assert newest_valid(tmp_path / "nowhere", lines.append) is None
    assert newest_valid(tmp_path, lines.append) is None
    newest = write(tmp_path, 30)
    for step in (4, 20):
        write(tmp_path, step)  # written later, but of an earlier step
    assert newest_valid(tmp_path, lines.append) == newest
    assert lines == []


def test_damaged_files_are_skipped_and_reported(tmp_path):
    first, second, third = (write(tmp_path, step) for step in (1, 2, 3))
    link_checkpoint(third, "last.ckpt")
    damage(third)
    second.write_bytes(second.read_bytes()[:500])
    lines = []
    assert newest_valid(tmp_path, lines.append) == first
    assert len(lines) == 2  # last.ckpt is a name of the third
    for line, path in zip(lines, (third, second), strict=True):
        assert line == f"skipped {path}: it is damaged, incomplete or not a checkpoint"


def test_a_single_best_link_is_found(tmp_path):
    path = write(tmp_path, 12)
    link_checkpoint(path, "best.ckpt")
    path.unlink()
    found = newest_valid(tmp_path, pytest.fail)
    assert found == tmp_path / "best.ckpt"
    assert step_of(found) == 12


def test_the_step_comes_from_the_checksum_then_from_the_name(tmp_path):
    write_checkpoint(state(5), tmp_path / "step-0000009.ckpt")
    assert step_of(tmp_path / "step-0000009.ckpt") == 5
    for name, step in (("step=0000042.ckpt", 42), ("other.ckpt", -1)):
        torch.save(state(1), tmp_path / name)
        assert step_of(tmp_path / name) == step


def test_incomplete_files_of_killed_runs_are_removed(tmp_path):
    kept = write(tmp_path, 1)
    half = tmp_path / ".step-0000002.ckpt.partial"
    half.write_bytes(b"half")
    lines = []
    assert newest_valid(tmp_path, lines.append) == kept
    remove_partial(tmp_path, lines.append)
    assert lines == [f"removed {half}: incomplete, its run was killed"]
    assert names(tmp_path) == [kept.name]


def test_a_link_moves_from_file_to_file(tmp_path):
    first, second = write(tmp_path, 1), write(tmp_path, 2)
    for path in (first, first, second):
        link_checkpoint(path, "last.ckpt")
        assert (tmp_path / "last.ckpt").samefile(path)
    assert names(tmp_path) == ["last.ckpt", first.name, second.name]


def test_a_file_system_without_links_gets_a_copy(tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = write(tmp_path, 3)
    link_checkpoint(path, "last.ckpt")
    assert not (tmp_path / "last.ckpt").samefile(path)
    assert read_checkpoint(tmp_path / "last.ckpt")["global_step"] == 3
    assert (tmp_path / "last.ckpt").stat().st_mtime_ns == path.stat().st_mtime_ns
    later = write(tmp_path, 4)
    with (
        full_disk(100),
        pytest.raises(CheckpointError, match=r"cannot link step-.* to .*last.ckpt: "),
    ):
        link_checkpoint(later, "last.ckpt")
    assert read_checkpoint(tmp_path / "last.ckpt")["global_step"] == 3
    assert names(tmp_path) == ["last.ckpt", path.name, later.name]


def test_lightning_uses_the_plugin(tmp_path):
    files, path = VerifiedCheckpointIO(), tmp_path / "a.ckpt"
    files.save_checkpoint(state(2), path)
    assert files.load_checkpoint(path, map_location=None, weights_only=False)["global_step"] == 2
    with pytest.raises(CheckpointError, match="storage_options 1 must be None"):
        files.save_checkpoint(state(2), path, storage_options=1)
    files.remove_checkpoint(path)
    assert not path.exists()
