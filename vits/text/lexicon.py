"""User lexicon: words with user-defined pronunciations.

A lexicon file is UTF-8 text with one ``word<TAB>phonemes`` entry per line. Empty lines and lines
that start with ``#`` are skipped. Case is ignored.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from vits.errors import MissingFileError, TextError
from vits.text.normalize import clean
from vits.text.tokens import split_words

__all__ = ["lexicon_key", "parse_lexicon", "prepare_lexicon", "read_lexicon"]


def lexicon_key(word: str) -> str:
    """Return the look-up key of a word: NFC, case-folded."""
    return unicodedata.normalize("NFC", word.casefold())


def read_lexicon(path: str | Path) -> dict[str, str]:
    """Read a lexicon file.

    Args:
        path: a UTF-8 file, with or without a byte order mark.

    Returns:
        Look-up key -> phonemes.

    Raises:
        MissingFileError: the file does not exist.
        TextError: a line is invalid; the message gives its number.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"lexicon {path} does not exist; give a word<TAB>phonemes file")
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TextError(f"{path} line {line}: not UTF-8; save the lexicon as UTF-8") from error
    return parse_lexicon(content.split("\n"), str(path))


def parse_lexicon(lines: Iterable[str], name: str = "lexicon") -> dict[str, str]:
    r"""Parse lexicon lines; ``name`` identifies the source in messages.

    >>> parse_lexicon(["# names", "Siobhan\tʃɪvˈɔːn"])
    {'siobhan': 'ʃɪvˈɔːn'}

    Raises:
        TextError: a line is invalid; the message gives its number.
    """
    entries: dict[str, str] = {}
    lines_by_key: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{name} line {number}"
        word, tab, phonemes = line.rstrip("\r\n").partition("\t")
        if not tab:
            raise TextError(f"{where}: {line.strip()!r} has no tab; write word<TAB>phonemes")
        key = _checked_key(word, phonemes, where)
        if key in lines_by_key:
            raise TextError(
                f"{where}: {word!r} is already defined on line {lines_by_key[key]}; keep one"
            )
        lines_by_key[key] = number
        entries[key] = phonemes.strip()
    return entries


def prepare_lexicon(lexicon: Mapping[str, str]) -> dict[str, str]:
    """Check a lexicon and return it sorted by look-up key.

    Raises:
        TextError: a word or its phonemes are invalid, or two entries differ only in case.
    """
    entries: dict[str, str] = {}
    for word, phonemes in lexicon.items():
        key = _checked_key(word, phonemes, "lexicon")
        if entries.get(key, phonemes) != phonemes:
            raise TextError(f"lexicon: {word!r} has two pronunciations (case is ignored); keep one")
        entries[key] = phonemes.strip()
    return dict(sorted(entries.items()))


def _checked_key(word: str, phonemes: str, where: str) -> str:
    """Check an entry and return its look-up key."""
    cleaned = clean(word)
    if split_words(cleaned) != [cleaned]:
        raise TextError(
            f"{where}: {word!r} is not one word; give a word without spaces or punctuation"
        )
    if not phonemes.strip():
        raise TextError(f"{where}: {word!r} has no phonemes; write word<TAB>phonemes")
    return lexicon_key(cleaned)
