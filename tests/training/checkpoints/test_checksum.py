"""Checksums detect every flipped, missing and additional byte."""

import pytest
import torch

from vits.errors import CheckpointError
from vits.training.checkpoints.checkpoint_io import read_checkpoint, write_checkpoint
from vits.training.checkpoints.checksum import COMMENT_LENGTH, read_checksum, verify

STATE = {"global_step": 1234, "weights": torch.arange(24.0), "words": ["a", None, 2.5]}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "step-0001234.ckpt"
    write_checkpoint(STATE, path)
    return path


@pytest.fixture
def plain(tmp_path):
    """What ``torch.save`` alone would have written."""
    path = tmp_path / "plain.ckpt"
    torch.save(STATE, path)
    return path


def is_damaged(path):
    try:
        verify(path)
    except CheckpointError:
        return True
    return False


def flips(path):
    """Flip one bit of each byte in turn; yield its position."""
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        yield position


def test_every_flipped_byte_is_detected(path):
    verify(path)
    assert [position for position in flips(path) if not is_damaged(path)] == []


def test_every_truncation_and_every_addition_is_detected(path):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert is_damaged(path), length
    for extra in (b"\0", content[-COMMENT_LENGTH:], content):
        path.write_bytes(content + extra)
        assert is_damaged(path)


def test_torch_alone_does_not_detect_it(path):
    position = path.read_bytes().index(STATE["weights"].numpy().tobytes())
    content = bytearray(path.read_bytes())
    content[position + 2] ^= 1
    path.write_bytes(content)
    loaded = torch.load(path, weights_only=True)["weights"]
    assert not torch.equal(loaded, STATE["weights"])
    with pytest.raises(CheckpointError, match=r"step-0001234.ckpt is damaged"):
        read_checkpoint(path)


def test_the_checksum_has_the_step_and_torch_reads_the_file(path):
    checksum = read_checksum(path)
    assert checksum is not None
    assert checksum.step == 1234
    for options in ({}, {"mmap": True}):
        loaded = torch.load(path, weights_only=True, **options)
        assert torch.equal(loaded["weights"], STATE["weights"])


def test_a_file_without_a_checksum_is_verified_by_its_members(plain):
    assert read_checksum(plain) is None
    assert torch.equal(read_checkpoint(plain)["weights"], STATE["weights"])
    content = plain.read_bytes()
    position = content.index(STATE["weights"].numpy().tobytes())
    changed = bytearray(content)
    changed[position] ^= 4
    plain.write_bytes(changed)
    assert is_damaged(plain)
    for length in (0, 21, 22, len(content) // 2, len(content) - 1):
        plain.write_bytes(content[:length])
        assert is_damaged(plain), length
