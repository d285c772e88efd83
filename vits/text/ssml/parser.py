"""SSML: the part of the Speech Synthesis Markup Language that is understood, read safely.

Source: W3C, Speech Synthesis Markup Language 1.1, 2010. Understood are ``speak``, ``p``, ``s``,
``break``, ``prosody`` with ``rate``, ``phoneme``, ``say-as``, ``sub`` and ``voice`` with ``name``.
Everything else is an error: nothing is passed over. No document type, no entities but XML's own
five, no processing instructions; nothing is fetched.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from vits.errors import TextError
from vits.text.ssml.prosody import read_break, read_rate
from vits.text.ssml.say_as import read_as

__all__ = ["LONGEST_MARKUP", "Boundary", "Break", "Markup", "Said", "parse_ssml"]

LONGEST_MARKUP = 1_000_000  # characters
DEEPEST = 32  # elements within each other
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
CLOSED = ("break", "phoneme", "say-as", "sub")  # no element stands in these


class Said(NamedTuple):
    """Text to speak.

    Attributes:
        text: may hold ``[[phonemes]]``.
        rate: how fast; 1 is the voice's own pace.
        voice: name of the speaker; None: the one that was asked for.
    """

    text: str
    rate: float
    voice: str | None


class Break(NamedTuple):
    """A pause of this length (seconds)."""

    seconds: float


class Boundary(NamedTuple):
    """The edge of a sentence or paragraph, as the spaces that would stand there in plain text."""

    gap: str


Event = Said | Break | Boundary


class Markup(NamedTuple):
    """A document read.

    Attributes:
        events: what it consists of, in order.
        labels: what each string of phonemes is the sound of, in order: its words for a caption.
    """

    events: list[Event]
    labels: dict[str, list[str]]


class _Open(NamedTuple):
    """An element that is not yet closed."""

    name: str
    rate: float
    voice: str | None
    attributes: Mapping[str, str]


def parse_ssml(markup: str, language: str) -> Markup:
    """Read a document.

    Args:
        markup: starts with ``<speak``.
        language: of the voice, an espeak-ng code.

    Raises:
        TextError: it is not well-formed, not understood, too deep or too long; the message has the
            line.
    """
    if len(markup) > LONGEST_MARKUP:
        raise TextError(
            f"SSML of {len(markup):,} characters must have at most {LONGEST_MARKUP:,}; split it"
        )
    try:
        data = markup.strip().encode()
    except UnicodeEncodeError as error:
        raise TextError(f"SSML has half a character at {error.start}; repair the text") from error
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
    return Markup(reader.events, reader.labels)


class _Reader:
    """Turns what expat finds into events."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._open: list[_Open] = []
        self._inside = ""  # text of a closed element
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
        raise TextError("a document type is refused, and with it entities; take <!DOCTYPE> out")

    def _instruction(self, target: str, _: str) -> None:
        raise TextError(f"the instruction <?{target}?> is not supported; take it out")

    def _start(self, tag: str, found: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if name not in ATTRIBUTES or space not in ("", NAMESPACE):
            raise TextError(
                f"element <{name}> is not supported; take it out, or use one of "
                f"{', '.join(ATTRIBUTES)}"
            )
        self._check_place(name)
        attributes = {_plain(key): value for key, value in found.items()}
        for key in attributes:
            if key not in ATTRIBUTES[name]:
                known = ", ".join(ATTRIBUTES[name])
                raise TextError(
                    f"attribute {key} of <{name}> is not supported; take it out; known: {known}"
                )
        self._check_language(attributes.get("xml:lang"))
        rate, voice = (self._open[-1].rate, self._open[-1].voice) if self._open else (1.0, None)
        if name == "prosody":
            rate = read_rate(_required(name, attributes, "rate"), rate)
        elif name == "voice":
            voice = attributes.get("name", "").strip() or None
            if voice is None:
                raise TextError("<voice> must have a name, e.g. <voice name='ada'>")
        self._open.append(_Open(name, rate, voice, attributes))
        self._inside = ""
        if name in ("p", "s"):
            self.events.append(Boundary(" "))

    def _check_place(self, name: str) -> None:
        names = [element.name for element in self._open]
        if (name == "speak") == bool(names):
            raise TextError("SSML must be one <speak> element, with all others in it")
        if len(names) >= DEEPEST:
            raise TextError(f"elements stand more than {DEEPEST} deep within each other; flatten")
        if names and names[-1] in CLOSED:
            raise TextError(f"<{name}> must not stand in <{names[-1]}>; put it beside it")
        if name in ("p", "s") and (name in names or "s" in names):
            within = "s" if "s" in names else "p"
            raise TextError(f"<{name}> must not stand in <{within}>; close <{within}> first")

    def _check_language(self, language: str | None) -> None:
        if language is None:
            return
        asked, own = (code.lower().replace("_", "-") for code in (language, self._language))
        if asked.partition("-")[0] != own.partition("-")[0]:
            raise TextError(
                f"xml:lang {language!r} is not the voice's language {self._language}; "
                "take it out, or use a voice of that language"
            )

    def _text(self, data: str) -> None:
        element = self._open[-1]
        if element.name in CLOSED:
            self._inside += data
        else:
            self._say(data)

    def _say(self, text: str) -> None:
        """Add text; spaces and line ends are one space, as everywhere in XML prose."""
        text = re.sub(r"\s+", " ", text)
        element, last = self._open[-1], self.events[-1] if self.events else None
        if isinstance(last, Said) and (last.rate, last.voice) == (element.rate, element.voice):
            self.events[-1] = last._replace(text=last.text + text)
        else:
            self.events.append(Said(text, element.rate, element.voice))

    def _end(self, _: str) -> None:
        name, attributes = self._open[-1].name, self._open[-1].attributes
        if name == "break":
            if self._inside.strip():
                raise TextError("<break> must be empty; put the text behind it")
            self.events.append(
                Break(read_break(attributes.get("time"), attributes.get("strength")))
            )
        elif name == "phoneme":
            self._phoneme(attributes)
        elif name == "sub":
            self._say(_required(name, attributes, "alias"))
        elif name == "say-as":
            way = _required(name, attributes, "interpret-as")
            self._say(read_as(way, self._inside, self._language))
        elif name in ("p", "s"):
            self.events.append(Boundary("\n\n" if name == "p" else " "))
        self._open.pop()
        self._inside = ""

    def _phoneme(self, attributes: Mapping[str, str]) -> None:
        alphabet = attributes.get("alphabet", "ipa")
        if alphabet != "ipa":
            raise TextError(f"alphabet {alphabet!r} of <phoneme> must be 'ipa'; write IPA")
        phonemes = _required("phoneme", attributes, "ph")
        if "[[" in phonemes or "]]" in phonemes:
            raise TextError(f"ph {phonemes!r} must have no double brackets; take them out")
        label = " ".join(self._inside.split())
        if label:
            self.labels.setdefault(phonemes, []).append(label)
        self._say(f"[[{phonemes}]]")


def _plain(key: str) -> str:
    """Return an attribute's name as it is written in the document."""
    if key == SCHEMA:
        return "xsi:schemaLocation"
    space, _, name = key.rpartition(" ")
    return f"xml:{name}" if space == XML else name if not space else f"{{{space}}}{name}"


def _required(name: str, attributes: Mapping[str, str], key: str) -> str:
    value = attributes.get(key, "").strip()
    if not value:
        raise TextError(f"<{name}> must have the attribute {key}, and it must not be empty")
    return value
