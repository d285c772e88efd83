"""Front end: converts text to the symbol ids that a voice was trained on."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from itertools import groupby
from typing import Any, cast

from vits.config import FrontendConfig, to_dict
from vits.config.legacy import read_frontend
from vits.errors import TextError
from vits.text.aligned import AlignedText, Edit, Span
from vits.text.encoding import (
    BOS,
    EOS,
    Encoding,
    Ending,
    PhonemeChunk,
    Spelling,
    SymbolLayout,
    UnknownPolicy,
    encode_chunks,
    split_symbols,
)
from vits.text.espeak.clauses import read_clauses
from vits.text.espeak.letters import SpokenWord, join_letters
from vits.text.espeak.phonemize import espeak_tokens, find_espeak_language, without_stress
from vits.text.espeak.silent_characters import PLACEHOLDER, remove_silent
from vits.text.espeak.word_alignment import group_words
from vits.text.fingerprint import compute_fingerprint
from vits.text.graphemes.known_characters import clean_unknown
from vits.text.lexicon import LexiconIndex, lexicon_key, possessive, prepare_lexicon
from vits.text.normalize import clean_aligned, clean_characters, normalize_aligned, tidy
from vits.text.phonetics.nearest_symbol import nearest_symbol
from vits.text.symbols import SymbolTable
from vits.text.tokens import split_inline_phonemes, split_tokens
from vits.text.transliteration import transliterate

__all__ = ["Frontend"]

# espeak-ng silently truncates longer words (characters); words that it spells, even earlier.
_MAX_WORD = 64
_MAX_SPELLED_WORD = 32
# Words per call of espeak-ng; clauses are rarely longer.
_MAX_RUN = 100
_ENDING = re.compile(" ([sz])$")
_SPACES = " \t\r\n\v\f\xa0"
# The language of [[de: Guten Tag]], an espeak-ng code.
_LANGUAGE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]+)*):\s+(?=\S)")


class Frontend:
    """Converts text to symbol ids: cleaning, normalisation, lexicon, phonemes, look-up.

    A front end holds no open resources and can be shared by threads.

    Attributes:
        config: backend, language and options.
        symbols: the symbol table.
        lexicon: word -> phonemes; takes precedence over the backend.
    """

    def __init__(
        self,
        config: FrontendConfig,
        symbols: SymbolTable,
        lexicon: Mapping[str, str] | None = None,
    ) -> None:
        """Check the arguments; espeak-ng is loaded on first use.

        Raises:
            TextError: a lexicon entry is invalid, or the table lacks the blank, ``^`` or ``$``.
        """
        self.config = config
        self.symbols = symbols
        for required in (config.blank, *((BOS, EOS) if config.bos_eos else ())):
            if required and required not in symbols:
                raise TextError(
                    f"the front end inserts {required!r}, which the symbol table lacks; add it"
                )
        self.lexicon = prepare_lexicon(lexicon or {})
        normalized = config.language if config.normalize else None
        english = config.backend == "espeak" and config.language.lower().startswith("en")
        self._possessives = english  # "Siobhan's" is read as the lexicon's "Siobhan" and an s
        self._index = (
            LexiconIndex(self.lexicon, normalized, possessives=english) if self.lexicon else None
        )
        self._spelling = Spelling(
            composed=config.backend == "graphemes",
            exact=config.clean == "unknown",
            clusters=config.clusters,
        )
        self._known = {PLACEHOLDER, *symbols.ids}
        # A table without capitals, e.g. of MMS, was built from lower-cased text.
        cased = any(symbol.isupper() for symbol in symbols.symbols if len(symbol) == 1)
        self._lower = self._spelling.composed and config.clean == "all" and not cased

    def encode(
        self,
        text: str | AlignedText,
        *,
        unknown: UnknownPolicy = "raise",
        ending: Ending | None = None,
    ) -> Encoding:
        """Convert one sentence to symbol ids.

        Args:
            text: any string, or a part of an input, whose places ``Word.source`` then gives;
                ``[[...]]`` is passed through as phonemes.
            unknown: ``raise`` an error for symbols that the table lacks or that have no sound, or
                ``drop`` them with one ``UnknownSymbolWarning`` and count them in
                ``Encoding.dropped``.
            ending: for synthesis: add a mark that ends a ``sentence`` or a ``clause`` if the text
                has none, because a model speaks on at full level without one. None: as written.

        Raises:
            UnknownSymbolError: a symbol is unknown and the policy is ``raise``.
            TextError: nothing to speak, unbalanced ``[[``, unknown language or policy.
        """
        if unknown not in ("raise", "drop"):
            raise TextError(f"unknown={unknown!r} must be 'raise' or 'drop'")
        chunks, silent = self._chunks(text)
        return encode_chunks(
            chunks,
            silent,
            self.symbols,
            layout=SymbolLayout(self.config.blanks, self.config.blank, self.config.bos_eos),
            spelling=self._spelling,
            unknown=unknown,
            ending=ending,
        )

    def transcribe(self, text: str) -> str:
        """Return all symbols of a text, known or unknown, to build or extend a symbol table.

        Raises:
            TextError: unbalanced ``[[`` or an unknown language.
        """
        chunks, _ = self._chunks(text)
        phonemes = "".join(chunk.phonemes for chunk in chunks)
        return "".join(split_symbols(phonemes, self.symbols, self._spelling))

    def for_language(self, language_id: int | None) -> "Frontend":
        """Return this front end switched to one of ``config.languages``; itself for None."""
        if language_id is None:
            return self
        other = copy(self)
        other.config = replace(self.config, language=self.config.languages[language_id][1])
        return other

    def fingerprint(self) -> dict[str, Any]:
        """Return everything that determines the symbols of a text, as plain JSON values.

        Compare two with ``vits.text.describe_mismatch``.

        Raises:
            TextError: the backend is ``espeak`` and espeak-ng is not installed.
        """
        return compute_fingerprint(self.config, self.symbols, self.lexicon)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole front end as plain JSON values."""
        return {
            "config": to_dict(self.config),
            "symbols": self.symbols.to_list(),
            "lexicon": dict(self.lexicon),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Frontend":
        """Build a front end from the output of ``to_dict``.

        Raises:
            TextError: a key is missing or unknown, or a value has the wrong type.
            ConfigError: the configuration is invalid.
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
            read_frontend(values["config"]),
            SymbolTable.from_list(cast(list[str], symbols)),
            cast(dict[str, str], lexicon),
        )

    def _clean_unknown(self, text: AlignedText) -> AlignedText:
        language, romanized = self.config.language, self.config.romanize
        return clean_unknown(text, self._known, language, romanized=romanized)

    def _chunks(self, text: str | AlignedText) -> tuple[list[PhonemeChunk], Counter[str]]:
        """Return words and separators with phonemes, and the count of silent characters."""
        silent: Counter[str] = Counter()
        plain, inserted = self._insert_phonemes(text, silent)
        language = self.config.language
        if self.config.clauses == "espeak":
            strip, stress = self._strip_marks, self.config.stress
            return read_clauses(plain, iter(inserted), language, strip, stress=stress), silent
        if self.config.normalize:
            plain = normalize_aligned(plain, language)
        else:
            plain = self._clean_unknown(plain) if self._spelling.exact else clean_aligned(plain)
        if self.config.backend == "espeak":
            for remove in (transliterate, remove_silent):
                plain, removed = remove(plain, language)
                silent += removed
            plain = tidy(plain) if silent else plain
        chunks: list[PhonemeChunk] = []
        elements = self._elements(plain, iter(inserted))
        for is_plain, group in groupby(elements, lambda element: isinstance(element, SpokenWord)):
            if not is_plain:
                chunks += cast(Iterator[PhonemeChunk], group)
                continue
            run = list(cast(Iterator[SpokenWord], group))
            chunks.append(PhonemeChunk(" " if run[0].text == " " else ""))
            words = [word for word in run if word.text != " "]
            for start in range(0, len(words), _MAX_RUN):
                chunks.append(PhonemeChunk(" " if start else ""))
                chunks += self._phonemize(words[start : start + _MAX_RUN], silent)
            chunks.append(PhonemeChunk(" " if run[-1].text == " " else ""))
        return chunks, silent

    def _insert_phonemes(
        self, text: str | AlignedText, silent: Counter[str]
    ) -> tuple[AlignedText, list[list[PhonemeChunk]]]:
        """Replace ``[[...]]`` and entries of the lexicon by placeholders.

        Returns:
            The text, and the chunks of each placeholder.
        """
        aligned = AlignedText(text) if isinstance(text, str) else text
        plain, found = _extract_inline(aligned)
        inline = [self._read_inline(content, span, silent) for content, span in found]
        if self._index is None:
            return plain, inline
        plain = self._clean_unknown(plain) if self._spelling.exact else clean_characters(plain)
        edits: list[Edit] = []
        chunks: list[list[PhonemeChunk]] = []
        remaining = iter(inline)
        for start, end, phonemes in self._index.find(plain.text, PLACEHOLDER):
            if phonemes is None:
                chunks.append(next(remaining))
                continue
            edits.append(Edit(start, end, PLACEHOLDER))
            word = PhonemeChunk(phonemes, plain.text[start:end], plain.span(start, end))
            chunks.append([word])
        return plain.edit(edits), chunks

    def _read_inline(
        self, content: AlignedText, span: Span, silent: Counter[str]
    ) -> list[PhonemeChunk]:
        """Return the chunks of ``[[phonemes]]`` or ``[[language: text]]``; count what is silent.

        Text of another language is read by its rules, with the nearest symbols of the table.
        """
        text = content.text
        language = _LANGUAGE.match(text)
        if language is None:
            return [PhonemeChunk(text, text, span)]
        foreign = copy(self)
        foreign.lexicon, foreign._index = {}, None
        code = find_espeak_language(language[1]) if not self._spelling.composed else language[1]
        foreign.config = replace(self.config, language=code)
        chunks, missing = foreign._chunks(content.part(language.end(), len(text)))
        silent += missing
        return [chunk._replace(phonemes=self._nearest(chunk.phonemes)) for chunk in chunks]

    def _nearest(self, phonemes: str) -> str:
        """Replace the symbols that the table lacks by the nearest ones; drop those without."""
        known = self.symbols.symbols
        return "".join(
            symbol
            if symbol in self.symbols
            else nearest_symbol(symbol, known, phonetic=not self._spelling.composed) or ""
            for symbol in split_symbols(phonemes, self.symbols, self._spelling)
        )

    def _elements(
        self, plain: AlignedText, inserted: Iterator[list[PhonemeChunk]]
    ) -> Iterator[SpokenWord | PhonemeChunk]:
        """Yield words for the backend and single spaces as words, everything else as chunks."""
        position = 0
        for word, marks in split_tokens(plain.text):
            for part in re.split(f"({PLACEHOLDER})", word) if PLACEHOLDER in word else (word,):
                if part == PLACEHOLDER:
                    yield from next(inserted)
                elif part:
                    yield from self._look_up(part, plain.span(position, position + len(part)))
                position += len(part)
            if marks:
                yield SpokenWord(" ", Span(0, 0)) if marks == " " else PhonemeChunk(marks)
            position += len(marks)

    def _look_up(self, word: str, source: Span) -> list[SpokenWord] | list[PhonemeChunk]:
        """Return the phonemes of a word from the lexicon, or the word for the backend."""
        for form in (word, word.strip("'")) if self.lexicon else ():
            key = lexicon_key(form)
            if key in self.lexicon:
                return [PhonemeChunk(self.lexicon[key], word, source)]
            if self._possessives and key.endswith("'s") and key[:-2] in self.lexicon:
                return [PhonemeChunk(possessive(self.lexicon[key[:-2]]), word, source)]
        parts = _split_long(word) if self.config.backend == "espeak" else [word]
        return [SpokenWord(part, source) for part in parts]

    def _phonemize(self, words: list[SpokenWord], silent: Counter[str]) -> list[PhonemeChunk]:
        """Return the chunks of words separated by spaces; count silent characters."""
        if self.config.backend == "graphemes":
            spelled = [
                PhonemeChunk(
                    word.text.lower() if self._lower else word.text, word.text, word.source
                )
                for word in words
            ]
            return [chunk for word in spelled for chunk in (word, PhonemeChunk(" "))][:-1]
        chunks: list[PhonemeChunk] = []
        language = self.config.language
        if language.lower().startswith("en"):
            words = list(join_letters(words))
        forms = [word.form or word.text for word in words]
        tokens = espeak_tokens(" ".join(forms), language) if words else []
        for group in group_words(forms, tokens, language):
            members = words[group.word_start : group.word_end]
            phonemes = " ".join(tokens[group.token_start : group.token_end])
            if members[-1].form.endswith(".'s"):  # espeak-ng sets the ending of "F.B.I.'s" apart
                phonemes = _ENDING.sub(r"\1", phonemes)
            if not phonemes:
                letters = (
                    char for char in members[0].text if unicodedata.category(char)[0] in "LN"
                )
                silent.update(letters)
                continue
            source = Span(members[0].source.start, members[-1].source.end)
            text = " ".join(word.text for word in members)
            chunks += (PhonemeChunk(self._strip_marks(phonemes), text, source), PhonemeChunk(" "))
        return chunks[:-1]

    def _strip_marks(self, phonemes: str) -> str:
        if not self.config.stress:
            phonemes = without_stress(phonemes)
        # espeak-ng's hyphen is part of a phoneme name ("ə-"), not a sound; some tables have it.
        return phonemes if "-" in self.symbols else phonemes.replace("-", "")


def _extract_inline(text: AlignedText) -> tuple[AlignedText, list[tuple[AlignedText, Span]]]:
    """Replace each ``[[...]]`` by a placeholder.

    Returns:
        The text; and the content of each placeholder, with the span of the whole.
    """
    edits: list[Edit] = []
    inline: list[tuple[AlignedText, Span]] = []
    position = 0
    for part, is_inline in split_inline_phonemes(text.text):
        if not is_inline:
            if "[[" in part or "]]" in part:
                raise TextError(_UNBALANCED)
            # A placeholder in the input is damaged text and reported as such.
            for found in re.finditer(PLACEHOLDER, part):
                start = position + found.start()
                edits.append(Edit(start, start + 1, "\ufffd"))
            position += len(part)
            continue
        content = text.part(position + 2, position + 2 + len(part)).strip(_SPACES)
        if not content.text:
            raise TextError("[[ ]] must contain phonemes, e.g. [[həlˈoʊ]]")
        if "[[" in part or "]]" in part:
            raise TextError(_UNBALANCED)
        end = position + len(part) + 4
        edits.append(Edit(position, end, PLACEHOLDER))
        inline.append((content, text.span(position, end)))
        position = end
    return text.edit(edits), inline


_UNBALANCED = "[[ and ]] must come in pairs, e.g. [[həlˈoʊ]]; close or remove them"


def _split_long(word: str) -> list[str]:
    """Split a word that is too long for espeak-ng."""
    if len(word) <= _MAX_SPELLED_WORD:
        return [word]
    vowels = re.search("[aeiouyAEIOUY]", word) or not word.isascii()
    size = _MAX_WORD if vowels else _MAX_SPELLED_WORD
    return [word[start : start + size] for start in range(0, len(word), size)]
