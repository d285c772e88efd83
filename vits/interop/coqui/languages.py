"""The languages of Coqui TTS's VITS: their names by row, and what each is phonemised by."""

from pathlib import Path
from typing import Any

from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop.safe_loading import load_json
from vits.interop.settings_file import SettingsFile, row_names_of
from vits.text.languages import Languages

__all__ = ["LANGUAGES", "MULTI", "can_phonemise", "language_settings", "read_languages"]

LANGUAGES = "language_ids.json"
MULTI = "multi_phonemizer"
# Where no phonemizer is named it takes espeak-ng, except for these.
OTHERS = ("be", "bn", "ja-jp", "ko-kr", "zh-cn")


def read_languages(folder: Path, said: SettingsFile, n: int) -> Languages:
    """Return name and espeak-ng code of each of ``n`` rows; none for a voice of one language.

    Raises:
        VoiceError: names and rows do not fit, or a language has a phonemizer that is not here.
    """
    if not n:
        return ()
    names = _names(folder, said, n)
    if not said.flag("use_phonemes", False):
        return tuple((name, name) for name in names)
    if said.text("phonemizer", None) != MULTI:
        language = said.text("phoneme_language", None) or "und"
        return tuple((name, language) for name in names)
    phonemizers = _phonemizers(said)
    for name in names:
        if name not in phonemizers:
            raise VoiceError(f"{said.where}: datasets name no phonemizer of the language {name!r}")
        found = phonemizers[name]
        if found not in ("espeak", "") or (not found and name in OTHERS):
            what = found[:60] or f"of {name}"
            raise VoiceError(f"{said.where}: phonemizer {what!r} cannot be carried over")
    return tuple((name, name) for name in names)


def language_settings(text: FrontendConfig) -> dict[str, Any]:
    """Return the settings of several languages; the phonemizer only where it needs one for each."""
    if not text.languages:
        return {}
    names = [name for name, _ in text.languages]
    settings: dict[str, Any] = {"languages": names}
    if text.backend == "graphemes" or not can_phonemise(text):
        return settings
    if len({code for _, code in text.languages}) == 1:
        return {**settings, "phoneme_language": text.languages[0][1]}
    sets = [{"dataset_name": name, "language": name, "phonemizer": "espeak"} for name in names]
    return {**settings, "phonemizer": MULTI, "phoneme_language": None, "datasets": sets}


def can_phonemise(text: FrontendConfig) -> bool:
    """Tell whether its phonemizers can read the languages: all by one code, or each by its name."""
    codes = {code for _, code in text.languages}
    return len(codes) < 2 or all(name == code for name, code in text.languages)


def _names(folder: Path, said: SettingsFile, n: int) -> list[str]:
    """Return the names by row, from where its own code takes them; nowhere outside the folder."""
    named = said.get("languages", None)
    asked = said.get("model_args.language_ids_file", None)
    if (asked or not named) and (folder / LANGUAGES).is_file():
        where = folder / LANGUAGES
        return row_names_of(load_json(where), n, where, "language")
    if not named:
        named = sorted({language for language in _phonemizers(said) if language})
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise VoiceError(f"{said.where}: languages must be a list of names")
    return row_names_of(tuple(named), n, said.where, "language")


def _phonemizers(said: SettingsFile) -> dict[str, str]:
    """Return language -> phonemizer of the data it was trained on."""
    found: dict[str, str] = {}
    sets = said.get("datasets", None) or []
    for entry in sets if isinstance(sets, list) else []:
        if not isinstance(entry, dict):
            raise VoiceError(f"{said.where}: datasets must be a list of mappings")
        language, phonemizer = entry.get("language") or "", entry.get("phonemizer") or ""
        if not isinstance(language, str) or not isinstance(phonemizer, str):
            raise VoiceError(f"{said.where}: language and phonemizer of datasets must be strings")
        found[language] = phonemizer
    return found
