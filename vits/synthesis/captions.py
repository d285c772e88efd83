"""Captions: the times of words and phonemes as SRT, WebVTT, Praat TextGrid or JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vits.errors import MissingFileError, VoiceError, name_file
from vits.synthesis.timing import Timing
from vits.text.aligned import Span

__all__ = ["CAPTIONS", "Captions", "check_captions", "written_words"]

LONGEST_CUE = 84  # characters: two lines of 42, the usual limit of subtitles
LONGEST_CUE_SECONDS = 7.0
LONGEST_GAP = 0.75  # seconds without a word inside a cue
TOLERANCE = 1e-6  # seconds: times closer than this differ by rounding
MARKS = frozenset(';:,.!?¡¿—…"«»“”')
OPENING = frozenset("¡¿«“")
STOPS = tuple(".!?…")
CLOSING = "\"'”»)"


class TimedSpeech(Protocol):
    """What captions read of a ``Speech``."""

    @property
    def samples(self) -> NDArray[np.float32]:
        """Samples (L,)."""
        ...

    @property
    def sample_rate(self) -> int:
        """Samples per second (Hz)."""
        ...

    @property
    def phonemes(self) -> Sequence[Timing]:
        """Phonemes with their times."""
        ...

    @property
    def words(self) -> Sequence[Timing]:
        """Words with their times."""
        ...

    @property
    def seed(self) -> int | None:
        """Seed of the speech."""
        ...


class Cue(NamedTuple):
    """One subtitle: its words with their marks and times."""

    words: list[Timing]

    @property
    def text(self) -> str:
        """The words on one line."""
        return " ".join(word.text for word in self.words)


class Captions:
    """The times of a speech, collected chunk by chunk; the samples are not kept.

    >>> from vits.synthesis import Speech, Timing
    >>> import numpy as np
    >>> speech = Speech(np.zeros(8000, np.float32), 8000, words=(Timing("well", 0.25, 0.5),))
    >>> print(Captions([speech]).render("srt"), end="")
    1
    00:00:00,250 --> 00:00:00,500
    well
    """

    def __init__(self, chunks: Iterable[TimedSpeech] = (), written: str | None = None) -> None:
        """Start with chunks of a stream, or with a whole speech in a list.

        Args:
            chunks: added in order.
            written: the text that was spoken: subtitles and TextGrid show its words as they are
                written there, "$100" for "one hundred dollars". None: as they are spoken.
        """
        self._written = written
        self.phonemes: list[Timing] = []
        self.words: list[Timing] = []
        self.sample_rate, self.seed = 1, None
        self._samples = 0
        for chunk in chunks:
            self.add(chunk)

    @property
    def seconds(self) -> float:
        """Length of everything added."""
        return self._samples / self.sample_rate

    def shown_words(self) -> list[Timing]:
        """Return the words as captions show them: as spoken, or as written."""
        return self.words if self._written is None else written_words(self.words, self._written)

    def add(self, chunk: TimedSpeech) -> None:
        """Add the times of the next chunk of a stream, or of a whole speech."""
        self.sample_rate, self.seed = chunk.sample_rate, chunk.seed
        self._samples += len(chunk.samples)
        self.phonemes += chunk.phonemes
        self.words += chunk.words

    def render(self, format: str) -> str:
        """Return the captions as text.

        Args:
            format: ``srt``, ``vtt``, ``textgrid`` or ``json``.

        Raises:
            VoiceError: another format.
        """
        if f".{format}" not in CAPTIONS:
            raise VoiceError(f"caption format {format!r} must be one of {_listed()}")
        return CAPTIONS[f".{format}"](self)

    def write(self, path: str | Path) -> Path:
        """Write a file in UTF-8; the extension selects the format.

        Raises:
            VoiceError: another extension than .srt, .vtt, .TextGrid or .json.
            MissingFileError: the folder does not exist.
        """
        path = check_captions(path)
        text = self.render(path.suffix.lower()[1:])
        with name_file(path):
            path.write_text(text, encoding="utf-8")
        return path

    def timings(self) -> dict[str, Any]:
        """Return the times as plain JSON values."""
        return {
            "sample_rate": self.sample_rate,
            "seconds": self.seconds,
            "seed": self.seed,
            "phonemes": [timing.to_dict() for timing in self.phonemes],
            "words": [timing.to_dict() for timing in self.words],
        }


def written_words(words: Iterable[Timing], text: str) -> list[Timing]:
    """Join the words that stand for the same characters of a text, and show these.

    >>> words = [Timing("five", 0.0, 0.4, Span(4, 6)), Timing("dollars", 0.4, 1.0, Span(4, 6))]
    >>> [tuple(word[:3]) for word in written_words(words, "Pay $5.")]
    [('$5', 0.0, 1.0)]
    """
    joined: list[Timing] = []
    for word in words:
        last = joined[-1].source if joined else None
        if word.source is not None and last is not None and word.source.start < last.end:
            source = Span(min(last.start, word.source.start), max(last.end, word.source.end))
            joined[-1] = joined[-1]._replace(end=word.end, source=source)
        else:
            joined.append(word)
    return [
        word
        if word.source is None
        else word._replace(text=" ".join(text[slice(*word.source)].split()) or word.text)
        for word in joined
    ]


def check_captions(path: str | Path) -> Path:
    """Return a path after checking that captions can be written to it.

    Raises:
        VoiceError: an unknown extension.
        MissingFileError: the folder does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in CAPTIONS:
        raise VoiceError(f"captions {path} must end in one of {_listed('.')}")
    if not path.parent.is_dir():
        raise MissingFileError(f"folder {path.parent} does not exist; create it first")
    return path


