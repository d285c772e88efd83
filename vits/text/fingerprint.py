"""The front end's fingerprint: training and speaking must not drift apart unnoticed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vits.config import FrontendConfig, to_dict
from vits.text.espeak.phonemize import espeak_version, phonemizer_version
from vits.text.normalize import NORMALIZER_VERSION
from vits.text.symbols import SymbolTable

__all__ = ["describe_drift", "digest_symbols", "take_fingerprint"]

_NAMES = {
    "espeak": "espeak-ng version",
    "phonemizer": "phonemizer version",
    "normalizer": "normaliser version",
    "lexicon": "lexicon (sha256)",
    "symbols": "symbol table (sha256)",
}


def take_fingerprint(
    config: FrontendConfig, symbols: SymbolTable, lexicon: Mapping[str, str]
) -> dict[str, Any]:
    """Return what decides about the symbols of a text, as plain JSON values.

    Raises:
        TextError: the backend is ``espeak`` and espeak-ng is not installed.
    """
    espeak = config.backend == "espeak"
    unusual = {key: to_dict(config)[key] for key in ("blank", "bounds", "languages")}
    return {
        **{key: value for key, value in to_dict(config).items() if key not in unusual},
        # only where it is not the usual one, which older fingerprints do not mention
        **{key: value for key, value in unusual.items() if value},
        "normalizer": NORMALIZER_VERSION,
        "espeak": espeak_version() if espeak else None,
        "phonemizer": phonemizer_version() if espeak else None,
        "lexicon": _sha256(sorted(lexicon.items())),
        "symbols": digest_symbols(symbols),
    }


def digest_symbols(symbols: SymbolTable) -> str:
    """Return the hash of a symbol table that stands in a fingerprint as ``symbols``."""
    return _sha256(symbols.to_list())


def describe_drift(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Say in words what differs between two fingerprints; an empty list means nothing does.

    Args:
        saved: the fingerprint stored with the voice or the data.
        current: the fingerprint of the front end at hand.

    >>> describe_drift({"espeak": "1.51.0"}, {"espeak": "1.52.0"})
    ['espeak-ng version was 1.51.0, is 1.52.0']
    """
    lines: list[str] = []
    for key in sorted({*saved, *current}):
        was, now = saved.get(key), current.get(key)
        if was != now or (key in saved) != (key in current):
            before, after = (_short(key in side, side.get(key)) for side in (saved, current))
            lines.append(f"{_NAMES.get(key, key)} was {before}, is {after}")
    return lines


def _short(there: bool, value: Any) -> str:
    if not there:
        return "not recorded"
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 else text


def _sha256(value: Any) -> str:
    return hashlib.sha256(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()
