"""Which column of a table is the recording, the text, the speaker and the language."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from vits.errors import DataError

__all__ = ["NAMES", "Columns", "from_header", "from_names", "guess", "is_header"]

_LISTS = {
    "text": "normalized_text normalised_text text_normalized normalized_transcription "
    "normalized_transcript normalized normalised text sentence "
    "transcript transcription transcriptions transcribed_text raw_text raw_transcription caption "
    "phrase utterance_text content words",
    "audio": "audio_filepath audio_file audio_path audio_filename audiofile audio file_name "
    "filename file_path filepath file wav_filename wav_file wav_path wav path clip clip_name "
    "recording id utt_id uttid utterance_id utt utterance name key",
    "speaker": "speaker speaker_name speaker_id speakerid spk spk_id voice narrator client_id",
    "language": "language lang locale language_id lang_id",
}
NAMES = {role: tuple(names.split()) for role, names in _LISTS.items()}
"""Names of columns in other programs' tables, best first."""

_LABEL = re.compile(r"[\w@+.-]*\w")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?")
_FEW = 4  # rows from which on repeated words count as names


class Columns(NamedTuple):
    """Indices of the columns; None for what a table lacks.

    Attributes:
        audio: name or path of the recording.
        text: transcript.
        raw: transcript for rows in which ``text`` is empty.
        speaker: name of the speaker.
        language: language code.
    """

    audio: int
    text: int
    raw: int | None = None
    speaker: int | None = None
    language: int | None = None

    def describe(self, count: int) -> str:
        """Return the meaning of each of ``count`` columns, e.g. ``audio|speaker|text``."""
        names = {index: name for name, index in self._asdict().items() if index is not None}
        return "|".join(names.get(index, "-") for index in range(count))


def is_header(fields: Sequence[str]) -> bool:
    """Return whether the fields of a first line are names of columns."""
    known = {name for names in NAMES.values() for name in names}
    return sum(_plain(field) in known for field in fields) >= min(2, len(fields))


def from_header(fields: Sequence[str], where: str) -> Columns:
    """Return the columns that a header names.

    Raises:
        DataError: it names no recording or no text.
    """
    plain = [_plain(field) for field in fields]
    found = {
        role: next((plain.index(name) for name in names if name in plain), None)
        for role, names in NAMES.items()
    }
    audio, text = found["audio"], found["text"]
    if audio is None or text is None:
        missing = "recording" if audio is None else "text"
        raise DataError(
            f"{where}: no column for the {missing} among {_shown(fields)}; name the columns in "
            "order: --format 'audio|text|-', with - for those to skip"
        )
    raw = plain.index("text") if "text" in plain and plain[text] != "text" else None
    return Columns(audio, text, raw, found["speaker"], found["language"])


def from_names(names: str) -> Columns:
    """Return the columns of a format like ``audio|speaker|text``.

    Raises:
        DataError: a name is unknown or repeated, or audio or text is missing.
    """
    parts = [part.strip() for part in re.split(r"[|,;\t]", names)]
    parts = [{"id": "audio", "file": "audio", "path": "audio"}.get(part, part) for part in parts]
    given = [part for part in parts if part != "-"]
    valid = set(given) <= set(Columns._fields) and len(set(given)) == len(given)
    if not valid or not {"audio", "text"} <= set(given):
        raise DataError(
            f"format {names!r} must name the columns in order: audio and text, and if they exist "
            "speaker, language and raw, each once; - skips a column"
        )
    return Columns(**{name: parts.index(name) for name in given})


