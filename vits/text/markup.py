"""Markdown and HTML: what a reader sees of a text with markup, aligned with the text.

Markdown is parsed by markdown-it-py (CommonMark with tables and strikethrough); HTML tags are known
by their names. Both only find what to leave out; no letter of the visible text is
rewritten. In doubt a sign is text: ``2 * 3``, ``a < b``, ``#5``, ``snake_case``, ``Vector<int>``,
a "link" to something that is no address.

Not read as markup: indented code, reference definitions, HTML tags that do not exist. The numbers
of lists are kept, since they are read; bullets, quote marks, fences and rulers are left out. Blocks
become paragraphs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from vits.text.aligned import AlignedText, Edit
from vits.text.html_tags import strip_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["strip_markup"]

# Parsing is skipped unless the text has one of these.
_MARKDOWN = re.compile(
    r"\*\S|\S\*|(?<!\w)_\S|~~|`|\]\(|\\[!-/:-@\[-`{-~]|<(?:[a-z]+:|[^\s<>@]+@)"
    r"|^[ >]*(?:#{1,6}(?:[ \t]|$)|[-*+][ \t]|>|(?:[-*_=][ \t]*){3,}$|\|.*\||[:| -]+\|[:| -]*$)",
    re.MULTILINE,
)
_MASK, _LESS = "\ufdd1", "\ufdd2"  # noncharacters
_PHONEMES = re.compile(r"\[\[.*?\]\]", re.DOTALL)
# Signs that CommonMark takes for markup and that are text here.
_TEXT_SIGNS = re.compile(
    r"(?<=[\w)\]])\*(?=[0-9(])|(?<=[0-9)\]])\*+(?=[\w(])"  # 2*3, 2**8, f(x)*2
    r"|(?<=[^\W_])`(?=[^\W_])"  # don`t
    r"|^[ ]{0,3}>(?==|[ ]?[0-9])",  # > 50 %
    re.MULTILINE,
)
_INNER_STAR = re.compile(r"(?<![\w*])\w+\*(?=\w)(?!\*)")  # width*height
_SINGLE_BULLET = re.compile(r"(?m)^([ ]{0,3})[-+*](?=[ ]+[0-9$€£])")
_BULLET = re.compile(r"(?m)^[ >]*[-+*][ ]")
_ADDRESS = re.compile(r"[/.#:@?]|^$")
_LINE_PREFIX = re.compile(r"[ \t]*(?:(>)|(\d{1,9}[.)])(?=\s|$)|([-+*])(?=\s|$))?")
_READABLE = re.compile(r"[^\W_]")
_TASK = re.compile(r"\[[ xX]\]\s+")
_LONGEST_PARSED = 20_000


class _Range(NamedTuple):
    """Characters [start, end) of one kind: ``text``, ``code``, whose tags are text, or ``hidden``.

    What is in no range is left out unless it has a letter or digit.
    """

    start: int
    end: int
    kind: str = "text"


def strip_markup(text: str | AlignedText) -> AlignedText:
    """Return the visible text of Markdown and HTML, aligned with what was given.

    A text without signs of markup is returned as it is, without parsing.

    >>> strip_markup("## A **bold** [link](https://a.example)").text.strip()
    'A bold link'
    """
    aligned = AlignedText(text) if isinstance(text, str) else text
    if _MARKDOWN.search(aligned.text):
        aligned = _strip_markdown(aligned)
    if "<" in aligned.text:
        aligned = strip_tags(aligned)
    return aligned.sub(_LESS, "<")


def _strip_markdown(text: AlignedText) -> AlignedText:
    """Leave out the marks of Markdown, part by part of a long text."""
    edits: list[Edit] = []
    for start, end in _parts(text.text):
        edits += _Document(text.text[start:end], start).edits()
    return text.edit(edits)


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text at blank lines outside fenced code, which markdown-it need not see whole."""
    start = 0
    fenced = False
    position = 0
    for line in text.splitlines(keepends=True) if len(text) > _LONGEST_PARSED else ():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        position += len(line)
        if position - start > _LONGEST_PARSED and not fenced and not line.strip():
            yield start, position
            start = position
    if start < len(text):
        yield start, len(text)


