"""Checksums of checkpoint files, which detect any damage.

A checkpoint is an ordinary ``torch.save`` file, which is a zip. Its zip comment holds the step and
a SHA-256 of everything else. The CRCs inside the zip are not enough: ``torch.load`` does not check
them, and they do not cover the directory of the zip.
"""

import hashlib
import os
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch

from vits.errors import CheckpointError

__all__ = ["damaged_error", "read_checksum", "verify", "write_with_checksum"]

MAGIC = b"vits-checkpoint-1 "
LABEL_LENGTH = len(MAGIC) + len(b"step 000000000000 sha256 ")
COMMENT_LENGTH = LABEL_LENGTH + 64
# A zip ends with a record of 22 bytes: first its signature, last the length of the comment.
END, END_LENGTH = b"PK\x05\x06", 22
NO_COMMENT = (0).to_bytes(2, "little")
CHUNK = 1 << 22


class Checksum(NamedTuple):
    """Checksum of a checkpoint file.

    Attributes:
        step: training step of the checkpoint.
        label: the part of the comment before the digest.
        digest: SHA-256 in hexadecimal.
    """

    step: int
    label: bytes
    digest: bytes


class _DigestingWriter:
    """Writes to a file and computes the digest of the data.

    It stores an OSError instead of raising it: torch's writer calls from C++, where a Python
    exception may abort the process.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.length = 0
        self.error: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Write and digest data; return its length in bytes."""
        length = memoryview(data).nbytes
        if self.error is None:
            try:
                self.file.write(data)
            except OSError as error:
                self.error = error
            self.digest.update(data)
        self.length += length
        return length

    def flush(self) -> None:
        """Do nothing: the file is flushed after the checksum."""


def write_with_checksum(state: dict[str, Any], file: BinaryIO) -> None:
    """Write a checkpoint with its checksum and sync the file.

    Args:
        state: tensors and plain values; ``global_step`` becomes part of the checksum.
        file: an empty file, open for writing in binary mode.

    Raises:
        OSError: the file could not be written completely.
    """
    writer = _DigestingWriter(file)
    torch.save(state, writer)  # pyright: ignore[reportArgumentType]  # it only needs write
    if writer.error is not None:
        raise writer.error
    label = MAGIC + b"step %012d sha256 " % int(state.get("global_step", 0))
    writer.digest.update(label)
    file.seek(-len(NO_COMMENT), os.SEEK_END)
    file.write(COMMENT_LENGTH.to_bytes(2, "little"))
    file.write(label + writer.digest.hexdigest().encode())
    file.flush()
    os.fsync(file.fileno())
    if os.fstat(file.fileno()).st_size != writer.length + COMMENT_LENGTH:
        raise OSError(0, "the file is shorter than the data written")


def read_checksum(path: Path) -> Checksum | None:
    """Read the checksum at the end of a file without verifying it; None if there is none."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < END_LENGTH + COMMENT_LENGTH:
            return None
        file.seek(-END_LENGTH - COMMENT_LENGTH, os.SEEK_END)
        tail = file.read()
    end, comment = tail[:END_LENGTH], tail[END_LENGTH:]
    match = re.fullmatch(rb"%sstep (\d{12}) sha256 ([0-9a-f]{64})" % MAGIC, comment)
    has_comment = end.startswith(END) and end.endswith(COMMENT_LENGTH.to_bytes(2, "little"))
    if match is None or not has_comment:
        return None
    return Checksum(int(match[1]), comment[:LABEL_LENGTH], match[2])


def verify(path: Path) -> None:
    """Verify every byte of a checkpoint file.

    Raises:
        CheckpointError: the file is damaged, incomplete or not a checkpoint.
    """
    checksum = read_checksum(path)
    if checksum is None:
        _verify_without_checksum(path)
    elif _digest(path, checksum.label) != checksum.digest:
        raise damaged_error(path)


def damaged_error(path: Path) -> CheckpointError:
    """Return the error for a damaged file."""
    return CheckpointError(
        f"{path} is damaged, incomplete or not a checkpoint; use an earlier one, or --resume auto"
    )


def _verify_without_checksum(path: Path) -> None:
    """Verify a plain ``torch.save`` file by the CRCs of its members."""
    with path.open("rb") as file:
        file.seek(-min(END_LENGTH, path.stat().st_size), os.SEEK_END)
        end = file.read()
    # any other end is a truncated checkpoint, or not a zip at all
    if not (len(end) == END_LENGTH and end.startswith(END) and end.endswith(NO_COMMENT)):
        raise damaged_error(path)
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged file can fail anywhere in either reader
        raise damaged_error(path) from error
    if bad is not None:
        raise damaged_error(path)


def _digest(path: Path, label: bytes) -> bytes:
    """Return the digest of a file without its comment, followed by the label."""
    digest = hashlib.sha256()
    rest = path.stat().st_size - COMMENT_LENGTH - len(NO_COMMENT)
    with path.open("rb") as file:
        while rest > 0 and (chunk := file.read(min(CHUNK, rest))):
            digest.update(chunk)
            rest -= len(chunk)
    digest.update(NO_COMMENT + label)
    return digest.hexdigest().encode()
