"""Safe parser for a subset of the Speech Synthesis Markup Language (SSML).

Source: W3C, Speech Synthesis Markup Language 1.1, 2010. Supported: ``speak``, ``p``, ``s``,
``break``, ``prosody`` with ``rate``, ``pitch`` and ``range``, ``phoneme``, ``say-as``, ``sub``,
``lang`` and ``voice`` with ``name``.
Anything else is an error; nothing is ignored. Document types, processing instructions and
entities other than XML's five are rejected; nothing is fetched.
"""

from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from vits.errors import TextError
from vits.text.aligned import AlignedText, Edit, Span
from vits.text.sentences import split_sentences
from vits.text.ssml.prosody import parse_break, parse_pitch, parse_range, parse_rate
from vits.text.ssml.say_as import say_as

__all__ = [
    "MAX_CHARS",
    "Boundary",
    "Break",
    "Event",
    "PitchSpan",
    "SsmlDocument",
    "TextRun",
    "parse_ssml",
]

MAX_CHARS = 1_000_000
MAX_DEPTH = 32  # nested elements
NAMESPACE = "http://www.w3.org/2001/10/synthesis"
XML = "http://www.w3.org/XML/1998/namespace"
SCHEMA = "http://www.w3.org/2001/XMLSchema-instance schemaLocation"
ATTRIBUTES = {
    "speak": ("version", "xml:lang", "xsi:schemaLocation"),
    "p": ("xml:lang",),
    "s": ("xml:lang",),
    "break": ("time", "strength"),
    "prosody": ("rate", "pitch", "range"),
    "phoneme": ("ph", "alphabet"),
    "say-as": ("interpret-as",),
    "sub": ("alias",),
    "lang": ("xml:lang",),
    "voice": ("name", "xml:lang"),
}
LEAVES = ("break", "phoneme", "say-as", "sub", "lang")  # elements that contain no other element


class TextRun(NamedTuple):
    """Text to speak at one rate by one speaker.

    Attributes:
        text: may contain ``[[phonemes]]``; aligned with the document.
        rate: speaking rate relative to the voice's default.
        voice: speaker name; None selects the speaker of the request.
    """

    text: AlignedText
    rate: float
    voice: str | None


class Break(NamedTuple):
    """A pause.

    Attributes:
        seconds: its length.
    """

    seconds: float


class Boundary(NamedTuple):
    """The boundary of a sentence or paragraph.

    Attributes:
        gap: equivalent white space in plain text.
    """

    gap: str


Event = TextRun | Break | Boundary


class PitchSpan(NamedTuple):
    """Part of a document with a pitch of its own.

    Attributes:
        start: index of its first character in the input.
        end: index after its last character.
        shift: semitones added to F0.
        range: factor on the movements of F0.
    """

    start: int
    end: int
    shift: float
    range: float


class SsmlDocument(NamedTuple):
    """A parsed document.

    Attributes:
        events: text, pauses and boundaries in order.
        labels: phonemes -> the written words of each ``<phoneme>`` that has them, in order; used
            in captions.
        pitches: parts with a pitch of their own; of nested ones the inner comes first.
    """

    events: list[Event]
    labels: dict[str, list[str]]
    pitches: list[PitchSpan]


class _Element(NamedTuple):
    """An open element."""

    name: str
    rate: float
    shift: float
    range: float
    voice: str | None
    attributes: Mapping[str, str]
    start: int  # of its tag in the document


def parse_ssml(markup: str, language: str) -> SsmlDocument:
    """Parse a document.

    Args:
        markup: a ``<speak>`` document.
        language: language of the voice, an espeak-ng code.

    Raises:
        TextError: the document is malformed, unsupported, too deep or too long; the message gives
            the line.
    """
    if len(markup) > MAX_CHARS:
        raise TextError(
            f"SSML of {len(markup):,} characters must have at most {MAX_CHARS:,}; split it"
        )
    document = markup.strip()
    try:
        data = document.encode()
    except UnicodeEncodeError as error:
        raise TextError(f"SSML has a lone surrogate at {error.start}; remove it") from error
    offset = len(markup) - len(markup.lstrip())
    reader = _Reader(language, document, data, offset)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise TextError(
            f"SSML line {error.lineno}: {reason}; write &amp; for & and &lt; for <, and close "
            "every element"
        ) from error
    except TextError as error:
        line = reader.parser.CurrentLineNumber
        raise TextError(f"SSML line {line}: {error}") from error
    reader.finish_run()
    return SsmlDocument(reader.events, reader.labels, reader.pitches)