def _listed(dot: str = "") -> str:
    return ", ".join(dot + extension[1:] for extension in CAPTIONS)


def _cues(captions: Captions) -> Iterator[Cue]:
    """Group words into cues that end at a full stop, at a long silence or at the size limit."""
    cue: list[Timing] = []
    for word in _with_marks(captions):
        length = sum(len(other.text) + 1 for other in cue) + len(word.text)
        if cue and (
            cue[-1].text.rstrip(CLOSING)[-1:] in STOPS
            or length > LONGEST_CUE
            or word.end - cue[0].start > LONGEST_CUE_SECONDS
            or word.start - cue[-1].end > LONGEST_GAP
        ):
            yield Cue(cue)
            cue = []
        cue.append(word)
    if cue:
        yield Cue(cue)


def _with_marks(captions: Captions) -> Iterator[Timing]:
    """Yield the words with the punctuation marks before and after them."""
    marks = [mark for mark in captions.phonemes if mark.text in MARKS]
    place, before = 0, ""
    words = captions.shown_words()
    for index, word in enumerate(words):
        while place < len(marks) and marks[place].start < word.start - TOLERANCE:
            before, place = before + marks[place].text, place + 1
        while place < len(marks) and marks[place].start < word.end - TOLERANCE:
            place += 1  # a mark inside a word is part of its text
        after = words[index + 1].start if index + 1 < len(words) else None
        text, before = before + " ".join(word.text.split()), ""
        reached = word.end
        while place < len(marks) and (after is None or marks[place].start < after - TOLERANCE):
            mark, start, end, _ = marks[place]
            apart = start > reached + TOLERANCE  # a space is spoken in between
            if mark in OPENING or (mark == '"' and apart):
                break
            if not (text.endswith(mark) and word.source is not None):  # "etc." and its full stop
                text += f" {mark}" if apart else mark
            place, reached = place + 1, end
        yield Timing(text, word.start, word.end)


def _clock(milliseconds: int, comma: str) -> str:
    """Return hours, minutes, seconds and milliseconds, e.g. ``00:01:02,500``."""
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{comma}{rest % 1000:03d}"


def _span(cue: Cue) -> tuple[int, int]:
    """Return start and end of a cue (milliseconds), at least 1 ms apart."""
    start = round(cue.words[0].start * 1000)
    return start, max(start + 1, round(cue.words[-1].end * 1000))


def _srt(captions: Captions) -> str:
    blocks: list[str] = []
    for number, cue in enumerate(_cues(captions), start=1):
        start, end = (_clock(time, ",") for time in _span(cue))
        # players would read the arrow as a line of times
        blocks.append(f"{number}\n{start} --> {end}\n{cue.text.replace('-->', '—>')}\n")
    return "\n".join(blocks)


def _vtt(captions: Captions) -> str:
    blocks = ["WEBVTT\n"]
    for cue in _cues(captions):
        start, end = _span(cue)
        text, reached = "", start
        for word in cue.words:
            time = round(word.start * 1000)
            shown = word.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            stamp = f"<{_clock(time, '.')}>" if reached < time < end else ""
            text, reached = f"{text} {stamp}{shown}", max(time, reached)
        blocks.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text.strip()}\n")
    return "\n".join(blocks)


def _textgrid(captions: Captions) -> str:
    """Render the long format with one tier for words and one for phonemes."""
    total = captions.seconds
    end = _number(total)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {end}", "tiers? <exists>", "size = 2", "item []:"]
    tiers = (("words", captions.shown_words()), ("phonemes", captions.phonemes))
    for number, (name, timings) in enumerate(tiers, start=1):
        intervals = list(_covering(timings, total))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"']
        lines += [f'        name = "{name}"', "        xmin = 0", f"        xmax = {end}"]
        lines.append(f"        intervals: size = {len(intervals)}")
        for place, interval in enumerate(intervals, start=1):
            shown = interval.text.replace('"', '""')
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {_number(interval.start)}",
            ]
            lines += [
                f"            xmax = {_number(interval.end)}",
                f'            text = "{shown}"',
            ]
    return "\n".join(lines) + "\n"


def _number(seconds: float) -> float:
    """Round to nanoseconds, to print 0.208 and not 0.20800000000000002."""
    return round(seconds, 9)


def _covering(timings: Iterable[Timing], total: float) -> Iterator[Timing]:
    """Yield the timings and empty intervals between them, from 0 to the end."""
    reached = 0.0
    # Praat does not accept intervals without length
    found = [timing for timing in timings if timing.end - timing.start > TOLERANCE]
    for index, (text, start, end, _) in enumerate(found):
        if start > reached + TOLERANCE:
            yield Timing("", reached, start)
            reached = start
        last = index + 1 == len(found)
        end = total if last and abs(end - total) < TOLERANCE else end
        yield Timing(text, reached, end)
        reached = end
    if total > reached:
        yield Timing("", reached, total)


def _json(captions: Captions) -> str:
    return json.dumps(captions.timings(), indent=2, ensure_ascii=False) + "\n"


CAPTIONS: dict[str, Callable[[Captions], str]] = {
    ".srt": _srt,
    ".vtt": _vtt,
    ".textgrid": _textgrid,
    ".json": _json,
}
"""Renderers by file extension in lower case."""
