"""Phonemisation with espeak-ng: text to IPA.

Only this module and ``_phonemizer`` use phonemizer and espeak-ng. Both are GPL-3 and imported on
first use. The library and its data come with espeakng-loader; no system package is needed.

espeak-ng keeps global state, so one instance must not be used by two threads, and every instance
leaks about 5 MB. Instances are therefore pooled: a call borrows one exclusively and returns it, so
the number of instances per language never exceeds the number of concurrent calls.
"""

import ctypes
import difflib
import functools
import importlib.metadata
import os
import re
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vits.errors import TextError
from vits.text.espeak._phonemizer import import_wrapper
from vits.text.tokens import split_tokens

__all__ = [
    "espeak_clauses",
    "espeak_data",
    "espeak_languages",
    "espeak_tokens",
    "espeak_version",
    "find_espeak_language",
    "phonemize",
    "phonemizer_version",
    "without_stress",
]

# espeak-ng 1.52 terminates the process if its data path is longer (bytes).
_MAX_DATA_PATH = 159
# Common codes of languages that espeak-ng lists under another code.
_ALIASES = {"zh": "cmn", "zh-cn": "cmn", "zh-hk": "yue", "no": "nb", "jp": "ja"}
_UTF8, _IPA = 1, 2  # how espeak-ng reads a text, and what it writes
_FLAG = re.compile(r"\([^()]*\)")
_STRESS = str.maketrans("", "", "ˈˌ")


def phonemize(texts: Iterable[str], language: str, *, stress: bool = True) -> list[str]:
    """Return the IPA of each text; an empty text gives an empty string.

    Punctuation stays in place; language switch flags, e.g. ``(en)``, are removed.

    Args:
        texts: any strings.
        language: an espeak-ng code, see ``espeak_languages``.
        stress: keep the stress marks ``ˈ`` and ``ˌ``.

    Raises:
        TextError: espeak-ng has no such language, or is not installed.
    """
    results: list[str] = []
    for text in texts:
        parts: list[str] = []
        for chunk, marks in _chunks(text):
            parts += [" ".join(espeak_tokens(chunk, language)), marks]
        phonemes = re.sub(" {2,}", " ", "".join(parts)).strip()
        results.append(phonemes if stress else without_stress(phonemes))
    return results


def espeak_tokens(chunk: str, language: str) -> list[str]:
    """Return the phonemes of a chunk without punctuation, one string per espeak-ng token.

    espeak-ng merges some words ("of the") and splits others ("2010"), so tokens and words need not
    correspond one to one. Stress marks are included.

    Raises:
        TextError: espeak-ng has no such language, or is not installed.
    """
    # A NUL would end the text, and a lone surrogate cannot be encoded as UTF-8.
    chunk = chunk.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    with _engines().borrow(language) as engine:
        phonemes: str = engine.text_to_phonemes(chunk)
    return _FLAG.sub("", phonemes.replace("\n", " ")).replace("_", "").split()


def espeak_clauses(text: str, language: str) -> list[tuple[int, str]]:
    """Return the clauses that espeak-ng finds in a text: characters read, and phonemes.

    espeak-ng reads the first character of the next clause to know where one ends.

    Raises:
        TextError: espeak-ng has no such language, or is not installed.
    """
    raw = text.replace("\0", " ").encode("utf-8", "replace")
    buffer = ctypes.create_string_buffer(raw)
    start = ctypes.addressof(buffer)
    position, clauses, done = ctypes.c_void_p(start), list[tuple[int, str]](), 0
    with _engines().borrow(language) as engine:
        # phonemizer binds it without the place where a clause ends
        read = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)(
            ctypes.cast(engine._espeak._library.espeak_TextToPhonemes, ctypes.c_void_p).value or 0
        )
        while position.value:
            phonemes: bytes | None = read(ctypes.addressof(position), _UTF8, _IPA)
            end = position.value - start if position.value else len(raw)
            length = len(raw[done:end].decode("utf-8", "replace"))
            clauses.append((length, _FLAG.sub("", (phonemes or b"").decode("utf-8", "replace"))))
            done = end
    return clauses


def without_stress(phonemes: str) -> str:
    """Return ``phonemes`` without primary and secondary stress marks."""
    return phonemes.translate(_STRESS)


def espeak_languages() -> dict[str, str]:
    """Return all languages of espeak-ng: code -> English name.

    Raises:
        TextError: espeak-ng is not installed.
    """
    with _engines().borrow("en-us"):
        return dict(_engines().names)


def find_espeak_language(code: str) -> str:
    """Return espeak-ng's code of a BCP 47 language tag, e.g. ``fr-fr`` for ``fr`` or ``fr-CA``.

    Raises:
        TextError: espeak-ng has no variety of this language, or is not installed.
    """
    names = espeak_languages()
    lower = {name.lower(): name for name in names}
    requested = code.lower().replace("_", "-")
    family = requested.partition("-")[0]
    for candidate in (requested, _ALIASES.get(requested, ""), family, f"{family}-{family}"):
        if candidate in lower:
            return lower[candidate]
    varieties = sorted(name for name in names if name.partition("-")[0] == family)
    if varieties:
        return "en-us" if family == "en" else varieties[0]
    if family in _ALIASES:
        return _ALIASES[family]
    raise TextError(_unknown_language(code, names))


