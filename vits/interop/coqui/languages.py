"""Convert the languages of Coqui TTS's VITS: their names by id, and their phonemizers."""

from pathlib import Path
from typing import Any

from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop.safe_loading import load_json
from vits.interop.settings_reader import SettingsReader, names_by_id
from vits.text.language_ids import Languages

__all__ = ["LANGUAGES", "MULTI", "can_phonemize", "language_settings", "read_languages"]

LANGUAGES = "language_ids.json"
MULTI = "multi_phonemizer"
# Without a phonemizer it uses espeak-ng, except for these languages.
OTHERS = ("be", "bn", "ja-jp", "ko-kr", "zh-cn")


def read_languages(folder: Path, settings: SettingsReader, n: int) -> Languages:
    """Return name and espeak-ng code of ``n`` languages by id; empty for a voice of one language.

    Raises:
        VoiceError: names and ids do not match, or a language needs an unknown phonemizer.
    """
    if not n:
        return ()
    names = _names(folder, settings, n)
    if not settings.boolean("use_phonemes", False):
        return tuple((name, name) for name in names)
    if settings.string("phonemizer", None) != MULTI:
        language = settings.string("phoneme_language", None) or "und"
        return tuple((name, language) for name in names)
    phonemizers = _phonemizers(settings)
    for name in names:
        if name not in phonemizers:
            raise VoiceError(
                f"{settings.source}: datasets name no phonemizer for the language {name!r}"
            )
        phonemizer = phonemizers[name]
        if phonemizer not in ("espeak", "") or (not phonemizer and name in OTHERS):
            what = phonemizer[:60] or f"of {name}"
            raise VoiceError(f"{settings.source}: phonemizer {what!r} cannot be converted")
    return tuple((name, name) for name in names)


def language_settings(text: FrontendConfig) -> dict[str, Any]:
    """Return the settings of several languages, each with a phonemizer if the codes differ."""
    if not text.languages:
        return {}
    names = [name for name, _ in text.languages]
    settings: dict[str, Any] = {"languages": names}
    if text.backend == "graphemes" or not can_phonemize(text):
        return settings
    if len({code for _, code in text.languages}) == 1:
        return {**settings, "phoneme_language": text.languages[0][1]}
    sets = [{"dataset_name": name, "language": name, "phonemizer": "espeak"} for name in names]
    return {**settings, "phonemizer": MULTI, "phoneme_language": None, "datasets": sets}


def can_phonemize(text: FrontendConfig) -> bool:
    """Return whether it can phonemize the languages: all by one code, or each by its name."""
    codes = {code for _, code in text.languages}
    return len(codes) < 2 or all(name == code for name, code in text.languages)


def _names(folder: Path, settings: SettingsReader, n: int) -> list[str]:
    """Return the names by id, from the sources of its code that are inside the folder."""
    names = settings.get("languages", None)
    ids_file = settings.get("model_args.language_ids_file", None)
    if (ids_file or not names) and (folder / LANGUAGES).is_file():
        source = folder / LANGUAGES
        return names_by_id(load_json(source), n, source, "language")
    if not names:
        names = sorted({language for language in _phonemizers(settings) if language})
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise VoiceError(f"{settings.source}: languages must be a list of names")
    return names_by_id(tuple(names), n, settings.source, "language")


def _phonemizers(settings: SettingsReader) -> dict[str, str]:
    """Return language -> phonemizer of the training data."""
    phonemizers: dict[str, str] = {}
    sets = settings.get("datasets", None) or []
    for entry in sets if isinstance(sets, list) else []:
        if not isinstance(entry, dict):
            raise VoiceError(f"{settings.source}: datasets must be a list of mappings")
        language, phonemizer = entry.get("language") or "", entry.get("phonemizer") or ""
        if not isinstance(language, str) or not isinstance(phonemizer, str):
            raise VoiceError(
                f"{settings.source}: language and phonemizer of datasets must be strings"
            )
        phonemizers[language] = phonemizer
    return phonemizers
