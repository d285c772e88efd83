"""The front end: text to symbol ids, exactly as the voice was trained."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any, cast

from vits.config import FrontendConfig, from_dict, to_dict
from vits.errors import TextError
from vits.text.encoding import (
    BEGIN,
    END,
    Encoding,
    Frame,
    Span,
    UnknownPolicy,
    encode_spans,
    split_symbols,
)
from vits.text.espeak.phonemize import espeak_tokens, without_stress
from vits.text.espeak.word_alignment import group_words
from vits.text.fingerprint import take_fingerprint
from vits.text.lexicon import lexicon_key, prepare_lexicon
from vits.text.normalize import clean, normalize, tidy
from vits.text.symbols import SymbolTable
from vits.text.tokens import split_inline, split_tokens

__all__ = ["Frontend"]

# A noncharacter stands for each [[...]] while the text around it is normalised.
_SLOT = "\ufdd0"
# espeak-ng silently loses the end of longer words (characters); shorter where it spells.
_LONGEST_WORD = 64
_LONGEST_SPELLED = 32
# Words one call of espeak-ng takes; a clause is hardly ever longer.
_LONGEST_RUN = 100
# Pictographs are no speech, though espeak-ng would read the names of some. These signs are.
_READ_SIGNS = frozenset("°©®™№℠")
_SKIN_TONES = range(0x1F3FB, 0x1F400)


class Frontend:
    """Turns text into symbol ids: cleaning, normalisation, lexicon, phonemes, look-up.

    A front end holds no open resources and may be shared by threads.

    Attributes:
        config: backend, language and options.
        symbols: the rows of the model's embedding.
        lexicon: words and their phonemes, looked up before the backend is asked.
    """

    def __init__(
        self,
        config: FrontendConfig,
        symbols: SymbolTable,
        lexicon: Mapping[str, str] | None = None,
    ) -> None:
        """Check the lexicon; espeak-ng is loaded with the first text.

        Raises:
            TextError: a lexicon entry breaks a rule, or the table lacks the blank or a bound.
        """
        self.config = config
        self.symbols = symbols
        for needed in (config.blank, *((BEGIN, END) if config.bounds else ())):
            if needed and needed not in symbols:
                raise TextError(f"the front end puts {needed!r}, which the symbol table lacks")
        self.lexicon = prepare_lexicon(lexicon or {})
        # A table without capitals, e.g. MMS's, was made from lower-cased text.
        self._lower = config.backend == "graphemes" and not any(
            symbol.isupper() for symbol in symbols.symbols if len(symbol) == 1
        )

    def encode(self, text: str, *, unknown: UnknownPolicy = "raise") -> Encoding:
        """Turn one sentence into symbol ids.

        Args:
            text: any string; ``[[...]]`` is passed through as phonemes.
            unknown: ``raise`` an error for symbols without a row or a sound, or ``drop`` them,
                with one ``UnknownSymbolWarning`` and an account in ``Encoding.dropped``.

        Raises:
            UnknownSymbolError: a symbol has no row, and the policy is ``raise``.
            TextError: nothing to speak, unbalanced ``[[``, an unknown language or policy.
        """
        if unknown not in ("raise", "drop"):
            raise TextError(f"unknown={unknown!r} must be 'raise' or 'drop'")
        spans, unspeakable = self._spans(text)
        return encode_spans(
            spans,
            unspeakable,
            self.symbols,
            frame=Frame(self.config.blanks, self.config.blank, self.config.bounds),
            composed=self._composed,
            unknown=unknown,
        )

    def transcribe(self, text: str) -> str:
        """Return the symbols a text asks for, with or without a row: to build or extend a table.

        Raises:
            TextError: unbalanced ``[[`` or an unknown language.
        """
        spans, _ = self._spans(text)
        phonemes = "".join(span.phonemes for span in spans)
        return "".join(split_symbols(phonemes, self.symbols, self._composed))

    def in_language(self, row: int | None) -> "Frontend":
        """Return the front end of one of ``config.languages``; this one for None."""
        if row is None:
            return self
        other = copy(self)
        other.config = replace(self.config, language=self.config.languages[row][1])
        return other

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides about the symbols of a text, as plain JSON values.

        Compare two with ``vits.text.describe_drift``.

        Raises:
            TextError: the backend is ``espeak`` and espeak-ng is not installed.
        """
        return take_fingerprint(self.config, self.symbols, self.lexicon)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole front end as plain JSON values."""
        return {
            "config": to_dict(self.config),
            "symbols": self.symbols.to_list(),
            "lexicon": dict(self.lexicon),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Frontend":
        """Build a front end from what ``to_dict`` gave.

        Raises:
            TextError: a key is missing or unknown, or a value has the wrong type.
            ConfigError: the configuration breaks a rule.
        """
        keys = ("config", "symbols", "lexicon")
        if not isinstance(values, Mapping) or set(values) != set(keys):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TextError(f"a front end must have exactly the keys {', '.join(keys)}")
        symbols, lexicon = values["symbols"], values["lexicon"]
        if not isinstance(symbols, list):
            raise TextError("symbols of a front end must be a list of strings")
        if not isinstance(lexicon, dict) or not all(
            isinstance(item, str) for pair in cast(dict[Any, Any], lexicon).items() for item in pair
        ):
            raise TextError("lexicon of a front end must map words to phonemes")
        return cls(
            from_dict(FrontendConfig, values["config"], "config"),
            SymbolTable.from_list(cast(list[str], symbols)),
            cast(dict[str, str], lexicon),
        )

    @property
    def _composed(self) -> bool:
        return self.config.backend == "graphemes"

    def _spans(self, text: str) -> tuple[list[Span], Counter[str]]:
        """Return words and separators with phonemes, and characters without a sound."""
        plain, inline = _take_inline(text)
        plain = normalize(plain, self.config.language) if self.config.normalize else clean(plain)
        unspeakable: Counter[str] = Counter()
        if self.config.backend == "espeak":
            plain, unspeakable = _without_silent(plain, self.config.language)
        spans: list[Span] = []
        elements = self._elements(plain, iter(inline))
        for is_plain, group in groupby(elements, lambda element: isinstance(element, str)):
            if not is_plain:
                spans += cast(Iterator[Span], group)
                continue
            run = list(cast(Iterator[str], group))
            spans.append(Span(" " if run[0] == " " else ""))
            words = [word for word in run if word != " "]
            for start in range(0, len(words), _LONGEST_RUN):
                spans.append(Span(" " if start else ""))
                spans += self._speak(words[start : start + _LONGEST_RUN], unspeakable)
            spans.append(Span(" " if run[-1] == " " else ""))
        return spans, unspeakable

    def _elements(self, plain: str, inline: Iterator[str]) -> Iterator[str | Span]:
        """Yield plain words and single spaces as they are, all that is decided as spans."""
        for word, marks in split_tokens(plain):
            for part in re.split(f"({_SLOT})", word) if _SLOT in word else (word,):
                if part == _SLOT:
                    phonemes = next(inline)
                    yield Span(phonemes, phonemes)
                elif part:
                    yield from self._looked_up(part)
            if marks:
                yield marks if marks == " " else Span(marks)

    def _looked_up(self, word: str) -> list[str] | list[Span]:
        """Return the lexicon's phonemes of a word, or the word for the backend."""
        for form in (word, word.strip("'")) if self.lexicon else ():
            key = lexicon_key(form)
            if key in self.lexicon:
                return [Span(self.lexicon[key], word)]
        return _pieces(word) if self.config.backend == "espeak" else [word]

    def _speak(self, words: list[str], unspeakable: Counter[str]) -> list[Span]:
        """Return the spans of words that only spaces separate; count what stays silent."""
        if self.config.backend == "graphemes":
            said = [Span(word.lower() if self._lower else word, word) for word in words]
            return [span for word in said for span in (word, Span(" "))][:-1]
        spans: list[Span] = []
        tokens = espeak_tokens(" ".join(words), self.config.language) if words else []
        for group in group_words(words, tokens, self.config.language):
            own = words[group.word_start : group.word_end]
            phonemes = " ".join(tokens[group.token_start : group.token_end])
            if not phonemes:
                unspeakable.update(char for char in own[0] if unicodedata.category(char)[0] in "LN")
                continue
            spans += [Span(self._refined(phonemes), " ".join(own)), Span(" ")]
        return spans[:-1]

    def _refined(self, phonemes: str) -> str:
        if not self.config.stress:
            phonemes = without_stress(phonemes)
        # espeak-ng's hyphen is part of a phoneme's name ("ə-"), not a sound; some tables have it.
        return phonemes if "-" in self.symbols else phonemes.replace("-", "")


def _take_inline(text: str) -> tuple[str, list[str]]:
    """Replace each ``[[phonemes]]`` by a slot; return the text and the phonemes in order."""
    plain: list[str] = []
    inline: list[str] = []
    for part, is_inline in split_inline(text):
        if not is_inline:
            # A noncharacter of the user's own is damaged text, and reported as such.
            plain.append(part.replace(_SLOT, "\ufffd"))
            continue
        plain.append(_SLOT)
        inline.append(part.strip())
        if not part.strip():
            raise TextError("[[ ]] must hold phonemes, e.g. [[həlˈoʊ]]")
    if any("[[" in part or "]]" in part for part in (*plain, *inline)):
        raise TextError("[[ and ]] must come in pairs, e.g. [[həlˈoʊ]]; close or remove them")
    return "".join(plain), inline


def _without_silent(text: str, language: str) -> tuple[str, Counter[str]]:
    """Take out the characters espeak-ng has no sound for, and count them."""
    if text.isascii() and not re.search(r"[<>|]", text):
        return text, Counter()
    silent = {char for char in set(text) if char != _SLOT and _is_silent(char, language)}
    counts = Counter(char for char in text if char in silent)
    return tidy("".join(" " if char in silent else char for char in text)), counts


@lru_cache(maxsize=65536)
def _is_silent(char: str, language: str) -> bool:
    """Whether a sign is no speech: pictographs, unassigned code points, what espeak-ng skips."""
    category = unicodedata.category(char)
    if category in ("Sm", "Sc") or char in _READ_SIGNS:
        return not espeak_tokens(char, language)
    return category in ("So", "Cn", "Co", "Me") or ord(char) in _SKIN_TONES


def _pieces(word: str) -> list[str]:
    """Cut a word that is longer than espeak-ng can take."""
    if len(word) <= _LONGEST_SPELLED:
        return [word]
    vowels = re.search("[aeiouyAEIOUY]", word) or not word.isascii()
    size = _LONGEST_WORD if vowels else _LONGEST_SPELLED
    return [word[start : start + size] for start in range(0, len(word), size)]
