"""Fingerprint of a front end, to detect a mismatch between training and synthesis."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vits.config import FrontendConfig, to_dict
from vits.text.espeak.phonemize import espeak_version, phonemizer_version
from vits.text.normalize import NORMALIZER_VERSION
from vits.text.symbols import SymbolTable

__all__ = ["compute_fingerprint", "describe_mismatch", "digest_symbols"]

_LABELS = {
    "espeak": "espeak-ng version",
    "phonemizer": "phonemizer version",
    "normalizer": "normaliser version",
    "lexicon": "lexicon (sha256)",
    "symbols": "symbol table (sha256)",
}
# Keys that a fingerprint has only if they are set: older ones lack them.
_RARE = ("blank", "bos_eos", "languages", "clauses", "clusters", "clean", "romanize")
# Keys that older fingerprints use.
_RENAMED = {"bounds": "bos_eos"}


def compute_fingerprint(
    config: FrontendConfig, symbols: SymbolTable, lexicon: Mapping[str, str]
) -> dict[str, Any]:
    """Return everything that determines the symbols of a text, as plain JSON values.

    Raises:
        TextError: the backend is ``espeak`` and espeak-ng is not installed.
    """
    espeak = config.backend == "espeak"
    usual, values = to_dict(FrontendConfig()), to_dict(config)
    optional = {key: values[key] for key in _RARE}
    return {
        **{key: value for key, value in values.items() if key not in optional},
        **{key: value for key, value in optional.items() if value != usual[key]},
        "normalizer": NORMALIZER_VERSION,
        "espeak": espeak_version() if espeak else None,
        "phonemizer": phonemizer_version() if espeak else None,
        "lexicon": _sha256(sorted(lexicon.items())),
        "symbols": digest_symbols(symbols),
    }


def digest_symbols(symbols: SymbolTable) -> str:
    """Return the hash of a symbol table, the ``symbols`` entry of a fingerprint."""
    return _sha256(symbols.to_list())


def describe_mismatch(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Describe each difference between two fingerprints; the list is empty if they agree.

    Args:
        saved: fingerprint stored with the voice or the prepared data.
        current: fingerprint of the current front end.

    >>> describe_mismatch({"espeak": "1.51.0"}, {"espeak": "1.52.0"})
    ['espeak-ng version was 1.51.0, is 1.52.0']
    """
    saved = {_RENAMED.get(key, key): value for key, value in saved.items()}
    lines: list[str] = []
    for key in sorted({*saved, *current}):
        was, now = saved.get(key), current.get(key)
        if was != now or (key in saved) != (key in current):
            before, after = (_short(key in side, side.get(key)) for side in (saved, current))
            lines.append(f"{_LABELS.get(key, key)} was {before}, is {after}")
    return lines


def _short(present: bool, value: Any) -> str:
    if not present:
        return "not recorded"
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 else text


def _sha256(value: Any) -> str:
    return hashlib.sha256(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()