class _Reader:
    """Converts expat callbacks to events.

    Args:
        language: language of the voice.
        document: the document.
        data: the same in UTF-8.
        offset: index of the document in the input (characters).
    """

    def __init__(self, language: str, document: str, data: bytes, offset: int) -> None:
        self._language = language
        self._document, self._data, self._offset = document, data, offset
        self._byte = self._char = 0  # the same place in both
        self._in_cdata = False
        self._open: list[_Element] = []
        self._text_parts: list[AlignedText] = []  # character data since the last tag
        self._leaf_text = AlignedText("")
        self._run: list[AlignedText] = []
        self._run_element: _Element | None = None
        self.events: list[Event] = []
        self.labels: dict[str, list[str]] = {}
        self.pitches: list[PitchSpan] = []
        self.parser = parser = expat.ParserCreate("utf-8", " ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartCdataSectionHandler = lambda: self._set_cdata(True)
        parser.EndCdataSectionHandler = lambda: self._set_cdata(False)

    def _set_cdata(self, inside: bool) -> None:
        self._in_cdata = inside

    def _doctype(self, *_: object) -> None:
        raise TextError("<!DOCTYPE> and entities are not supported; remove <!DOCTYPE>")

    def _instruction(self, target: str, _: str) -> None:
        raise TextError(f"the instruction <?{target}?> is not supported; remove it")

    def _start(self, tag: str, raw_attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if name not in ATTRIBUTES or space not in ("", NAMESPACE):
            raise TextError(
                f"element <{name}> is not supported; remove it, or use one of "
                f"{', '.join(ATTRIBUTES)}"
            )
        self._end_text()
        self._check_nesting(name)
        attributes = {_qualified_name(key): value for key, value in raw_attributes.items()}
        for key in attributes:
            if key not in ATTRIBUTES[name]:
                known = ", ".join(ATTRIBUTES[name])
                raise TextError(
                    f"attribute {key} of <{name}> is not supported; remove it; known: {known}"
                )
        if name != "lang":
            self._check_language(attributes.get("xml:lang"))
        rate, shift, factor, voice = self._open[-1][1:5] if self._open else (1.0, 0.0, 1.0, None)
        if name == "prosody":
            if not attributes:
                raise TextError("<prosody> must have a rate, a pitch or a range")
            rate = parse_rate(_required(name, attributes, "rate", "medium"), rate)
            shift = parse_pitch(_required(name, attributes, "pitch", "medium"), shift)
            factor = parse_range(_required(name, attributes, "range", "medium"), factor)
        elif name == "voice":
            voice = attributes.get("name", "").strip() or None
            if voice is None:
                raise TextError("<voice> must have a name, e.g. <voice name='ada'>")
        place = self._position()
        self._open.append(_Element(name, rate, shift, factor, voice, attributes, place))
        self._leaf_text = AlignedText("")
        if name in ("p", "s"):
            self._add(Boundary(" "))

    def _check_nesting(self, name: str) -> None:
        names = [element.name for element in self._open]
        if (name == "speak") == bool(names):
            raise TextError("SSML must be one <speak> element that contains all others")
        if len(names) >= MAX_DEPTH:
            raise TextError(f"elements are nested more than {MAX_DEPTH} deep; flatten them")
        if names and names[-1] in LEAVES:
            raise TextError(f"<{name}> must not be inside <{names[-1]}>; move it out")
        if name in ("p", "s") and (name in names or "s" in names):
            parent = "s" if "s" in names else "p"
            raise TextError(f"<{name}> must not be inside <{parent}>; close <{parent}> first")

    def _check_language(self, language: str | None) -> None:
        if language is not None and not self._is_own(language):
            raise TextError(
                f"xml:lang {language!r} is not the voice's language {self._language}; "
                "remove it, use a voice of that language, or <lang> for a few words"
            )

    def _is_own(self, language: str) -> bool:
        """Return whether a language is that of the voice, in any variety."""
        requested, own = (code.lower().replace("_", "-") for code in (language, self._language))
        return requested.partition("-")[0] == own.partition("-")[0]

    def _position(self) -> int:
        """Return the index in the document (characters) of what expat reports."""
        byte = self.parser.CurrentByteIndex
        self._char += len(self._data[self._byte : byte].decode())
        self._byte = byte
        return self._char

    def _text(self, data: str) -> None:
        start, count = self._position(), len(data)
        first = self._offset + start
        is_reference = self._document.startswith("&", start) and not self._in_cdata
        if self._document.startswith(data, start) and not is_reference:
            starts, ends = range(first, first + count), range(first + 1, first + count + 1)
        else:  # a character reference, or a line end that expat changed
            end = self._document.find(";", start) + 1 if is_reference else start + 1
            starts, ends = [first] * count, [self._offset + end] * count
        self._text_parts.append(AlignedText(data, starts, ends))

    def _end_text(self) -> None:
        """Use up the character data since the last tag."""
        if not self._text_parts:
            return
        text, self._text_parts = AlignedText.join(self._text_parts), []
        if self._open[-1].name in LEAVES:
            self._leaf_text = text
        else:
            self._append(text)

    def _append(self, text: AlignedText) -> None:
        """Append text, with white space collapsed."""
        element, last = self._open[-1], self._run_element
        if last is None or (last.rate, last.voice) != (element.rate, element.voice):
            self.finish_run()
            self._run_element = element
        self._run.append(text.sub(r"\s+", " "))

    def finish_run(self) -> None:
        """End the run of text that was appended to."""
        if self._run_element is not None:
            text = AlignedText.join(self._run)
            self.events.append(TextRun(text, self._run_element.rate, self._run_element.voice))
        self._run, self._run_element = [], None

    def _add(self, event: Break | Boundary) -> None:
        self.finish_run()
        self.events.append(event)

    def _replace(self, text: str) -> None:
        """Append text that stands for the content of the element, or for the whole if empty."""
        if len(self._leaf_text):
            span = self._leaf_text.span(0, len(self._leaf_text))
        else:
            start, end = self._open[-1].start, self._position()
            span = Span(self._offset + start, self._offset + max(start + 1, end))
        self._append(AlignedText(text, [span.start] * len(text), [span.end] * len(text)))

    def _end(self, _: str) -> None:
        self._end_text()
        name, attributes = self._open[-1].name, self._open[-1].attributes
        if name == "break":
            if self._leaf_text.text.strip():
                raise TextError("<break> must be empty; move the text after it")
            self._add(Break(parse_break(attributes.get("time"), attributes.get("strength"))))
        elif name == "phoneme":
            self._phoneme(attributes)
        elif name == "sub":
            self._replace(_required(name, attributes, "alias"))
        elif name == "say-as":
            interpret_as = _required(name, attributes, "interpret-as")
            self._replace(say_as(interpret_as, self._leaf_text.text, self._language))
        elif name == "lang":
            self._foreign(_required(name, attributes, "xml:lang"))
        elif name in ("p", "s"):
            self._add(Boundary("\n\n" if name == "p" else " "))
        elif name == "prosody":
            self._end_prosody(self._open[-1])
        self._open.pop()
        self._leaf_text = AlignedText("")

    def _end_prosody(self, element: _Element) -> None:
        """Keep the pitch of an element that has one."""
        if "pitch" in element.attributes or "range" in element.attributes:
            start, end = (self._offset + place for place in (element.start, self._position()))
            self.pitches.append(PitchSpan(start, end, element.shift, element.range))

    def _phoneme(self, attributes: Mapping[str, str]) -> None:
        alphabet = attributes.get("alphabet", "ipa")
        if alphabet != "ipa":
            raise TextError(f"alphabet {alphabet!r} of <phoneme> must be 'ipa'; write IPA")
        phonemes = _required("phoneme", attributes, "ph")
        if "[[" in phonemes or "]]" in phonemes:
            raise TextError(f"ph {phonemes!r} must not contain double brackets; remove them")
        label = " ".join(self._leaf_text.text.split())
        if label:
            self.labels.setdefault(phonemes, []).append(label)
        self._replace(f"[[{phonemes}]]")

    def _foreign(self, language: str) -> None:
        """Append the text of ``<lang>``, each sentence as ``[[language: text]]``."""
        text = self._leaf_text
        if self._is_own(language) or not text.text.strip():
            self._append(text)
            return
        if "[[" in text.text or "]]" in text.text:
            raise TextError("<lang> must not contain double brackets; remove them")
        code = language.lower().replace("_", "-")
        edits: list[Edit] = []
        start = 0
        for sentence in split_sentences(text.text):
            # The mark stays outside, so that the sentence ends there.
            content = sentence.rstrip(" \t\r\n.!?…")
            if content.strip():
                end = start + len(content)
                edits += (Edit(start, start, f"[[{code}: "), Edit(end, end, "]]"))
            start += len(sentence)
        self._append(text.edit(edits))


def _qualified_name(key: str) -> str:
    """Return the name of an attribute as written in the document."""
    if key == SCHEMA:
        return "xsi:schemaLocation"
    space, _, name = key.rpartition(" ")
    return f"xml:{name}" if space == XML else name if not space else f"{{{space}}}{name}"


def _required(name: str, attributes: Mapping[str, str], key: str, default: str = "") -> str:
    value = attributes.get(key, default).strip()
    if not value:
        raise TextError(f"<{name}> must have a non-empty attribute {key}")
    return value
