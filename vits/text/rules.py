"""Rules that rewrite text in one pass: the earliest match wins, then the order of the rules.

Each rule is a pattern of a class of written forms (dates, money, ...) and a function that returns
the words of a match, or None to decline it. What a rule has written is not read again by another,
so rules cannot disturb each other. The time is linear in the length of the text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
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


_VULGAR = "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
# A number or where one may begin (a sign, a decimal point), or a word.
_ANCHOR = re.compile(
    rf"([0-9]+|[{_VULGAR}]|[+±~−-](?= ?[.0-9{_VULGAR}])|(?<![0-9])\.(?=[0-9]))"
    rf"|[^\W\d_{_VULGAR}]+"
)


def requiring(chars: str, rules: Sequence[Rule[S]]) -> tuple[Rule[S], ...]:
    """Return rules that apply only to texts with at least one of these characters."""
    return tuple(replace(item, chars=item.chars or frozenset(chars)) for item in rules)


class _Candidate(NamedTuple):
    """The next match of a rule; candidates are ordered by start, then by rule."""

    start: int
    order: int
    found: re.Match[str]


class RuleSet(Generic[S]):
    """Rules in their order, and where in a text each can match."""

    def __init__(self, rules: Sequence[Rule[S]]) -> None:
        """Group the rules.

        Args:
            rules: in order of precedence.
        """
        self._rules = tuple(rules)
        self._by_word: dict[str, list[int]] = {}
        self._numeric: list[int] = []
        self._searched: dict[frozenset[str], list[int]] = {}  # by the characters they require
        for order, item in enumerate(rules):
            for word in item.words:
                self._by_word.setdefault(word, []).append(order)
            if item.numeric:
                self._numeric.append(order)
            elif not item.words:
                self._searched.setdefault(item.chars, []).append(order)
        self._following = frozenset(char for item in rules for char in item.after)
        self._by_following: dict[str, list[int]] = {}

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
            edits = self._edits(before, style)
            text = text.edit(edits)
            if text.text == before or not any(_touches(before, edit) for edit in edits):
                break
        return text

    def _edits(self, source: str, style: S) -> list[Edit]:
        """Return the edits of one pass."""
        sweep = _Sweep(self._rules, source, style)
        for required, orders in self._searched.items():
            if not required or not required.isdisjoint(sweep.chars):
                for order in orders:
                    sweep.search(order, 0)
        for found in _ANCHOR.finditer(source):
            start, end = found.span()
            sweep.read_before(start, 0)
            if not found[1]:
                if start >= sweep.position:
                    sweep.match(start, self._by_word.get(found[0], ()))
                continue
            rules = self._numeric_rules(source[end : end + 1] if found[0].isdigit() else "")
            # More than once if a rule has read the beginning of the number only.
            while sweep.position < end:
                start = max(start, sweep.position)
                sweep.match(start, rules)
                if sweep.position <= start:
                    break
        sweep.read_before(len(source) + 1, 0)
        return sweep.edits

    def _numeric_rules(self, following: str) -> list[int]:
        """Return the rules that may match at a number before a character."""
        key = following if following in self._following else ""
        if key not in self._by_following:
            self._by_following[key] = [
                order
                for order in self._numeric
                if not self._rules[order].after or key in self._rules[order].after
            ]
        return self._by_following[key]


class _Sweep(Generic[S]):
    """One pass of rules over a text, from left to right.

    Attributes:
        chars: the characters of the text.
        position: end of what has been read.
        edits: what has been read, in order.
    """

    def __init__(self, rules: Sequence[Rule[S]], source: str, style: S) -> None:
        self._rules, self._source, self._style = rules, source, style
        self._waiting: list[_Candidate] = []  # a heap: the next match of each searched rule
        self._applies: dict[int, bool] = {}
        self.chars = frozenset(source)
        self.position = 0
        self.edits: list[Edit] = []

    def search(self, order: int, position: int) -> None:
        """Find the next match of a rule, from a position on."""
        item = self._rules[order]
        if item.needs and not position and item.condition.search(self._source) is None:
            return
        found = item.pattern.search(self._source, position)
        if found is not None:
            heappush(self._waiting, _Candidate(found.start(), order, found))

    def match(self, start: int, orders: Sequence[int]) -> None:
        """Try rules at a place in their order, until one has read something there."""
        for order in orders:
            if self._waiting and self._waiting[0].start <= start:
                self.read_before(start, order)
                if self.position > start:
                    return
            if order not in self._applies:
                self._applies[order] = self._has_what_it_needs(self._rules[order])
            if self._applies[order]:
                found = self._rules[order].pattern.match(self._source, start)
                if found is not None and self._read(order, found):
                    return

    def _has_what_it_needs(self, item: Rule[S]) -> bool:
        if item.chars and item.chars.isdisjoint(self.chars):
            return False
        return not item.needs or item.condition.search(self._source) is not None

    def read_before(self, start: int, order: int) -> None:
        """Read what searched rules match before a place, or there if they come first."""
        while self._waiting and self._waiting[0][:2] < (start, order):
            candidate = heappop(self._waiting)
            read = candidate.start >= self.position and self._read(candidate.order, candidate.found)
            resume = self.position if read else max(candidate.start + 1, self.position)
            self.search(candidate.order, resume)

    def _read(self, order: int, found: re.Match[str]) -> bool:
        """Add the words of a match, unless its rule declines it."""
        words = self._rules[order].verbalize(found, self._style)
        if words is None:
            return False
        edit = _spaced(self._source, found, words)
        touches = self.edits and self.edits[-1].end == edit.start
        if touches and self.edits[-1].text[-1:].isalnum() and edit.text[:1].isalnum():
            edit = edit._replace(text=f" {edit.text}")
        self.edits.append(edit)
        self.position = found.end()
        return True


# What may stand around a form without being part of another.
_BEFORE = frozenset(" (\"'—[\n")
_AFTER = re.compile(r"[ )\"'—\]\n]|[.,;:!?](?!\w)|$")


def _touches(source: str, edit: Edit) -> bool:
    """Return whether an edit is next to something that may be read with it."""
    start, end = edit.start, edit.end
    before = " " if source[start] == " " else source[max(start - 1, 0) : start]
    joined = source[end - 1] != " " and _AFTER.match(source, end) is None
    return joined or bool(before and before not in _BEFORE)


def _spaced(source: str, found: re.Match[str], words: str) -> Edit:
    start, end = found.span()
    before, after = source[max(start - 1, 0) : start], source[end : end + 1]
    head = " " if before.isalnum() and words[:1].isalnum() else ""
    tail = " " if after.isalnum() and words[-1:].isalnum() else ""
    return Edit(start, end, f"{head}{words}{tail}")
