"""Tables of recordings and texts, whatever the delimiter, the header and the order of columns."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from vits.data.corpora.columns import Columns, from_header, from_names, guess, is_header
from vits.data.corpora.fields import DELIMITERS, Line, Lines, iter_lines, read_lines
from vits.data.corpora.recordings import Recordings
from vits.data.corpora.table import AUDIO_SUFFIXES, OTHER_SUFFIXES, strip_suffix
from vits.data.prepared.manifest import Row
from vits.errors import DataError

__all__ = ["FIXED", "Table", "open_table"]

FIXED = {
    "ljspeech": {2: Columns(0, 1), 3: Columns(0, 2, raw=1)},
    "piper": {2: Columns(0, 1), 3: Columns(0, 2, speaker=1)},
    "filelist": {2: Columns(0, 1), 3: Columns(0, 2, speaker=1)},
}
"""Columns of the layouts whose tables have no header, by the number of columns."""

_DESCRIBED = {
    "ljspeech": "id|text|normalized text",
    "piper": "file|text or file|speaker|text",
    "filelist": "path|text or path|speaker|text",
}
_MOST_COLUMNS = 1000  # more is no table
_SAMPLE = 200  # lines that are looked at to find the delimiter
_IPA = re.compile("[\u02c8\u02cc\u02d0]")  # stress, secondary stress, length
_NEARLY = 0.8  # of all texts; a single word may be unstressed


class Table(NamedTuple):
    """A table whose layout is known.

    Attributes:
        path: the file.
        delimiter: character between its columns.
        columns: what the columns are.
        lines: rows without the header.
        header: whether the first line names the columns.
        recordings: where the recordings are.
    """

    path: Path
    delimiter: str
    columns: Columns
    lines: list[Line]
    header: bool
    recordings: Recordings

    def rows(self, *, phonemes: bool = False) -> Iterator[Row]:
        """Yield the rows of the corpus; with ``phonemes``, texts are marked as such."""
        columns = self.columns
        for _, fields in self.lines:
            name = strip_suffix(fields[columns.audio], (*AUDIO_SUFFIXES, *OTHER_SUFFIXES))
            text = fields[columns.text] or ("" if columns.raw is None else fields[columns.raw])
            yield Row(
                id=name[2:] if name.startswith("./") else name,
                audio=str(self.recordings.find(fields[columns.audio])),
                text=f"[[{text}]]" if phonemes and text else text,
                speaker="" if columns.speaker is None else fields[columns.speaker],
                language=None if columns.language is None else fields[columns.language] or None,
            )

    @property
    def has_phonemes(self) -> bool:
        """Whether the texts are phonemes: by the name of the table, or by marks of IPA."""
        texts = [line.fields[self.columns.text] for line in self.lines[:_SAMPLE]]
        marked = sum(bool(_IPA.search(text)) for text in texts)
        return self.path.suffix == ".cleaned" or (marked > 0 and marked >= _NEARLY * len(texts))

    def layout(self) -> str:
        """Return the name of the table's layout."""
        if self.header or self.delimiter != "|":
            return "table"
        if self.path.suffix.lower() in (".txt", ".cleaned"):
            return "filelist"
        names = [line.fields[self.columns.audio].lower() for line in self.lines[:_SAMPLE]]
        files = any(name.endswith((*AUDIO_SUFFIXES, *OTHER_SUFFIXES)) for name in names)
        return "piper" if files or self.columns.speaker is not None else "ljspeech"

    def describe(self) -> str:
        """Return what was decided, e.g. ``metadata.csv, audio|speaker|text``."""
        mark = {"\t": "tabs", " ": "a space", "(": "Festival's brackets"}.get(
            self.delimiter, repr(self.delimiter)
        )
        count = len(self.lines[0].fields) if self.lines else 0
        columns = self.columns.describe(count)
        head = ", named by its first line" if self.header else ""
        head += ", the texts being phonemes" if self.has_phonemes else ""
        return f"{self.path.name} with the columns {columns} between {mark}{head}"


