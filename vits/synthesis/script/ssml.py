"""SSML as what a voice speaks: sentences, each with its speaker and pace, and rests."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from vits.synthesis.script.sentences import Item, Part, Rest, Sentence, read_parts
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Who, find_who, parse_speaker
from vits.text import Encoding, Frontend, split_sentences
from vits.text.ssml.parser import Boundary, Break, SsmlDocument, TextRun, parse_ssml

__all__ = ["read_markup"]


def read_markup(
    frontend: Frontend, markup: str, how: Settings, names: tuple[str, ...], count: int
) -> Iterator[Item]:
    """Read SSML; each sentence is encoded when it is asked for.

    Text between two breaks or edges of ``p``, ``s`` and ``voice`` is split into sentences as plain
    text is. Where the pace or the speaker changes inside a sentence, each part is spoken by itself,
    one right after the other. A rest takes the place of the pause that the marks ask for.

    Args:
        frontend: the voice's front end.
        markup: the document.
        how: the settings of the request; a rate divides its ``length_scale``.
        names: speakers by row.
        count: their number.

    Raises:
        TextError: as ``parse_ssml``, at once.
        VoiceError: a speaker is unknown or a rate too slow, at once.
    """
    document = parse_ssml(markup, frontend.config.language)
    voices = {event.voice for event in document.events if isinstance(event, TextRun)}
    found = {name: find_who(names, count, parse_speaker(names, name)) for name in voices if name}
    parts = _parts(document, how, found)
    return _labelled(read_parts(frontend, parts), document.labels)


def _parts(document: SsmlDocument, how: Settings, voices: Mapping[str, Who]) -> list[Part | Rest]:
    """Cut a document into sentences and rests."""
    parts: list[Part | Rest] = []
    runs: list[Part] = []
    for event in [*document.events, Boundary("")]:
        if isinstance(event, TextRun):
            who = None if event.voice is None else voices[event.voice]
            pace = None
            if event.rate != 1:
                pace = replace(how, length_scale=how.length_scale / event.rate)
            runs.append(Part(event.text, who, pace))
            continue
        parts += _cut(runs)
        runs = []
        if isinstance(event, Break):
            parts.append(Rest(event.seconds))
        else:
            _append(parts, event.gap)
    return _without_silent(parts)


def _cut(runs: Sequence[Part]) -> Iterator[Part | Rest]:
    """Cut neighbouring runs where a sentence ends, and where the next run starts."""
    text = "".join(run.text for run in runs)
    ends = list(accumulate(len(run.text) for run in runs))
    start = 0
    for sentence in split_sentences(text):
        stop, first = start + len(sentence), True
        for run, end in zip(runs, ends, strict=True):
            piece = text[max(start, end - len(run.text)) : min(stop, end)]
            if not piece:
                continue
            if not first and _speaks(piece):
                yield Rest(0.0)
            yield run._replace(text=piece)
            first = first and not _speaks(piece)
        start = stop


def _without_silent(parts: Sequence[Part | Rest]) -> list[Part | Rest]:
    """Join what has no letter and no digit to the part before it, or else to the one behind."""
    kept: list[Part | Rest] = []
    waiting = ""
    for part in parts:
        if isinstance(part, Rest):
            kept.append(part)
        elif _speaks(part.text):
            kept.append(part._replace(text=waiting + part.text))
            waiting = ""
        elif not _append(kept, part.text):
            waiting += part.text
    if waiting.strip():
        kept.append(Part(waiting))
    return kept


def _append(parts: list[Part | Rest], text: str) -> bool:
    """Add text to the last part; tell whether there is one."""
    for place in reversed(range(len(parts))):
        part = parts[place]
        if isinstance(part, Part):
            parts[place] = part._replace(text=part.text + text)
            return True
    return False


def _speaks(text: str) -> bool:
    return re.search(r"[^\W_]|\[\[", text) is not None


def _labelled(items: Iterator[Item], labels: dict[str, list[str]]) -> Iterator[Item]:
    """Name the words that were given as phonemes as the document names them."""
    for item in items:
        if isinstance(item, Sentence) and labels:
            item = item._replace(encoding=_label(item.encoding, labels))
        yield item


def _label(encoding: Encoding, labels: dict[str, list[str]]) -> Encoding:
    words = tuple(
        replace(word, text=labels[word.text].pop(0)) if labels.get(word.text) else word
        for word in encoding.words
    )
    return replace(encoding, words=words)
