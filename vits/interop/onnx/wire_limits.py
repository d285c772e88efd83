"""Bounds on an ONNX file, checked before a parser takes memory for it.

A protobuf message of two bytes becomes an object of about seventy, so a small file could fill the
memory. Only the numbers inside tensors may be large; everything else in a voice's graph is small.

Source: the encoding of protobuf; the field numbers of ``onnx.proto3``.
"""

from pathlib import Path

from vits.errors import MissingFileError, VoiceError
from vits.synthesis.runtime.protobuf import message_fields

__all__ = ["read_limited"]

LARGEST_FILE = 300 << 20
LARGEST_STRUCTURE = 8 << 20  # everything but metadata and the numbers of initializers
LARGEST_METADATA = 32 << 20
MOST_ENTRIES = 100_000
GRAPH, METADATA, INITIALIZER = 7, 14, 5
FLOATS, RAW = 4, 9  # of a tensor: numbers that take as much memory as in the file


def read_limited(path: Path) -> bytes:
    """Read an ONNX file whose parsed form is bounded.

    Raises:
        MissingFileError: the file does not exist.
        VoiceError: it is too large, has too many parts, or is not protobuf.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; check the path")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise VoiceError(
            f"{path} has {size >> 20} MiB; only graphs of up to {LARGEST_FILE >> 20} MiB are read"
        )
    data = path.read_bytes()
    try:
        _check(memoryview(data), path)
    except VoiceError:
        raise
    except (IndexError, ValueError) as error:
        raise VoiceError(f"{path} is damaged or not an ONNX file; copy it again") from error
    return data


def _check(data: memoryview, path: Path) -> None:
    structure = metadata = entries = 0
    for field, start, end in message_fields(data, 0, len(data)):
        if field == METADATA:
            metadata += end - start
        elif field != GRAPH:
            structure += end - start
        for inner, begin, stop in message_fields(data, start, end) if field == GRAPH else ():
            entries += 1
            structure += _small_part(data, begin, stop) if inner == INITIALIZER else stop - begin
            if entries > MOST_ENTRIES or structure > LARGEST_STRUCTURE:
                raise VoiceError(
                    f"{path} has more than {MOST_ENTRIES:,} parts or {LARGEST_STRUCTURE >> 20} MiB "
                    "of nodes, which no VITS has; it is not read"
                )
    if structure > LARGEST_STRUCTURE or metadata > LARGEST_METADATA:
        raise VoiceError(f"{path} has too much beside its graph; it is not read")


def _small_part(data: memoryview, start: int, end: int) -> int:
    """Return the bytes of a tensor that are not its numbers."""
    numbers = 0
    for field, begin, stop in message_fields(data, start, end):
        if field in (FLOATS, RAW) and stop - begin > 16:
            numbers += stop - begin
    return end - start - numbers
