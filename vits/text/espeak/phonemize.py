"""Text to IPA with espeak-ng: with ``_phonemizer``, all that touches phonemizer and its library.

Both are GPL-3 and imported on first use. The library and its data come with espeakng-loader;
no system package is needed.

Two traps shape this module. espeak-ng keeps global state, so that one copy used by two threads
mixes their strings up; and every copy costs about 5 MB that are never given back. So each copy is
borrowed by one call at a time and kept for the next: there are never more copies of a language
than calls at the same moment, however many threads come and go.
"""

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
    "espeak_data",
    "espeak_languages",
    "espeak_tokens",
    "espeak_version",
    "phonemize",
    "phonemizer_version",
    "without_stress",
]

# espeak-ng 1.52 ends the whole process if the path of its data is longer than this.
_LONGEST_DATA_PATH = 159
# Codes in common use that espeak-ng has under another name.
_OTHER_CODES = {"zh": "cmn", "zh-cn": "cmn", "zh-hk": "yue", "no": "nb", "jp": "ja"}
_FLAG = re.compile(r"\([^()]*\)")
_STRESS = str.maketrans("", "", "ˈˌ")


def phonemize(texts: Iterable[str], language: str, *, stress: bool = True) -> list[str]:
    """Return the IPA of each text, one to one; an empty text gives an empty string.

    Punctuation is kept where it stands; flags of a language switch, e.g. ``(en)``, are removed.

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
    """Return the words of a chunk without punctuation as espeak-ng says them, with stress.

    espeak-ng may merge words ("of the" is one) and split them ("2010"), so the tokens need not
    match the words of the chunk.

    Raises:
        TextError: espeak-ng has no such language, or is not installed.
    """
    # A NUL would end the text, and a lone surrogate has no UTF-8.
    chunk = chunk.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    with _engines().borrow(language) as engine:
        said: str = engine.text_to_phonemes(chunk)
    return _FLAG.sub("", said.replace("\n", " ")).replace("_", "").split()


def without_stress(phonemes: str) -> str:
    """Return ``phonemes`` without the marks of primary and secondary stress."""
    return phonemes.translate(_STRESS)


def espeak_languages() -> dict[str, str]:
    """Return every language espeak-ng knows: code -> English name.

    Raises:
        TextError: espeak-ng is not installed.
    """
    with _engines().borrow("en-us"):
        return dict(_engines().names)


def espeak_data() -> Path:
    """Return the folder of espeak-ng's data, ``espeak-ng-data``.

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
    """Join words that only spaces separate: (words, the punctuation after them)."""
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

    # A subclass: the settings of other users of phonemizer in this process stay as they are.
    class BundledEspeak(wrapper.EspeakWrapper):
        pass

    data = espeakng_loader.get_data_path()
    if len(os.fsencode(os.path.realpath(data))) > _LONGEST_DATA_PATH:
        raise TextError(
            f"espeak-ng's data path {data} must not be longer than {_LONGEST_DATA_PATH} bytes; "
            "install into a shorter path"
        )
    BundledEspeak.set_library(espeakng_loader.get_library_path())
    BundledEspeak.set_data_path(data)
    return BundledEspeak


class _Engines:
    """The idle copies of espeak-ng, by language."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Any]] = {}
        # Copies whose language turned out not to exist.
        self._spare: list[Any] = []
        self._opening = threading.Lock()
        self.names: dict[str, str] = {}

    @contextmanager
    def borrow(self, language: str) -> Generator[Any]:
        """Lend a copy that speaks ``language`` to this thread alone."""
        try:
            engine = self._idle[language].pop()
        except (KeyError, IndexError):
            engine = self._open(language)
        try:
            yield engine
        finally:
            self._idle.setdefault(language, []).append(engine)

    def _open(self, language: str) -> Any:
        # Starting espeak-ng sets the process's locale for a moment: one at a time.
        with self._opening:
            try:
                engine = self._spare.pop() if self._spare else _wrapper_class()()
            except (RuntimeError, OSError) as error:
                raise TextError(f"espeak-ng does not start: {error}; {_MISSING}") from error
            self.names = self.names or _speaking_languages(engine)
            if language not in self.names:
                self._spare.append(engine)
                raise TextError(_unknown_language(language, self.names))
            engine.set_voice(language)
            return engine


def _speaking_languages(engine: Any) -> dict[str, str]:
    """Return code -> English name; voices that cannot speak are left out.

    espeakng-loader lists a few languages whose dictionary it does not bring, and a voice named
    ``mb/...`` needs MBROLA, another program.
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
def _engines() -> _Engines:
    return _Engines()


def _unknown_language(language: str, names: dict[str, str]) -> str:
    """Say which languages are close to one that does not exist."""
    wanted = language.lower().replace("_", "-")
    wanted = _OTHER_CODES.get(wanted, wanted)
    same = [code for code in names if code.lower() == wanted]
    family = [code for code in names if code.split("-")[0] == wanted.split("-")[0]]
    by_name = {name.lower(): code for code, name in names.items()}
    named = [code for name, code in by_name.items() if len(wanted) > 2 and wanted in name]
    near = same or sorted(family, key=len) or named
    if not near:
        near = difflib.get_close_matches(wanted, names, n=5, cutoff=0.6)
        near += [by_name[name] for name in difflib.get_close_matches(wanted, by_name, n=3)]
    listed = ", ".join(f"{code} ({names[code]})" for code in dict.fromkeys(near[:8]))
    hint = f"close: {listed}" if listed else "vits.text.espeak_languages() lists all"
    return f"language {language!r} is not one of espeak-ng's {len(names)} languages; {hint}"