class _Document:
    """A Markdown text, and the edits that leave its markup out.

    Args:
        text: the text.
        offset: its index in the whole text.
    """

    def __init__(self, text: str, offset: int) -> None:
        self._offset = offset
        self._text = _mask(text)
        self._lines = self._text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._ranges: list[_Range] = []
        self._breaks: list[int] = []  # where a paragraph ends
        self._reached = [0] * len(self._lines)  # in each line

    def edits(self) -> Iterator[Edit]:
        """Yield the edits in order."""
        self._find_ranges(_parser().parse(self._text))
        self._ranges.sort()
        breaks = iter(sorted(self._breaks))
        following = next(breaks, None)
        position = 0
        for start, end, kind in [*self._ranges, _Range(len(self._text), len(self._text))]:
            while following is not None and following <= start:
                if following >= position:
                    yield from self._cut(position, following)
                    yield Edit(following + self._offset, following + self._offset, "\n")
                    position = following
                following = next(breaks, None)
            yield from self._cut(position, start)
            if kind == "hidden":
                yield from self._cut(max(position, start), end, hidden=True)
            for less in re.finditer("<", self._text[start:end]) if kind == "code" else ():
                at = self._offset + start + less.start()
                yield Edit(at, at + 1, _LESS)
            position = max(position, end)

    def _cut(self, start: int, end: int, hidden: bool = False) -> Iterator[Edit]:
        """Leave out [start, end) but for its line ends and, unless hidden, what can be read."""
        position = start
        while position < end:
            line_end = self._text.find("\n", position, end)
            stop = end if line_end < 0 else line_end
            readable = not hidden and _READABLE.search(self._text, position, stop)
            if stop > position and not readable:
                yield Edit(position + self._offset, stop + self._offset, "")
            position = stop + 1

    def _find_ranges(self, tokens: Sequence["Token"]) -> None:
        for index, token in enumerate(tokens):
            if token.type == "inline":
                self._add_inline(token, tokens[index - 1])
            elif token.type == "fence" and token.map:
                self._add_fence(token.map)
            elif token.type in ("heading_open", "list_item_open") and token.map:
                first, last = token.map
                self._breaks.append(self._starts[first])
                self._breaks.append(min(self._starts[last], len(self._text)))

    def _add_fence(self, lines: list[int]) -> None:
        first, last = lines
        opening = self._starts[first]
        self._breaks.append(opening)
        self._ranges.append(_Range(opening, opening + len(self._lines[first]), "hidden"))
        for line in range(first + 1, last):
            content = self._lines[line]
            closing = line == last - 1 and re.fullmatch(r"[ >]*(?:`{3,}|~{3,})[ \t]*", content)
            if not closing:
                start = self._starts[line]
                self._ranges.append(_Range(start, start + len(content), "code"))

    def _add_inline(self, token: "Token", block: "Token") -> None:
        """Add what is visible of a paragraph, heading or table cell."""
        if not token.map or not token.content:
            return
        places: list[int] = []  # index in the text of each line of the content
        contents = token.content.split("\n")
        lines = range(token.map[0], token.map[0] + len(contents))
        for line, content in zip(lines, contents, strict=True):
            stripped, whole = content.strip(), self._lines[line]
            if block.type == "paragraph_open":
                column = len(whole.rstrip()) - len(stripped)
                self._keep_numbers(line, column)
            else:
                reached = self._reached[line] or len(whole) - len(whole.lstrip(" >#"))
                column = max(whole.find(stripped, reached), 0)
                if block.type in ("th_open", "td_open"):
                    self._keep_bar(line, column, whole)
            self._reached[line] = column + len(stripped)
            places.append(self._starts[line] + column - (len(content) - len(content.lstrip())))
        task = _TASK.match(token.content) if self._is_item(token.map[0]) else None
        self._add_children(token, places, task.end() if task else 0)

    def _is_item(self, line: int) -> bool:
        return re.match(r"[ >]*[-*+]\s", self._lines[line]) is not None

    def _keep_numbers(self, line: int, column: int) -> None:
        """Keep the number of a list item, which is in front of its first line."""
        whole, position = self._lines[line], 0
        while position < column:
            found = _LINE_PREFIX.match(whole, position, column)
            if found is None or found.end() == position:
                return
            if found[2]:
                start = self._starts[line] + found.start(2)
                self._ranges.append(_Range(start, self._starts[line] + column))
                return
            position = found.end()

    def _keep_bar(self, line: int, column: int, whole: str) -> None:
        """Keep the bar before each cell but the first, which is read as a pause."""
        bar = whole.rfind("|", 0, column)
        if self._reached[line] and bar >= 0:
            start = self._starts[line] + bar
            self._ranges.append(_Range(start, self._starts[line] + column))

    def _add_children(self, token: "Token", places: Sequence[int], first: int) -> None:
        """Add the visible ranges of the content of an inline token, from index ``first`` on."""
        content = token.content
        firsts = [0, *(found.end() for found in re.finditer("\n", content))]
        for found in _Inline(content).ranges(token.children or []):
            for start, end, kind in _split(found, first):
                position = start
                while position < end:
                    line = bisect_right(firsts, position) - 1
                    stop = min(end, firsts[line + 1] - 1) if line + 1 < len(firsts) else end
                    shift = places[line] - firsts[line]
                    if stop > position:
                        self._ranges.append(_Range(position + shift, stop + shift, kind))
                    position = stop + 1


