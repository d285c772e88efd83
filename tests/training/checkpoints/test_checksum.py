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
    """Flip one bit of each byte in turn; yield its place."""
    content = path.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        yield place


def test_every_flipped_byte_is_noticed(path):
    verify(path)
    assert [place for place in flips(path) if not is_damaged(path)] == []


def test_every_truncation_and_every_addition_is_noticed(path):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert is_damaged(path), length
    for extra in (b"\0", content[-COMMENT_LENGTH:], content):
        path.write_bytes(content + extra)
        assert is_damaged(path)


def test_torch_alone_would_not_notice(path):
    place = path.read_bytes().index(STATE["weights"].numpy().tobytes())
    content = bytearray(path.read_bytes())
    content[place + 2] ^= 1
    path.write_bytes(content)
    loaded = torch.load(path, weights_only=True)["weights"]
    assert not torch.equal(loaded, STATE["weights"])
    with pytest.raises(CheckpointError, match=r"step-0001234.ckpt is damaged"):
        read_checkpoint(path)


def test_the_seal_tells_the_step_and_the_file_stays_one_of_torch(path):
    checksum = read_checksum(path)
    assert checksum is not None
    assert checksum.step == 1234
    for options in ({}, {"mmap": True}):
        loaded = torch.load(path, weights_only=True, **options)
        assert torch.equal(loaded["weights"], STATE["weights"])


def test_a_file_without_a_seal_is_judged_by_its_members(plain):
    assert read_checksum(plain) is None
    assert torch.equal(read_checkpoint(plain)["weights"], STATE["weights"])
    content = plain.read_bytes()
    place = content.index(STATE["weights"].numpy().tobytes())
    changed = bytearray(content)
    changed[place] ^= 4
    plain.write_bytes(changed)
    assert is_damaged(plain)
    for length in (0, 21, 22, len(content) // 2, len(content) - 1):
        plain.write_bytes(content[:length])
        assert is_damaged(plain), length
