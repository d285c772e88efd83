"""Fields of a protobuf message, without its schema and without copying it.

Source: the encoding of protobuf, https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator

__all__ = ["message_fields"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def message_fields(data: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of every field of a message.

    Raises:
        ValueError: it is not a message.
        IndexError: it ends too early.
    """
    while at < end:
        begin = at
        key, at = _varint(data, at)
        kind = key & 7
        if kind == VARINT:
            _, stop = _varint(data, at)
            at = begin
        elif kind == BYTES:
            length, at = _varint(data, at)
            stop = at + length
        elif kind in (FIXED64, FIXED32):
            stop = at + (8 if kind == FIXED64 else 4)
        else:
            raise ValueError(f"wire type {kind}")
        if stop > end:
            raise ValueError("a field is longer than its message")
        yield key >> 3, at, stop
        at = stop


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")