def _split(found: _Range, first: int) -> list[_Range]:
    """Hide what is before index ``first``."""
    start, end, _ = found
    if start >= first:
        return [found]
    return [_Range(start, min(first, end), "hidden"), found._replace(start=min(first, end))]


class _Inline:
    """Finds the places of inline tokens in the content that they were parsed from."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._position = 0

    def ranges(self, tokens: Sequence["Token"]) -> Iterator[_Range]:
        """Yield the visible ranges in order."""
        for token in tokens:
            kind, markup = token.type, token.markup
            if kind == "text":
                yield from self._find(token.content)
            elif kind == "text_special":
                yield from self._find(markup, skip=len(markup) - len(token.content))
            elif kind in ("softbreak", "hardbreak"):
                self._position = self._content.find("\n", self._position) + 1
                self._skip_spaces()
            elif kind == "code_inline":
                self._skip(markup)
                closing = re.compile(rf"(?<!`){markup}(?!`)").search(self._content, self._position)
                if closing is not None:
                    yield _Range(self._position, closing.start(), "code")
                    self._position = closing.end()
            elif kind == "image":
                self._skip("![")
                yield from self.ranges(token.children or [])
                yield self._hide_target()
            elif kind == "link_open":
                self._skip("<" if markup == "autolink" else "[")
            elif kind == "link_close":
                if markup == "autolink":
                    self._skip(">")
                else:
                    yield self._hide_target()
            else:  # emphasis
                self._skip(markup)

    def _find(self, text: str, skip: int = 0) -> Iterator[_Range]:
        start = self._content.find(text, self._position)
        if text and start >= 0:
            self._position = start + len(text)
            yield _Range(start + skip, self._position)

    def _skip(self, markup: str) -> None:
        start = self._content.find(markup, self._position)
        self._position = max(start, self._position) + len(markup)

    def _hide_target(self) -> _Range:
        """Skip ``](address "title")`` and return its place."""
        from markdown_it.helpers import parseLinkDestination, parseLinkTitle

        self._skip("](")
        first = self._position - 2
        content, end = self._content, len(self._content)
        self._skip_spaces()
        target = parseLinkDestination(content, self._position, end)
        if target.ok:
            self._position = target.pos
        self._skip_spaces()
        title = parseLinkTitle(content, self._position, end)
        if title.ok:
            self._position = title.pos
        self._skip(")")
        return _Range(first, self._position, "hidden")

    def _skip_spaces(self) -> None:
        while self._content[self._position : self._position + 1].isspace():
            self._position += 1


def _mask(text: str) -> str:
    """Replace what is not to be read as Markdown by a letter, character by character."""
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\0", " ")
    for pattern in (_PHONEMES, _TEXT_SIGNS):
        text = pattern.sub(lambda found: _MASK * len(found[0]), text)
    text = _INNER_STAR.sub(lambda found: found[0][:-1] + _MASK, text)
    if len(_BULLET.findall(text)) == 1:
        text = _SINGLE_BULLET.sub(lambda found: found[1] + _MASK, text)
    return text


_cached: list["MarkdownIt"] = []


def _parser() -> "MarkdownIt":
    """Import markdown-it-py on first use."""
    if not _cached:
        from markdown_it import MarkdownIt

        parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
        parser.enable(["table", "strikethrough"])
        parser.disable(["code", "reference", "html_block", "html_inline", "entity", "text_join"])
        parser.validateLink = lambda url: _ADDRESS.search(url) is not None  # type: ignore[method-assign]
        _cached.append(parser)
    return _cached[0]
