"""The text side of sherpa-onnx's voices: metadata, ``tokens.txt`` and ``lexicon.txt``.

A line of ``tokens.txt`` is a symbol and its id; the line of the space has only an id.
"""

from collections.abc import Mapping
from pathlib import Path

from vits.config import FrontendConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop.symbol_table import table_from_ids
from vits.text import Frontend

__all__ = ["LEXICON", "TOKENS", "metadata_number", "read_sherpa_frontend"]

TOKENS, LEXICON = "tokens.txt", "lexicon.txt"
LARGEST = 64 << 20
BEGIN, END = "^", "$"


def read_sherpa_frontend(folder: Path, metadata: Mapping[str, str], source: Path) -> Frontend:
    """Build the front end of a voice that sherpa-onnx speaks.

    Args:
        folder: where ``tokens.txt`` lies.
        metadata: metadata of the graph.
        source: the graph, named in error messages.

    Raises:
        MissingFileError: ``tokens.txt`` does not exist.
        VoiceError: a line of a file cannot be read.
    """
    ids = _read_tokens(folder / TOKENS)
    table = table_from_ids(ids, folder / TOKENS)
    piper = "piper" in metadata.get("comment", "")
    phonemes = piper or bool(metadata.get("voice")) or "ə" in ids
    blanks = piper or metadata_number(metadata, "add_blank", 0, source) > 0
    blank_id = 0 if piper else metadata_number(metadata, "blank_id", 0, source)
    if not 0 <= blank_id < len(table):
        raise VoiceError(f"{source}: blank_id {blank_id} must be below {len(table)}")
    config = FrontendConfig(
        backend="espeak" if phonemes else "graphemes",
        language=_language(metadata, phonemes=phonemes),
        normalize=False,
        clauses="espeak" if piper else "marks",
        clean="all" if phonemes else "unknown",
        blanks=blanks,
        blank=table.symbols[blank_id] if blanks and blank_id else "",
        bos_eos=piper and {BEGIN, END} <= ids.keys(),
    )
    return Frontend(config, table, _read_lexicon(folder / LEXICON, set(ids)) if phonemes else None)


def metadata_number(metadata: Mapping[str, str], key: str, default: int, source: Path) -> int:
    """Return a number of the metadata.

    Raises:
        VoiceError: it is not a number.
    """
    value = metadata.get(key, str(default))
    if not value.strip().isdecimal() or len(value) > 9:
        raise VoiceError(f"{source}: the metadata {key} {value[:40]} must be a whole number")
    return int(value)


def _language(metadata: Mapping[str, str], *, phonemes: bool) -> str:
    """Return the code that espeak-ng knows, where the metadata has one."""
    named = metadata.get("voice") or metadata.get("language") or "und"
    return "en-us" if phonemes and named.lower() == "english" else named


def _read_tokens(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; sherpa-onnx's voices need it")
    symbols: dict[int, str] = {}
    for number, line in enumerate(_lines(path), 1):
        symbol, _, id = line.rstrip().rpartition(" ")
        if not id.isdecimal() or len(id) > 7:
            raise VoiceError(f"{path}: line {number} has no id at its end")
        others = symbols.setdefault(int(id), symbol or " ")
        if others != symbol and others.lower() == symbol:  # a capital shares the id of its letter
            symbols[int(id)] = symbol
    return {symbol: id for id, symbol in symbols.items()}


def _read_lexicon(path: Path, symbols: set[str]) -> dict[str, str]:
    """Return word -> phonemes; words with a symbol that the voice lacks are refused."""
    words: dict[str, str] = {}
    for number, line in enumerate(_lines(path) if path.is_file() else (), 1):
        word, *phonemes = line.split()
        if not set(phonemes) <= symbols:
            unknown = next(p for p in phonemes if p not in symbols)
            raise VoiceError(f"{path}: line {number} has {unknown[:20]}, which {TOKENS} lacks")
        words.setdefault(word, "".join(phonemes))
    return words


def _lines(path: Path) -> list[str]:
    if path.stat().st_size > LARGEST:
        raise VoiceError(f"{path} is larger than {LARGEST >> 20} MiB; it is not read")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise VoiceError(f"{path} is not UTF-8 text; copy it again") from error
    return [line for line in text.split("\n") if line.strip()]
