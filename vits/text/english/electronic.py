"""Addresses of the net, files and code: "www.example.com", "info@example.com", "192.168.0.1"."""

import re

from vits.text.english.numbers import digits, number
from vits.text.languages.tables import alternatives, word_set
from vits.text.rules import Rule, rule

__all__ = ["ELECTRONIC_RULES"]

_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|uk|us|de|fr|eu|ca|au|nz|ie|in|jp|cn|ru|ch|nl|se|"
    "no|fi|dk|es|it|at|be|pl|br|za|tv|me|app|dev|xyz|online|shop|blog|site|tech|museum"
)
_SPOKEN_DOMAINS = word_set(
    """
    com org net gov mil info biz app dev online shop blog site tech museum
    """
)
_SPELLED = word_set(
    """
    http https www ftp html php pdf txt css js py csv xml jpg jpeg png gif svg mp htm url
    api usa bbc cnn nbc abc hbo nyt edu uk eu tv io
    """
)  # fmt: skip
_NAMES = {
    ".": "dot", "/": "slash", "\\": "backslash", ":": "colon", "@": "at", "-": "dash",
    "_": "underscore", "~": "tilde", "?": "question mark", "&": "and", "=": "equals",
    "#": "hash", "%": "percent", "+": "plus", ",": "comma", ";": "semicolon", "!": "exclamation ma"
    "rk",
    "*": "star", "'": "apostrophe", "(": "open parenthesis", ")": "close parenthesis",
    "$": "dollar", "|": "bar", "<": "less than", ">": "greater than", "[": "open bracket",
    "]": "close bracket", "{": "open brace", "}": "close brace", "^": "caret", '"': "quote",
}  # fmt: skip
_FILES = (
    "pdf|txt|html?|jpe?g|png|gif|svg|csv|docx?|xlsx?|pptx?|exe|zip|tar|gz|mp3|mp4|wav|avi|json|xml|"
    "yaml|yml|py|js|ts|css|cpp|java|sh|md|log|ini|cfg|toml|ipynb|apk|iso|dmg|php"
)
_VERSIONED = word_set("v V version Version Python iOS Android Ubuntu Windows")
_WORD = re.compile(r"[0-9]+|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+|.")
_URL = r"(?:[Hh]ttps?://|[Ff]tp://|[Ww]{3}\.)[^\s<>\"]*[\w/]"
_HOST = (
    rf"(?<![\w@.])(?:[A-Za-z0-9][\w-]*\.)+(?:{_DOMAINS})(?!\w)(?!\.[A-Za-z])"
    r"(?::[0-9]+)?(?:/[^\s<>\"]*[\w/])?"
)
_MAIL = r"(?<![\w.])[\w.+-]*\w@[A-Za-z0-9][\w-]*(?:\.[A-Za-z0-9][\w-]*)+"


def _letters(text: str) -> str:
    return " ".join(text.upper())


def _read(text: str) -> str:
    """Name every part and mark of an address."""
    words: list[str] = []
    for part in _WORD.findall(text):
        if part.isdigit() and part.isascii():
            words.append(_number(part))
        elif part.isalnum():
            words.append(_part(part))
        else:
            name: str = _NAMES.get(part) or part
            words.append(name)
    return " ".join(words)


def _part(part: str) -> str:
    """Return a part of an address as a word, or its letters."""
    spelled = part.lower() in _SPELLED or not re.search("[aeiouyAEIOUY]", part) or len(part) == 1
    spelled = spelled or (part.isupper() and len(part) < 5)
    return _letters(part) if spelled and part.isascii() else part


def _number(text: str) -> str:
    return digits(text) if text.startswith("0") or len(text) > 2 else number(text)


def _address(found: re.Match[str], british: bool) -> str:
    text = found[0]
    head, dot, tail = text.rpartition(".")
    if dot and tail.isalpha() and tail.lower() not in _SPOKEN_DOMAINS and len(tail) < 4:
        return f"{_read(head)} dot {_letters(tail)}"
    return _read(text)


