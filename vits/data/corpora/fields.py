"""Lines of a table, with the quoting that csv writers use."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vits.data.prepared.manifest import numbered_lines
from vits.errors import DataError

__all__ = ["DELIMITERS", "Line", "Lines", "iter_lines", "read_lines", "split_fields"]

DELIMITERS = ("|", "\t", ";", ",", ":", " ", "(")
"""Delimiters in search order; ``:``, ``" "`` and Festival's ``(`` divide an id from a text."""

_ONCE = (":", " ")
_FESTIVAL = re.compile(r"\(\s*(\S+)\s+\"(.*)\"\s*\)")
_SEPARATOR = re.compile(r'"?sep=.?"?')
_MOST_LINES = 100  # of one quoted text: the most that an open quote can swallow


class Line(NamedTuple):
    """One row of a table.

    Attributes:
        number: number of its first line in the file, from 1.
        fields: values without quotes and surrounding white space.
    """

    number: int
    fields: list[str]


class Lines:
    """The numbered lines of a text file: read once, and only as far as somebody asks.

    Args:
        path: the file, which may be a pipe.

    Attributes:
        path: see Args.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rest = numbered_lines(path, pipe=True)
        self._read: list[tuple[int, str]] = []
        self._error: DataError | None = None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Yield line numbers, from 1, and lines; errors are those of ``numbered_lines``."""
        index = 0
        while index < len(self._read) or self._read_one():
            yield self._read[index]
            index += 1

    @property
    def first(self) -> str:
        """The first line; empty if there is none."""
        return next(iter(self), (0, ""))[1]

    def _read_one(self) -> bool:
        """Read another line; return whether there was one."""
        if self._error is not None:
            raise self._error
        try:
            line = next(self._rest, None)
        except DataError as error:
            self._error = error  # the generator has ended with it
            raise
        if line is None:
            return False
        # spreadsheets may say the delimiter on a line of its own
        if self._read or not _SEPARATOR.fullmatch(line[1]):
            self._read.append(line)
            return True
        return self._read_one()


def read_lines(lines: Lines, delimiter: str) -> list[Line]:
    """Split the lines of a table.

    A field is unquoted if a csv writer had to quote it (it contains the delimiter or a quote), or
    if its whole column is quoted; ``"Hello."`` on a single line of a ``|`` table keeps its quotes,
    as in LJSpeech.

    Args:
        lines: the lines of the file.
        delimiter: one of ``DELIMITERS``.

    Raises:
        DataError: a quote opens and never closes (``,`` and ``;`` only), or a line is not UTF-8.
        MissingFileError: the file does not exist.
    """
    rows = list(iter_lines(lines, delimiter))
    if delimiter in ",;":
        return [Line(number, [text for text, _ in fields]) for number, fields in rows]
    columns = max((len(fields) for _, fields in rows), default=0)
    quoted = [
        all(fields[i][1] for _, fields in rows if i < len(fields) and fields[i][0])
        for i in range(columns)
    ]
    special = {delimiter, '"'}
    return [
        Line(
            number,
            [
                f'"{text}"' if quotes and not quoted[i] and not special & set(text) else text
                for i, (text, quotes) in enumerate(fields)
            ],
        )
        for number, fields in rows
    ]


def split_fields(line: str, delimiter: str) -> list[tuple[str, bool]] | None:
    """Split a line into pairs of text and whether it was quoted; None if a quote stays open."""
    if delimiter == "(":
        match = _FESTIVAL.fullmatch(line.strip())
        return (
            [(match[1], False), (match[2].replace('\\"', '"'), False)] if match else [("", False)]
        )
    if delimiter in _ONCE:
        return [(part.strip(), False) for part in line.strip().split(delimiter, 1)]
    d = re.escape(delimiter)
    # the parts of a repetition begin with different characters, so nothing is tried twice
    pattern = re.compile(rf' *"([^"]*(?:""[^"]*)*)" *(?={d}|$)|([^{d}\\]*(?:\\{d}?[^{d}\\]*)*)')
    fields: list[tuple[str, bool]] = []
    start = 0
    while True:
        match = pattern.match(line, start)
        assert match is not None  # the second alternative matches the empty string
        if match[1] is not None:
            fields.append((match[1].replace('""', '"').strip(), True))
        else:
            text = match[2].strip()
            if delimiter in ",;" and text.startswith('"') and line[start:].count('"') % 2:
                return None
            fields.append((text.replace(f"\\{delimiter}", delimiter), False))
        start = match.end() + 1
        if match.end() >= len(line):
            return fields


def iter_lines(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[tuple[str, bool]]]]:
    """Split the lines; a quoted field of a csv file may span some."""
    waiting, first = "", 0
    for number, line in lines:
        line, first = (f"{waiting}\n{line}", first) if waiting else (line, number)
        fields = split_fields(line, delimiter)
        if fields is not None:
            yield first, fields
            waiting = ""
        elif number - first >= _MOST_LINES:
            break
        else:
            waiting = line
    if waiting:
        raise DataError(f"{lines.path}:{first}: a quote opens and does not close; check the quotes")
