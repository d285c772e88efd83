"""SSML as sentences with a speaker, a rate and a pitch of their own, and silences."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from vits.errors import VoiceError
from vits.synthesis.script.sentences import (
    Item,
    Sentence,
    SentenceText,
    Silence,
    encode_sentences,
)
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import ResolvedSpeaker, parse_speaker, resolve_speaker
from vits.text import Encoding, Frontend
from vits.text.aligned import AlignedText, Edit
from vits.text.sentences import split_pieces
from vits.text.ssml.parser import (
    Boundary,
    Break,
    Event,
    SsmlDocument,
    TextRun,
    parse_ssml,
)

__all__ = ["read_ssml"]


def read_ssml(
    frontend: Frontend,
    ssml: str,
    settings: Settings,
    speakers: tuple[str, ...],
    *,
    has_pitch: bool = False,
) -> Iterator[Item]:
    """Read SSML; each sentence is encoded when it is consumed.

    Text between breaks and the edges of ``p``, ``s`` and ``voice`` is split into sentences as plain
    text is. Where the rate or the speaker changes inside a sentence, its parts are synthesised
    separately and follow each other without a pause; each ends as a clause does, and so does a
    sentence that goes on after a ``break``. A ``break`` replaces the pause that the punctuation
    would give. A pitch splits nothing.

    Args:
        frontend: the voice's front end.
        ssml: the document.
        settings: those of the request; a rate divides their ``length_scale``.
        speakers: names by index.
        has_pitch: whether the voice has pitch.

    Raises:
        TextError: as ``parse_ssml``, at once.
        VoiceError: an unknown speaker, a rate out of range, or a pitch for a voice without; at
            once.
    """
    document = parse_ssml(ssml, frontend.config.language)
    for span in document.pitches:
        if not has_pitch and span[2:] != (0, 1):
            raise VoiceError(
                f"<prosody> with pitch or range at character {span.start} needs a voice with "
                "pitch, and this one has none; remove both, or take another voice"
            )
    names = {event.voice for event in document.events if isinstance(event, TextRun)}
    resolved = {
        name: resolve_speaker(speakers, parse_speaker(speakers, name)) for name in names if name
    }
    sentences = _split_document(document, settings, resolved, frontend.config.language)
    return _complete(encode_sentences(frontend, sentences), document)


def _split_document(
    document: SsmlDocument,
    settings: Settings,
    speakers: Mapping[str, ResolvedSpeaker],
    language: str,
) -> list[SentenceText | Silence]:
    """Split a document into sentences and silences."""
    items: list[SentenceText | Silence] = []
    runs: list[SentenceText] = []
    events = [*document.events, Boundary("")]
    for index, event in enumerate(events):
        if isinstance(event, TextRun):
            speaker = None if event.voice is None else speakers[event.voice]
            own = None
            if event.rate != 1:
                own = replace(settings, length_scale=settings.length_scale / event.rate)
            runs.append(SentenceText(event.text, speaker, own))
            continue
        items += _split_runs(runs, _goes_on(events, index), language)
        runs = []
        if isinstance(event, Break):
            items.append(Silence(event.seconds))
        else:
            _append(items, event.gap)
    return _merge_unspeakable(items)


def _goes_on(events: Sequence[Event], index: int) -> bool:
    """Return whether a break at ``index`` is inside a sentence, judging by the markup."""
    for event in events[index:]:
        if isinstance(event, Boundary):
            return False
        if isinstance(event, TextRun) and _is_speakable(event.text.text):
            return True
    return False


def _split_runs(
    runs: Sequence[SentenceText], goes_on: bool, language: str
) -> Iterator[SentenceText | Silence]:
    """Split adjacent runs where a sentence ends, and where the next run starts.

    Args:
        runs: adjacent runs.
        goes_on: whether the sentence of the last run goes on after it.
        language: an espeak-ng code.
    """
    if not runs:
        return
    text = AlignedText.join(run.text for run in runs)
    ends = list(accumulate(len(run.text) for run in runs))
    start, continues = 0, False
    for sentence, ends_here in split_pieces(text.text, language=language):
        stop, is_first = start + len(sentence), True
        is_last = stop == len(text) and goes_on
        for run, end in zip(runs, ends, strict=True):
            first, last = max(start, end - len(run.text)), min(stop, end)
            piece = text.part(first, max(first, last))
            if not piece.text:
                continue
            speakable = _is_speakable(piece.text)
            if not is_first and speakable:
                yield Silence(0.0)
            more = _is_speakable(text.text[last:stop])
            yield run._replace(
                text=piece,
                is_end=ends_here and not more and not is_last,
                continues=continues and is_first,
            )
            is_first = is_first and not speakable
        start, continues = stop, not ends_here


def _merge_unspeakable(items: Sequence[SentenceText | Silence]) -> list[SentenceText | Silence]:
    """Append text without letters and digits to the sentence before it, or else prepend it."""
    kept: list[SentenceText | Silence] = []
    pending: list[AlignedText] = []
    for item in items:
        if isinstance(item, Silence):
            kept.append(item)
        elif _is_speakable(item.text.text):
            kept.append(item._replace(text=AlignedText.join([*pending, item.text])))
            pending = []
        elif not _append(kept, item.text):
            pending.append(item.text)
    if any(text.text.strip() for text in pending):
        kept.append(SentenceText(AlignedText.join(pending)))
    return kept


def _append(items: list[SentenceText | Silence], text: str | AlignedText) -> bool:
    """Append text to the last sentence; return whether there is one."""
    for index in reversed(range(len(items))):
        item = items[index]
        if isinstance(item, SentenceText):
            end = len(item.text)
            longer = (
                item.text.edit([Edit(end, end, text)])
                if isinstance(text, str)
                else AlignedText.join([item.text, text])
            )
            items[index] = item._replace(text=longer)
            return True
    return False


def _is_speakable(text: str) -> bool:
    return re.search(r"[^\W_]|\[\[", text) is not None


def _complete(items: Iterator[Item], document: SsmlDocument) -> Iterator[Item]:
    """Give sentences their pitch, and words written as phonemes the text of the document."""
    labels, pitches = document.labels, tuple(document.pitches)
    for item in items:
        if isinstance(item, Sentence):
            encoding = _relabel(item.encoding, labels) if labels else item.encoding
            item = item._replace(encoding=encoding, pitches=pitches)
        yield item


def _relabel(encoding: Encoding, labels: dict[str, list[str]]) -> Encoding:
    words = tuple(
        replace(word, text=labels[word.text].pop(0)) if labels.get(word.text) else word
        for word in encoding.words
    )
    return replace(encoding, words=words)