def _host(found: re.Match[str], british: bool) -> str | None:
    text = found[0]
    name = text.split("/")[0].split(":")[0]
    labels = name.split(".")
    # "end.It" is a missing space; "example.it" an address.
    if any(label[:1].isupper() and label.lower() not in ("www",) for label in labels[1:]):
        return None
    if len(labels) == 2 and labels[1] in (
        "in",
        "me",
        "no",
        "at",
        "it",
        "be",
        "us",
        "de",
        "es",
        "co",
        "int",
    ):
        if "/" not in text and not labels[0].islower():
            return None
        if labels[1] in ("in", "me", "no", "at", "be", "it", "us") and "/" not in text:
            return None
    return _address(found, british)


def _ip(found: re.Match[str], british: bool) -> str | None:
    parts = found[1].split(".")
    if any(int(part) > 255 for part in parts):
        return None
    words = " dot ".join(digits(part) for part in parts)
    if found[2]:
        words += f" port {digits(found[2])}"
    if found[3]:
        words += f" slash {number(found[3], british)}"
    return words


def _version(found: re.Match[str], british: bool) -> str:
    head = {"v": "v", "V": "V"}.get(found[1], found[1])
    parts = [number(part, british) for part in found[2].split(".")]
    return f"{head} {' point '.join(parts)}"


def _hashtag(found: re.Match[str], british: bool) -> str:
    return f"hashtag {_read(found[1])}"


def _handle(found: re.Match[str], british: bool) -> str:
    return f"at {_read(found[1])}"


def _file(found: re.Match[str], british: bool) -> str:
    name, extension = found[1], found[2]
    spoken = (
        extension if extension in ("zip", "tar", "java", "log", "toml") else _letters(extension)
    )
    spoken = re.sub("[0-9]", lambda digit: digits(digit[0]), spoken)
    return f"{_read(name)} dot {spoken}"


def _path(found: re.Match[str], british: bool) -> str:
    return _read(found[0])


def _plus_plus(found: re.Match[str], british: bool) -> str:
    return f"{found[1]} {'sharp' if found[2] == '#' else 'plus plus'}"


ELECTRONIC_RULES: tuple[Rule[bool], ...] = (
    rule(_MAIL, _address, "@"),
    rule(_URL, _address, "[/Ww][/Ww]"),
    rule(
        r"(?<![\w.,])([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::([0-9]{1,5}))?(?:/([0-9]{1,2}))?(?![\w.]*["
        r"0-9])",
        _ip,
        r"[0-9]\.[0-9]+\.",
    ),
    rule(_HOST, _host, rf"\.(?:{_DOMAINS})\b"),
    rule(rf"(?<![\w.])((?:~?/)?[\w/~-]*[\w-])\.({_FILES})(?!\w|\.\w)", _file, rf"\.(?:{_FILES})\b"),
    rule(r"(?<![\w.<:])(?:~|\.{1,2})?(?:/[A-Za-z0-9_.-]*\w){2,}/?", _path, r"/[\w.-]+/"),
    rule(r"(?<!\w)[A-Z]:(?:\\[\w.-]+)+\\?", _path, chars="\\"),
    rule(
        rf"\b({alternatives(_VERSIONED)}) ?([0-9]+(?:\.[0-9]+)+)(?![\w.]*[0-9])",
        _version,
        "[0-9]\\.[0-9]",
        words=_VERSIONED,
    ),
    rule(r"(?<![\w&])#(?=[A-Z]{1,4}-?[0-9]|\W|$)", lambda f, b: "number ", "#"),
    rule(r"(?<![\w&])#([A-Za-z][\w]*)", _hashtag, "#"),
    rule(r"(?<![\w.])@([A-Za-z_]\w*)", _handle, "@"),
    rule(r"(?<!\w)([CFGJ])(\+\+|#)(?!\w)", _plus_plus, words="CFGJ", chars="+#"),
    rule(r"(?<![\w])[A-Za-z]\w*(?:_\w+)+", _path, "_"),
)
"""Rules for electronic addresses, in order."""
