"""Line ends: which of them end a phrase, and which only wrap the line?

An empty line always ends a phrase. Otherwise the lines of a paragraph decide. A line end is a wrap
if the next line's first word would not have fit, i.e. the line would have become longer than the
longest of the paragraph, which must have at least ``_MIN_WIDTH`` characters; or if the next line
begins with a small letter and no line above ends with a colon. List items, headings and verse (at
least four lines that all begin with a capital letter) always end phrases.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["phrase_ends"]

_MIN_WIDTH = 45
_ITEM = re.compile(
    r"\s*(?:[-*+•‣◦–]|\(?(?:[0-9]{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]|[0-9]{1,3}\.[0-9.]*)[ \t]"
)
_HEADING = re.compile(r"\s*#{1,6}[ \t]")


def phrase_ends(text: str) -> Iterator[int]:
    """Yield the index after each line end that ends a phrase, empty lines left aside."""
    if "\n" not in text:
        return
    paragraph: list[tuple[int, str]] = []  # end and content of each line
    end = 0
    for line in text.split("\n"):
        end += len(line) + 1
        content = line.strip()
        if content:
            paragraph.append((min(end, len(text)), content))
        elif paragraph:
            yield from _ends_in(paragraph)
            paragraph = []
    yield from _ends_in(paragraph)


def _ends_in(lines: list[tuple[int, str]]) -> Iterator[int]:
    width = max((len(content) for _, content in lines), default=0)
    verse = len(lines) > 3 and all(_begins_with_capital(content) for _, content in lines)
    listed = False  # whether a line before ends with a colon
    for (end, content), (_, following) in pairwise(lines):
        listed = listed or content.endswith(":")
        item = _ITEM.match(f"{following} ") or _HEADING.match(following)
        fits = len(content) + 1 + len(_first_word(following)) <= width
        short = (width < _MIN_WIDTH or fits) and (listed or not following[0].islower())
        if item or verse or short or _HEADING.match(content):
            yield end


def _first_word(line: str) -> str:
    return line.split(maxsplit=1)[0]


def _begins_with_capital(line: str) -> bool:
    letters = line.lstrip("\"'“‘«([¿¡—-* ")
    return bool(letters) and unicodedata.category(letters[0]) in ("Lu", "Lt", "Lo")
