"""Rules that rewrite text in one pass: the earliest match wins, then the order of the rules.

Each rule is a pattern of a class of written forms (dates, money, ...) and a function that returns
the words of a match, or None to decline it. What a rule has written is not read again by another,
so rules cannot disturb each other. The time is linear in the length of the text.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heapify, heappop, heapreplace
from typing import Generic, NamedTuple, TypeVar

from vits.text.aligned import AlignedText, Edit

__all__ = ["Rule", "RuleSet", "requiring", "rule"]

S = TypeVar("S")


@dataclass(frozen=True)
class Rule(Generic[S]):
    """A class of written forms. Patterns are compiled on first use.

    Attributes:
        source: pattern of a written form.
        verbalize: returns the words of a match in a style, or None to decline it.
        needs: pattern that the text must contain for the rule to apply; saves time.
        chars: characters of which the text must contain one; saves more.
        numeric: whether every match begins with a digit, a vulgar fraction, a sign or a dot; the
            pattern is then tried at numbers only.
        after: characters of which one follows the digits that a match begins with; the pattern is
            then tried at such numbers only.
        words: words of which a match begins with one, as a whole word of letters; the pattern is
            then tried at these words only.
    """

    source: str
    verbalize: Callable[[re.Match[str], S], str | None]
    needs: str = ""
    chars: frozenset[str] = frozenset()
    numeric: bool = False
    after: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.source)

    @cached_property
    def condition(self) -> re.Pattern[str]:
        """The compiled pattern of ``needs``."""
        return re.compile(self.needs)


def rule(
    pattern: str,
    verbalize: Callable[[re.Match[str], S], str | None],
    needs: str = "",
    chars: str = "",
    *,
    numeric: bool = False,
    after: str = "",
    words: Iterable[str] = (),
) -> Rule[S]:
    """Build a rule; what ``needs`` cannot do without must be in the text."""
    if not chars:
        chars = _required(needs)
        # A single character needs no other search.
        needs = "" if chars and _CLASS.fullmatch(needs) else needs
    numeric = numeric or bool(after) or _begins_with_digit(pattern)
    return Rule(
        pattern, verbalize, needs, frozenset(chars), numeric, frozenset(after), frozenset(words)
    )


_ELEMENT = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\]|[^\\\[])(\{[^}]*\}|[?*+])?")


_CLASS = re.compile(r"\\?[^\w\s\\]|\[[^\]\\-]*\]")


def _required(needs: str) -> str:
    r"""Return characters of which every text that a plain pattern matches has one, or "".

    >>> _required("[0-9] ?[-–]"), _required("[0-9]{4}"), _required("a|b"), _required(r"\w\.x?")
    ('-–', '0123456789', '', '.')
    """
    digits, elements = "", _ELEMENT.findall(needs)
    if any(element in "|(" for element, _ in elements):
        return ""
    for element, quantifier in elements:
        chars = element.strip("[]").replace("\\", "")
        if (quantifier[:1] in ("?", "*") and quantifier) or element in "^$. ":
            continue
        if chars == "0-9":
            digits = "0123456789"
        elif chars and not any(char.isalnum() or char in " ^" for char in chars):
            return chars
    return digits


_ESCAPE_OR_CLASS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]")
_GROUP = re.compile(r"\([^()]*\)")
# After look-behinds, a digit that is not optional and, if in a group, fills it.
_DIGIT = r"(?:\[[0-9-]+\]|[0-9])(?:\{[1-9][0-9,]*\}|\+|(?![?*+{]))"
_DIGIT_FIRST = re.compile(
    r"(?:\(\?<[!=](?:[^()\[\]\\]|\\.|\[[^\]]*\])*\))*"
    rf"(?:{_DIGIT}|\((?:\?P<\w+>)?{_DIGIT}\)(?![?*{{]))"
)


def _begins_with_digit(pattern: str) -> bool:
    """Tell whether it is plain that every match of a pattern begins with a digit."""
    if _DIGIT_FIRST.match(pattern) is None:
        return False
    rest, count = _ESCAPE_OR_CLASS.sub("", pattern), 1
    while count:
        rest, count = _GROUP.subn("", rest)
    return "|" not in rest


# Where a number may begin: digits, a vulgar fraction, a sign before one, a decimal point.
_NUMBER = re.compile(
    r"[0-9]+|[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒]|[+±~−-](?= ?[.0-9½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])|(?<![0-9])\.(?=[0-9])"
)
_WORD = re.compile(r"[^\W\d_]+")


def requiring(chars: str, rules: Sequence[Rule[S]]) -> tuple[Rule[S], ...]:
    """Return rules that apply only to texts with at least one of these characters."""
    return tuple(replace(item, chars=item.chars or frozenset(chars)) for item in rules)


class _Candidate(NamedTuple):
    """The next match of a rule; candidates are ordered by start, then by rule."""

    start: int
    order: int
    found: re.Match[str]


# Where the pattern of a rule may match: starts in order, or None for anywhere.
_Starts = Sequence[int] | None


class RuleSet(Generic[S]):
    """Rules in their order, grouped by what a text must contain for them to apply."""

    def __init__(self, rules: Sequence[Rule[S]]) -> None:
        """Group the rules.

        Args:
            rules: in order of precedence.
        """
        self._rules = tuple(rules)
        self._groups: dict[frozenset[str], dict[str, list[int]]] = {}
        self._by_word: dict[str, list[int]] = {}
        self._by_following: dict[frozenset[str], list[int]] = {}
        for order, item in enumerate(rules):
            for word in item.words:
                self._by_word.setdefault(word, []).append(order)
            if item.after:
                self._by_following.setdefault(item.after, []).append(order)
            if not item.words and not item.after:
                group = self._groups.setdefault(item.chars, {})
                group.setdefault(item.needs, []).append(order)

    def apply(self, text: AlignedText, style: S, passes: int = 1) -> AlignedText:
        """Rewrite a text; words are set off from letters and digits by spaces.

        Args:
            text: the text.
            style: passed to the rules.
            passes: largest number of passes; another one follows if a rewritten form touches text
                that was not rewritten, as in forms that are glued together.
        """
        for _ in range(passes):
            before = text.text
            edits = list(self._edits(before, style))
            text = text.edit(edits)
            if text.text == before or not any(_touches(before, edit) for edit in edits):
                break
        return text

    def _edits(self, source: str, style: S) -> Iterator[Edit]:
        """Yield the edits of one pass."""
        places = self._places(source)
        queue = [
            candidate
            for order, starts in places.items()
            if (candidate := _next(self._rules[order], order, source, starts, 0)) is not None
        ]
        heapify(queue)
        position, last = 0, ""
        while queue:
            start, order, found = queue[0]
            item, resume = self._rules[order], position
            if start >= position:
                words = item.verbalize(found, style)
                if words is None:
                    resume = start + 1
                else:
                    edit = _spaced(source, found, words)
                    if start == position and last.isalnum() and edit.text[:1].isalnum():
                        edit = edit._replace(text=f" {edit.text}")
                    yield edit
                    resume = position = found.end()
                    last = edit.text[-1:]
            following = _next(item, order, source, places[order], resume)
            if following is None:
                heappop(queue)
            else:
                heapreplace(queue, following)

    def _places(self, source: str) -> dict[int, _Starts]:
        """Return the rules that can apply to a text, and where."""
        chars = set(source)
        numbers = [
            (found.start(), source[found.end() : found.end() + 1])
            for found in _NUMBER.finditer(source)
        ]
        places: dict[int, _Starts] = {}
        for order, starts in self._anchored(source, numbers).items():
            item = self._rules[order]
            if item.chars and item.chars.isdisjoint(chars):
                continue
            if not item.needs or item.condition.search(source):
                places[order] = starts
        all_numbers = [start for start, _ in numbers]
        for required, group in self._groups.items():
            if required and required.isdisjoint(chars):
                continue
            for needs, orders in group.items():
                if not needs or self._rules[orders[0]].condition.search(source):
                    for order in orders:
                        places[order] = all_numbers if self._rules[order].numeric else None
        return places

    def _anchored(self, source: str, numbers: Sequence[tuple[int, str]]) -> dict[int, list[int]]:
        """Return where rules may match that begin with certain words or numbers."""
        places = dict[int, list[int]]()
        for found in _WORD.finditer(source) if self._by_word else ():
            for order in self._by_word.get(found[0], ()):
                places.setdefault(order, []).append(found.start())
        for after, orders in self._by_following.items() if numbers else ():
            starts = [start for start, following in numbers if following in after]
            if starts:
                places.update(dict.fromkeys(orders, starts))
        return places


# What may stand around a form without being part of another.
_BEFORE = frozenset(" (\"'—[\n")
_AFTER = re.compile(r"[ )\"'—\]\n]|[.,;:!?](?!\w)|$")


def _touches(source: str, edit: Edit) -> bool:
    """Return whether an edit is next to something that may be read with it."""
    start, end = edit.start, edit.end
    before = " " if source[start] == " " else source[max(start - 1, 0) : start]
    joined = source[end - 1] != " " and _AFTER.match(source, end) is None
    return joined or bool(before and before not in _BEFORE)


def _next(
    item: Rule[S], order: int, source: str, starts: _Starts, position: int
) -> _Candidate | None:
    """Return the next match of a rule from ``position`` on."""
    pattern = item.pattern
    if starts is None:
        found = pattern.search(source, position)
        return None if found is None else _Candidate(found.start(), order, found)
    match = pattern.match
    # What is left of a number of which another rule has read the beginning.
    if item.numeric and source[position : position + 1].isdigit():
        found = match(source, position)
        if found is not None:
            return _Candidate(position, order, found)
    for index in range(bisect_left(starts, position), len(starts)):
        found = match(source, starts[index])
        if found is not None:
            return _Candidate(starts[index], order, found)
    return None


def _spaced(source: str, found: re.Match[str], words: str) -> Edit:
    start, end = found.span()
    before, after = source[max(start - 1, 0) : start], source[end : end + 1]
    head = " " if before.isalnum() and words[:1].isalnum() else ""
    tail = " " if after.isalnum() and words[-1:].isalnum() else ""
    return Edit(start, end, f"{head}{words}{tail}")
