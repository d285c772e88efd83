"""The seal of a checkpoint file, by which any damage to it is recognised.

A checkpoint is an ordinary file of ``torch.save``, a zip, whose comment is the seal: the step and a
SHA-256 of everything else. ``torch.load`` does not check the checksums inside the zip, and they do
not cover its directory.
"""

import hashlib
import os
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch

from vits.errors import CheckpointError

__all__ = ["damaged", "read_checksum", "verify", "write_with_checksum"]

MAGIC = b"vits-checkpoint-1 "
LABEL_LENGTH = len(MAGIC) + len(b"step 000000000000 sha256 ")
SEAL_LENGTH = LABEL_LENGTH + 64
# A zip ends in a record of 22 bytes: its signature first, the length of the comment last.
END, END_LENGTH = b"PK\x05\x06", 22
NO_COMMENT = (0).to_bytes(2, "little")
CHUNK = 1 << 22


class Checksum(NamedTuple):
    """The step, the text that goes before the digest, and the digest in hexadecimal."""

    step: int
    label: bytes
    digest: bytes


class _Sink:
    """Passes what torch writes to a file and digests it.

    An error is kept for later: torch's writer calls from C++, where a Python error may abort.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.length = 0
        self.error: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
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
        """Do nothing yet: the file is flushed when it is whole."""


def write_with_checksum(state: dict[str, Any], file: BinaryIO) -> None:
    """Write a checkpoint with its seal and sync it.

    Raises:
        OSError: not all of it has arrived.
    """
    sink = _Sink(file)
    torch.save(state, sink)  # pyright: ignore[reportArgumentType]  # it needs no more than write
    if sink.error is not None:
        raise sink.error
    label = MAGIC + b"step %012d sha256 " % int(state.get("global_step", 0))
    sink.digest.update(label)
    file.seek(-len(NO_COMMENT), os.SEEK_END)
    file.write(SEAL_LENGTH.to_bytes(2, "little"))
    file.write(label + sink.digest.hexdigest().encode())
    file.flush()
    os.fsync(file.fileno())
    if os.fstat(file.fileno()).st_size != sink.length + SEAL_LENGTH:
        raise OSError(0, "the file is shorter than what was written")


def read_checksum(path: Path) -> Checksum | None:
    """Read the seal at the end of a file; None if it has none. It may still be wrong."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < END_LENGTH + SEAL_LENGTH:
            return None
        file.seek(-END_LENGTH - SEAL_LENGTH, os.SEEK_END)
        tail = file.read()
    end, seal = tail[:END_LENGTH], tail[END_LENGTH:]
    found = re.fullmatch(rb"%sstep (\d{12}) sha256 ([0-9a-f]{64})" % MAGIC, seal)
    sealed = end.startswith(END) and end.endswith(SEAL_LENGTH.to_bytes(2, "little"))
    if found is None or not sealed:
        return None
    return Checksum(int(found[1]), seal[:LABEL_LENGTH], found[2])


def verify(path: Path) -> None:
    """Check that every byte is as it was written.

    Raises:
        CheckpointError: it is not.
    """
    seal = read_checksum(path)
    if seal is None:
        _verify_unsealed(path)
    elif _digest(path, seal.label) != seal.digest:
        raise damaged(path)


def damaged(path: Path) -> CheckpointError:
    """Make the error that says so."""
    return CheckpointError(
        f"{path} is damaged, half-written or no checkpoint; take an earlier one, or let "
        "--resume auto find it"
    )


def _verify_unsealed(path: Path) -> None:
    """Check a plain file of ``torch.save``, by the checksums of its members."""
    with path.open("rb") as file:
        file.seek(-min(END_LENGTH, path.stat().st_size), os.SEEK_END)
        end = file.read()
    # whoever ends in anything but this is a sealed file without its end, or no zip at all
    if not (len(end) == END_LENGTH and end.startswith(END) and end.endswith(NO_COMMENT)):
        raise damaged(path)
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged file can fail anywhere in either reader
        raise damaged(path) from error
    if bad is not None:
        raise damaged(path)


def _digest(path: Path, label: bytes) -> bytes:
    """Digest a sealed file as it was before the seal came, and the seal's label."""
    digest = hashlib.sha256()
    rest = path.stat().st_size - SEAL_LENGTH - len(NO_COMMENT)
    with path.open("rb") as file:
        while rest > 0 and (chunk := file.read(min(CHUNK, rest))):
            digest.update(chunk)
            rest -= len(chunk)
    digest.update(NO_COMMENT + label)
    return digest.hexdigest().encode()
