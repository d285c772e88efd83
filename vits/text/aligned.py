"""Text that knows, through every rewriting, which part of the input each character stands for."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

__all__ = ["AlignedText", "Edit", "Span"]


class Span(NamedTuple):
    """The characters [start, end) of the input."""

    start: int
    end: int


class Edit(NamedTuple):
    """Replace the characters [start, end) by ``text``."""

    start: int
    end: int
    text: str


class AlignedText:
    """An immutable text with, for each character, the span of the input it stands for.

    Attributes:
        text: the characters.

    >>> AlignedText("pay $5 now").sub(r"[$]5", "five dollars").span(4, 8)
    Span(start=4, end=6)
    """

    __slots__ = ("_ends", "_starts", "text")

    def __init__(
        self, text: str, starts: Sequence[int] | None = None, ends: Sequence[int] | None = None
    ) -> None:
        """Align ``text`` with itself, or with an input by the spans of its characters.

        Args:
            text: the characters.
            starts: start of the span of each character, not decreasing.
            ends: end of the span of each character, not decreasing.
        """
        self.text = text
        self._starts: Sequence[int] = range(len(text)) if starts is None else starts
        self._ends: Sequence[int] = range(1, len(text) + 1) if ends is None else ends

    def __len__(self) -> int:
        return len(self.text)

    def span(self, start: int, end: int) -> Span:
        """Return the span of the input that the characters [start, end), at least 1, stand for."""
        return Span(self._starts[start], self._ends[end - 1])

    def part(self, start: int, end: int) -> "AlignedText":
        """Return the characters [start, end)."""
        return AlignedText(self.text[start:end], self._starts[start:end], self._ends[start:end])

    @classmethod
    def join(cls, parts: Iterable["AlignedText"]) -> "AlignedText":
        """Concatenate texts that are aligned with the same input, in its order."""
        found = [part for part in parts if part.text]
        if len(found) == 1:
            return found[0]
        starts = [start for part in found for start in part._starts]
        ends = [end for part in found for end in part._ends]
        return cls("".join(part.text for part in found), starts, ends)

    def edit(self, edits: Iterable[Edit]) -> "AlignedText":
        """Apply edits that are in order and do not overlap.

        Every character of a replacement stands for all that was replaced; an insertion stands for
        the character before it.
        """
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for start, end, text in edits:
            parts += (self.text[position:start], text)
            starts += self._starts[position:start]
            ends += self._ends[position:start]
            if text:
                first, last = (start, end - 1) if end > start else (max(start - 1, 0),) * 2
                empty = not self.text
                starts += [0 if empty else self._starts[first]] * len(text)
                ends += [0 if empty else self._ends[last]] * len(text)
            position = end
        if not parts:
            return self
        parts.append(self.text[position:])
        starts += self._starts[position:]
        ends += self._ends[position:]
        return AlignedText("".join(parts), starts, ends)

    def sub(
        self, pattern: str | re.Pattern[str], replacement: str | Callable[[re.Match[str]], str]
    ) -> "AlignedText":
        """Replace every match of a pattern by a string (taken literally) or a function's result."""
        edits: list[Edit] = []
        compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
        for found in compiled.finditer(self.text):
            text = replacement if isinstance(replacement, str) else replacement(found)
            if text != found[0]:
                edits.append(Edit(found.start(), found.end(), text))
        return self.edit(edits) if edits else self

    def strip(self, chars: str = " ") -> "AlignedText":
        """Remove leading and trailing characters."""
        start = len(self.text) - len(self.text.lstrip(chars))
        end = max(start, len(self.text.rstrip(chars)))
        return self if (start, end) == (0, len(self.text)) else self.part(start, end)
