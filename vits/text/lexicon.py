"""User lexicon: words and phrases with user-defined pronunciations.

Entries take precedence over all rules of normalisation, so that "H2O", "AT&T", "Dr." and "New York"
can be entries.

A lexicon file is UTF-8 text with one ``word<TAB>phonemes`` entry per line. Empty lines and lines
that start with ``#`` are skipped. Case is ignored.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from vits.errors import MissingFileError, TextError
from vits.text.normalize import clean, normalize

__all__ = [
    "LexiconIndex",
    "lexicon_key",
    "parse_lexicon",
    "possessive",
    "prepare_lexicon",
    "read_lexicon",
]


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
    if not any(char.isalnum() for char in cleaned):
        raise TextError(f"{where}: {word!r} is not a word; give at least one letter or digit")
    if not phonemes.strip():
        raise TextError(f"{where}: {word!r} has no phonemes; write word<TAB>phonemes")
    return lexicon_key(cleaned)


class LexiconIndex:
    """Finds the entries of a lexicon in a text before it is normalised.

    A single word that normalisation leaves alone is left to the look-up after normalisation, where
    words that rules have written are found as well.
    """

    def __init__(
        self, lexicon: Mapping[str, str], language: str | None, *, possessives: bool = False
    ) -> None:
        """Index a lexicon.

        Args:
            lexicon: look-up key -> phonemes.
            language: of the normaliser; None if texts are not normalised.
            possessives: whether English entries are found before "'s", too.
        """
        self._language = language
        self._possessives = possessives
        self._entries: dict[str, list[tuple[list[str], str]]] = {}
        for key, phonemes in lexicon.items():
            tokens = _TOKEN.findall(key)
            self._entries.setdefault(tokens[0], []).append((tokens, phonemes))
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, text: str, placeholder: str) -> Iterator[tuple[int, int, str | None]]:
        """Yield (start, end, phonemes) of entries in order, and of placeholders with None."""
        tokens = [(found.start(), found[0]) for found in _TOKEN.finditer(text)]
        keys = [lexicon_key(token) for _, token in tokens]
        index = 0
        while index < len(tokens):
            if tokens[index][1] == placeholder:
                yield tokens[index][0], tokens[index][0] + 1, None
                index += 1
                continue
            match = self._match(text, tokens, keys, index)
            if match is None:
                index += 1
                continue
            length, end, phonemes = match
            yield tokens[index][0], end, phonemes
            index += length

    def _match(
        self, text: str, tokens: list[tuple[int, str]], keys: list[str], index: int
    ) -> tuple[int, int, str] | None:
        """Return (tokens, end, phonemes) of the longest entry that starts at a token."""
        start = tokens[index][0]
        for entry, phonemes in self._entries.get(keys[index], ()):
            last = index + len(entry)
            if keys[index:last] != entry:
                continue
            end = tokens[last - 1][0] + len(tokens[last - 1][1])
            owned = self._possessives and _POSSESSIVE.match(text, end) is not None
            after = owned or _AFTER.match(text, end)
            if not (after and _BEFORE.search(text[max(0, start - 2) : start])):
                continue
            if len(entry) == 1 and (self._language is None or self._is_inert(text[start:end])):
                return None
            if owned:
                return len(entry) + 2, end + 2, possessive(phonemes)
            return len(entry), end, phonemes
        return None

    def _is_inert(self, word: str) -> bool:
        """Tell whether normalisation leaves a word alone wherever it stands."""
        assert self._language is not None
        return _is_inert(word, self._language)


@lru_cache(maxsize=65536)
def _is_inert(word: str, language: str) -> bool:
    contexts = (word, f"x {word}", f"7 {word}", f"{word}. 7", f"{word}. Xu")
    return all(
        word in normalize(context, language).replace(".", " ").split() for context in contexts
    )


def possessive(phonemes: str) -> str:
    """Return the phonemes of an English word, in IPA, with "'s".

    >>> possessive("ʃɪvˈɔːn"), possessive("ɡɹˈeɪs"), possessive("pˈæt")
    ('ʃɪvˈɔːnz', 'ɡɹˈeɪsᵻz', 'pˈæts')
    """
    last = phonemes.rstrip("ˈˌː. ")[-1:]
    return phonemes + ("ᵻz" if last in "szʃʒ" else "s" if last in "ptkfθ" else "z")


_POSSESSIVE = re.compile(r"'s(?!\w)", re.IGNORECASE)
# A mark of its own, a word, or the space between.
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_BEFORE = re.compile(r"(?:^|[\s\"(\[{'—;:,!?¡¿/\ufdd0])$")
_AFTER = re.compile(r"(?:$|[\s\")\]}—;!?/\ufdd0]|'(?!\w)|[,.:](?!\w))")
