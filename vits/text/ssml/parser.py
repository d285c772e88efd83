"""Safe parser for a subset of the Speech Synthesis Markup Language (SSML).

Source: W3C, Speech Synthesis Markup Language 1.1, 2010. Supported: ``speak``, ``p``, ``s``,
``break``, ``prosody`` with ``rate``, ``phoneme``, ``say-as``, ``sub`` and ``voice`` with ``name``.
Anything else is an error; nothing is ignored. Document types, processing instructions and
entities other than XML's five are rejected; nothing is fetched.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from vits.errors import TextError
from vits.text.ssml.prosody import parse_break, parse_rate
from vits.text.ssml.say_as import say_as

__all__ = ["MAX_CHARS", "Boundary", "Break", "SsmlDocument", "TextRun", "parse_ssml"]

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
    "prosody": ("rate",),
    "phoneme": ("ph", "alphabet"),
    "say-as": ("interpret-as",),
    "sub": ("alias",),
    "voice": ("name", "xml:lang"),
}
LEAVES = ("break", "phoneme", "say-as", "sub")  # elements that contain no other element


class TextRun(NamedTuple):
    """Text to speak at one rate by one speaker.

    Attributes:
        text: may contain ``[[phonemes]]``.
        rate: speaking rate relative to the voice's default.
        voice: speaker name; None selects the speaker of the request.
    """

    text: str
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


class SsmlDocument(NamedTuple):
    """A parsed document.

    Attributes:
        events: text, pauses and boundaries in order.
        labels: phonemes -> the written words of each ``<phoneme>`` that has them, in order; used
            in captions.
    """

    events: list[Event]
    labels: dict[str, list[str]]


class _Element(NamedTuple):
    """An open element."""

    name: str
    rate: float
    voice: str | None
    attributes: Mapping[str, str]


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
    try:
        data = markup.strip().encode()
    except UnicodeEncodeError as error:
        raise TextError(f"SSML has a lone surrogate at {error.start}; remove it") from error
    reader = _Reader(language)
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
    return SsmlDocument(reader.events, reader.labels)


class _Reader:
    """Converts expat callbacks to events."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._open: list[_Element] = []
        self._leaf_text = ""
        self.events: list[Event] = []
        self.labels: dict[str, list[str]] = {}
        self.parser = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction

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
        self._check_nesting(name)
        attributes = {_qualified_name(key): value for key, value in raw_attributes.items()}
        for key in attributes:
            if key not in ATTRIBUTES[name]:
                known = ", ".join(ATTRIBUTES[name])
                raise TextError(
                    f"attribute {key} of <{name}> is not supported; remove it; known: {known}"
                )
        self._check_language(attributes.get("xml:lang"))
        rate, voice = (self._open[-1].rate, self._open[-1].voice) if self._open else (1.0, None)
        if name == "prosody":
            rate = parse_rate(_required(name, attributes, "rate"), rate)
        elif name == "voice":
            voice = attributes.get("name", "").strip() or None
            if voice is None:
                raise TextError("<voice> must have a name, e.g. <voice name='ada'>")
        self._open.append(_Element(name, rate, voice, attributes))
        self._leaf_text = ""
        if name in ("p", "s"):
            self.events.append(Boundary(" "))

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
        if language is None:
            return
        requested, actual = (code.lower().replace("_", "-") for code in (language, self._language))
        if requested.partition("-")[0] != actual.partition("-")[0]:
            raise TextError(
                f"xml:lang {language!r} is not the voice's language {self._language}; "
                "remove it, or use a voice of that language"
            )

    def _text(self, data: str) -> None:
        element = self._open[-1]
        if element.name in LEAVES:
            self._leaf_text += data
        else:
            self._append(data)

    def _append(self, text: str) -> None:
        """Append text, with white space collapsed."""
        text = re.sub(r"\s+", " ", text)
        element, last = self._open[-1], self.events[-1] if self.events else None
        if isinstance(last, TextRun) and (last.rate, last.voice) == (element.rate, element.voice):
            self.events[-1] = last._replace(text=last.text + text)
        else:
            self.events.append(TextRun(text, element.rate, element.voice))

    def _end(self, _: str) -> None:
        name, attributes = self._open[-1].name, self._open[-1].attributes
        if name == "break":
            if self._leaf_text.strip():
                raise TextError("<break> must be empty; move the text after it")
            self.events.append(
                Break(parse_break(attributes.get("time"), attributes.get("strength")))
            )
        elif name == "phoneme":
            self._phoneme(attributes)
        elif name == "sub":
            self._append(_required(name, attributes, "alias"))
        elif name == "say-as":
            interpret_as = _required(name, attributes, "interpret-as")
            self._append(say_as(interpret_as, self._leaf_text, self._language))
        elif name in ("p", "s"):
            self.events.append(Boundary("\n\n" if name == "p" else " "))
        self._open.pop()
        self._leaf_text = ""

    def _phoneme(self, attributes: Mapping[str, str]) -> None:
        alphabet = attributes.get("alphabet", "ipa")
        if alphabet != "ipa":
            raise TextError(f"alphabet {alphabet!r} of <phoneme> must be 'ipa'; write IPA")
        phonemes = _required("phoneme", attributes, "ph")
        if "[[" in phonemes or "]]" in phonemes:
            raise TextError(f"ph {phonemes!r} must not contain double brackets; remove them")
        label = " ".join(self._leaf_text.split())
        if label:
            self.labels.setdefault(phonemes, []).append(label)
        self._append(f"[[{phonemes}]]")


def _qualified_name(key: str) -> str:
    """Return the name of an attribute as written in the document."""
    if key == SCHEMA:
        return "xsi:schemaLocation"
    space, _, name = key.rpartition(" ")
    return f"xml:{name}" if space == XML else name if not space else f"{{{space}}}{name}"


def _required(name: str, attributes: Mapping[str, str], key: str) -> str:
    value = attributes.get(key, "").strip()
    if not value:
        raise TextError(f"<{name}> must have a non-empty attribute {key}")
    return value