def espeak_data() -> Path:
    """Return the path of the folder ``espeak-ng-data``.

    Raises:
        TextError: espeak-ng is not installed.
    """
    with _engines().borrow("en-us") as engine:
        return Path(engine.data_path)


def espeak_version() -> str:
    """Return the version of espeak-ng, e.g. ``1.52.0``.

    Raises:
        TextError: espeak-ng is not installed.
    """
    with _engines().borrow("en-us") as engine:
        return ".".join(str(part) for part in engine.version)


def phonemizer_version() -> str:
    """Return the version of phonemizer, e.g. ``3.4.0``.

    Raises:
        TextError: phonemizer is not installed.
    """
    try:
        return importlib.metadata.version("phonemizer")
    except importlib.metadata.PackageNotFoundError as error:
        raise TextError(_MISSING) from error


_MISSING = (
    "backend 'espeak' needs the packages phonemizer and espeakng-loader; "
    "install them, or use backend 'graphemes'"
)


def _chunks(text: str) -> list[tuple[str, str]]:
    """Group words separated by spaces only: (words, the punctuation after them)."""
    chunks: list[tuple[str, str]] = []
    words: list[str] = []
    for word, marks in split_tokens(text):
        words.append(word)
        if marks.strip() or not marks:
            chunks.append((" ".join(words), re.sub(r"\s+", " ", marks)))
            words = []
    if words:
        chunks.append((" ".join(words), ""))
    return chunks


@functools.cache
def _wrapper_class() -> Any:
    """Import phonemizer and return its espeak-ng wrapper, bound to espeakng-loader's files."""
    try:
        import espeakng_loader  # pyright: ignore[reportMissingTypeStubs]

        wrapper = import_wrapper()
    except ImportError as error:
        raise TextError(_MISSING) from error

    # A subclass, so that other users of phonemizer in this process keep their settings.
    class BundledEspeak(wrapper.EspeakWrapper):
        pass

    data = espeakng_loader.get_data_path()
    if len(os.fsencode(os.path.realpath(data))) > _MAX_DATA_PATH:
        raise TextError(
            f"espeak-ng's data path {data} must not be longer than {_MAX_DATA_PATH} bytes; "
            "install into a shorter path"
        )
    BundledEspeak.set_library(espeakng_loader.get_library_path())
    BundledEspeak.set_data_path(data)
    return BundledEspeak


class _EnginePool:
    """Idle espeak-ng instances by language."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Any]] = {}
        # Instances whose requested language does not exist.
        self._spare: list[Any] = []
        self._opening = threading.Lock()
        self.names: dict[str, str] = {}

    @contextmanager
    def borrow(self, language: str) -> Generator[Any]:
        """Lend an instance for ``language`` exclusively to this thread."""
        try:
            engine = self._idle[language].pop()
        except (KeyError, IndexError):
            engine = self._open(language)
        try:
            yield engine
        finally:
            self._idle.setdefault(language, []).append(engine)

    def _open(self, language: str) -> Any:
        # Starting espeak-ng changes the locale of the process temporarily: one at a time.
        with self._opening:
            try:
                engine = self._spare.pop() if self._spare else _wrapper_class()()
            except (RuntimeError, OSError) as error:
                raise TextError(f"espeak-ng does not start: {error}; {_MISSING}") from error
            self.names = self.names or _usable_languages(engine)
            if language not in self.names:
                self._spare.append(engine)
                raise TextError(_unknown_language(language, self.names))
            engine.set_voice(language)
            return engine


def _usable_languages(engine: Any) -> dict[str, str]:
    """Return code -> English name of the languages that work.

    espeakng-loader lists a few languages without shipping their dictionaries, and voices named
    ``mb/...`` need MBROLA, another program.
    """
    data: Path = engine.data_path
    names: dict[str, str] = {}
    for voice in engine.available_voices():
        identifier = str(voice.identifier).replace("\\", "/")
        rules = data / "lang" / identifier
        text = rules.read_text("utf-8") if rules.is_file() else ""
        named = re.search(r"^dictionary\s+(\S+)", text, re.MULTILINE)
        dictionary = named[1] if named else voice.language.split("-")[0]
        if (data / f"{dictionary}_dict").is_file() and not identifier.startswith("mb/"):
            names.setdefault(voice.language, voice.name)
    return names


@functools.cache
def _engines() -> _EnginePool:
    return _EnginePool()


def _unknown_language(language: str, names: dict[str, str]) -> str:
    """Return the message for an unknown language, with similar languages."""
    requested = language.lower().replace("_", "-")
    requested = _ALIASES.get(requested, requested)
    exact = [code for code in names if code.lower() == requested]
    family = [code for code in names if code.split("-")[0] == requested.split("-")[0]]
    by_name = {name.lower(): code for code, name in names.items()}
    matching = [code for name, code in by_name.items() if len(requested) > 2 and requested in name]
    similar = exact or sorted(family, key=len) or matching
    if not similar:
        similar = difflib.get_close_matches(requested, names, n=5, cutoff=0.6)
        similar += [by_name[name] for name in difflib.get_close_matches(requested, by_name, n=3)]
    listed = ", ".join(f"{code} ({names[code]})" for code in dict.fromkeys(similar[:8]))
    hint = f"similar: {listed}" if listed else "vits.text.espeak_languages() lists all"
    return f"language {language!r} is not one of espeak-ng's {len(names)} languages; {hint}"