def guess(rows: Sequence[Sequence[str]], audio: int, where: str) -> Columns:
    """Return the columns of a table without a header, from their values.

    Args:
        rows: fields of the rows, all of one length.
        audio: index of the column of the recordings.
        where: the table, for messages.

    Raises:
        DataError: the columns can be read in more than one way.
    """
    values = {i: [row[i] for row in rows] for i in range(len(rows[0])) if i != audio}
    language = next((i for i in values if len(values) > 1 and _is_language(values[i])), None)
    rest = [i for i in values if i != language]
    if len(rest) > 2:  # durations and the like
        rest = [i for i in rest if not _is_measure(values[i])]
    rest = [i for i in rest if any(values[i])] or rest[:1]
    columns = _assign(rest, values)
    if columns is None:
        shown = " | ".join(rows[0])
        count = len(rows[0])
        raise DataError(
            f"{where}: the {count} columns can be read in more than one way, as a text or as a "
            f"speaker ({shown[:80]}); name them in order: --format 'audio|speaker|text', "
            "'audio|text|speaker' or 'audio|raw|text', with - for those to skip"
        )
    text, raw, speaker = columns
    return Columns(audio, text, raw, speaker, language)


def _assign(
    rest: list[int], values: dict[int, list[str]]
) -> tuple[int, int | None, int | None] | None:
    """Return the columns of the text, the raw text and the speaker; None if ambiguous."""
    if len(rest) == 1:
        text = rest[0]
        lonely = len(values) == 1
        sure = not _repeats(values[text]) if lonely else not _is_label(values[text])
        return (text, None, None) if sure else None
    speakers = [i for i in rest if _is_label(values[i]) or _is_few(values[i])]
    if len(rest) == 2:
        first, second = rest
        if _same(values[first], values[second]):
            return second, first, None
        if len(speakers) == 2:
            speakers = [i for i in speakers if _is_label(values[i])]
        if len(speakers) == 2:
            speakers = [i for i in speakers if _repeats(values[i])]
        if len(speakers) == 1:
            return (second if speakers[0] == first else first), None, speakers[0]
        return None
    texts = [i for i in rest if i not in speakers]
    if len(rest) == 3 and len(speakers) == 1 and _same(values[texts[0]], values[texts[1]]):
        return texts[1], texts[0], speakers[0]
    return None


def _is_label(values: list[str]) -> bool:
    """Return whether all values are single plain words, as names of speakers are."""
    return all(_LABEL.fullmatch(v) and (v.isascii() or _repeats(values)) for v in values if v)


def _repeats(values: list[str]) -> bool:
    """Return whether single words come again and again."""
    words = [value for value in values if value]
    single = all(_LABEL.fullmatch(value) for value in words)
    return single and len(words) >= _FEW and 2 * len(set(words)) <= len(words)


def _is_few(values: list[str]) -> bool:
    """Return whether short phrases come again and again, as full names do."""
    short = all(len(value.split()) <= 3 and value[-1:] not in ".?!" for value in values)
    return short and len(values) >= _FEW and 2 * len(set(values)) <= len(values)


def _is_language(values: list[str]) -> bool:
    """Return whether all values are codes of a few languages."""
    codes = {value.lower() for value in values}
    fits = all(_LANGUAGE.fullmatch(code) and re.split("[-_]", code)[0] in _CODES for code in codes)
    return fits and len(codes) <= 1 + len(values) // _FEW


_CODE_LIST = (
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja jp ko lt lv ms nb nl no pl pt ro "
    "ru sk sl sr sv sw ta th tr uk ur vi yue zh eng deu ger fra fre spa ita zho jpn kor"
)
_CODES = frozenset(_CODE_LIST.split())


def _is_measure(values: list[str]) -> bool:
    """Return whether all values are decimal fractions, e.g. durations in seconds."""
    return all(re.fullmatch(r"\d+\.\d+", value) for value in values)


def _same(first: list[str], second: list[str]) -> bool:
    """Return whether two columns have the same texts, one of them normalised."""
    shares = []
    for one, other in zip(first, second, strict=True):
        if one and other:
            a, b = set(re.findall(r"\w+", one.lower())), set(re.findall(r"\w+", other.lower()))
            shares.append(len(a & b) / max(1, min(len(a), len(b))))
    return bool(shares) and sum(shares) / len(shares) >= 0.3


def _plain(name: str) -> str:
    """Return the name of a column in lower case with underscores."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _shown(fields: Sequence[str]) -> str:
    """Return the first names of a header."""
    return ", ".join(field[:40] for field in fields[:8])