def open_table(
    table: Path | Lines,
    audio_dir: Path | None = None,
    layout: str = "auto",
    recordings: Recordings | None = None,
) -> Table | None:
    """Detect the delimiter, the header and the columns of a table, which is read once.

    Args:
        table: its path, or its lines.
        audio_dir: folder of the recordings; default: the table's folder and all
            below it.
        layout: ``auto``, one of ``FIXED``, or columns like ``audio|speaker|text``.
        recordings: those of the table's folder, if they are known already.

    Returns:
        The table; None if it is no table of recordings.

    Raises:
        DataError: the columns can be read in more than one way, or a line is malformed.
        MissingFileError: the file does not exist.
    """
    text = Lines(table) if isinstance(table, Path) else table
    path = text.path
    best: tuple[int, str, int, bool] | None = None
    recordings = recordings or Recordings(path.parent, audio_dir)
    for delimiter in DELIMITERS:
        score = _score(text, delimiter, recordings)
        if score is not None and (best is None or score[0] > best[0]):
            best = (score[0], delimiter, *score[1:])
    if best is None:
        if layout not in FIXED:
            return None
        best = (0, "|", 0, False)
    _, delimiter, audio, header = best
    lines = read_lines(text, delimiter)
    lines = _whole_texts(text, lines, delimiter, header, audio)
    first = lines[0].fields if lines else []
    lines = lines[1:] if header else lines
    columns = _columns(text, layout, first, lines, delimiter, audio, header)
    _check(path, columns, lines, len(first), _DESCRIBED.get(layout, columns.describe(len(first))))
    names = [line.fields[columns.audio] for line in lines]
    return Table(path, delimiter, columns, lines, header, recordings.named(names))


def _score(text: Lines, delimiter: str, recordings: Recordings) -> tuple[int, int, bool] | None:
    """Rate a delimiter: rows whose recording exists, the column of the recordings, the header."""
    try:
        rows = list(islice(iter_lines(text, delimiter), _SAMPLE))
    except DataError:  # a quote that stays open: not this delimiter, or read_lines says so
        return None
    fields = [[text for text, _ in parts] for _, parts in rows]
    if not fields or not all(2 <= len(row) <= _MOST_COLUMNS for row in fields):
        return None
    header = is_header(fields[0]) and not any(recordings.has(name) for name in fields[0])
    width = min(map(len, fields))
    body = fields[header:]
    found = [sum(recordings.has(row[i]) for row in body) for i in range(width)]
    if header:
        audio = next((i for i, n in enumerate(found) if n), 0)
        return max(found, default=0) or 1, audio, True
    suffixed = [sum(row[i].lower().endswith(AUDIO_SUFFIXES) for row in body) for i in range(width)]
    if any(found):
        return max(found), found.index(max(found)), False
    if delimiter in "|\t":
        return 0, suffixed.index(max(suffixed)), False
    return None


def _whole_texts(
    text: Lines, lines: list[Line], delimiter: str, header: bool, audio: int
) -> list[Line]:
    """Rejoin texts that contain the delimiter, in a table of an id and a text."""
    widths = {len(line.fields) for line in lines}
    if delimiter not in ",;" or header or len(widths) < 2 or min(widths) != 2 or audio != 0:
        return lines
    return [
        Line(number, [name.strip().strip('"'), spoken.strip()])
        for number, line in text
        for name, _, spoken in [line.partition(delimiter)]
    ]


def _columns(
    text: Lines,
    layout: str,
    first: list[str],
    lines: list[Line],
    delimiter: str,
    audio: int,
    header: bool,
) -> Columns:
    """Return what the columns are: as named, or by the header, or by the values."""
    width, path = len(first), text.path
    if layout not in ("auto", "table", *FIXED):
        return from_names(layout)
    if header:
        return from_header(first, f"{path}:1")
    if layout in FIXED:
        if width not in FIXED[layout]:
            raise DataError(
                f"{path}:1: {width} columns, must be 2 or 3; the layout is {_DESCRIBED[layout]}"
            )
        return FIXED[layout][width]
    alike = [line.fields for line in lines if len(line.fields) == width]
    if delimiter in ",;" and width > 2 and _spaced(text, delimiter):
        raise DataError(
            f"{path}:1: a {delimiter!r} may divide columns or belong to the text "
            f"({delimiter.join(first)[:80]}); quote the texts, or name the columns in order: "
            "--format 'audio|speaker|text'"
        )
    return guess(alike, audio, str(path))


def _spaced(text: Lines, delimiter: str) -> bool:
    """Return whether a delimiter outside quotes is followed by a space, as in a sentence."""
    lines = (re.sub(r'"(?:[^"]|"")*"', '""', line) for _, line in text)
    return any(f"{delimiter} " in line for line in islice(lines, _SAMPLE))


def _check(path: Path, columns: Columns, lines: list[Line], width: int, layout: str) -> None:
    """Check that all lines have the columns of the first one, and a recording.

    Raises:
        DataError: a line lacks one of them.
    """
    needed = 1 + max(index for index in columns if index is not None)
    width = max(width, needed)
    for number, fields in lines:
        if len(fields) != width:
            raise DataError(
                f"{path}:{number}: {len(fields)} columns, must be {width} as on the first line; "
                f"the layout is {layout}; quote a text that contains the delimiter"
            )
        if not fields[columns.audio]:
            raise DataError(f"{path}:{number}: the first column is empty; the layout is {layout}")
