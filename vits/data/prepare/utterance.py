"""Preparation of one row: load, check and convert the audio, encode the text."""

import contextlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from vits.audio import files, loudness
from vits.audio.resample import resample
from vits.data.prepare import checks
from vits.data.prepare.checks import Reason, RejectedError
from vits.data.prepare.decoder_messages import decoder_messages
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pitch import measure_pitch
from vits.data.prepared.manifest import Row
from vits.errors import AudioError, TextError, UnknownSymbolError, one_line
from vits.text.encoding import Encoding, UnknownSymbolWarning
from vits.text.frontend import Frontend
from vits.text.language_ids import find_language
from vits.text.symbols import describe_symbols

__all__ = ["PreparedUtterance", "extend_symbols", "language_index", "prepare_utterance"]


_SILENT_SECONDS = 600  # that trimming may remove from a recording of the longest duration


class PreparedUtterance(NamedTuple):
    """A row that passed all checks of single rows.

    Attributes:
        wave: (L,) int16.
        ids: symbol ids, including blanks.
        phonemes: the symbols as a string, without blanks.
        dropped: counts of unknown symbols that were dropped.
        speech_seconds: duration without leading and trailing silence (s).
        pitch: (T, 2) int16 of every frame, as ``measure_pitch`` returns it; None: not measured.
    """

    wave: np.ndarray
    ids: tuple[int, ...]
    phonemes: str
    dropped: dict[str, int]
    speech_seconds: float
    pitch: np.ndarray | None = None


def prepare_utterance(row: Row, config: PrepareConfig, frontend: Frontend) -> PreparedUtterance:
    """Convert a row to training data.

    Args:
        row: the row.
        config: configuration of the preparation.
        frontend: text front end that encodes the text.

    Raises:
        RejectedError: a check failed; the first failure is reported.
    """
    _check_text(row, frontend)
    frontend = frontend.for_language(language_index(row, frontend))
    wave, speech_seconds = _wave(Path(row.audio), config)
    encoding = _encode(row.text, config, frontend)
    frames = len(wave) // config.audio.hop_length
    if len(encoding.ids) > frames:
        raise RejectedError(
            Reason.TOO_MANY_SYMBOLS,
            f"{len(encoding.ids)} symbols in {frames} frames; every symbol needs a frame",
        )
    pitch = measure_pitch(wave, config.audio) if config.pitch else None
    return PreparedUtterance(
        wave, encoding.ids, encoding.phonemes, encoding.dropped, speech_seconds, pitch
    )


def language_index(row: Row, frontend: Frontend) -> int | None:
    """Return the index of the row's language; None for a front end with a single language.

    Raises:
        TextError: the front end does not have the language of the row.
    """
    languages = frontend.config.languages
    return find_language(languages, row.language or None) if languages else None


def extend_symbols(frontend: Frontend, rows: Sequence[Row]) -> Frontend:
    """Return a front end whose symbol table contains every symbol of the given texts.

    The table decides how a letter with diacritics is split and whether capitals are kept, so the
    texts are transcribed again until no new symbol appears. Existing symbols keep their ids.
    """
    while True:
        missing = set[str]()
        for row in rows:
            with contextlib.suppress(TextError):  # the row is rejected later for the same reason
                in_language = frontend.for_language(language_index(row, frontend))
                symbols = in_language.transcribe(row.text)
                missing |= {s for s in symbols if s not in frontend.symbols}
        if not missing:
            return frontend
        table = frontend.symbols.extended(missing)
        frontend = Frontend(frontend.config, table, frontend.lexicon)


def _encode(text: str, config: PrepareConfig, frontend: Frontend) -> Encoding:
    """Encode a text; convert errors to RejectedError."""
    policy = "drop" if config.unknown == "drop" else "raise"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnknownSymbolWarning)  # the report counts them
            return frontend.encode(text, unknown=policy)
    except UnknownSymbolError as error:
        listed = describe_symbols(error.symbols)
        raise RejectedError(Reason.UNKNOWN_SYMBOLS, listed) from error
    except TextError as error:
        raise RejectedError(Reason.NO_TEXT, one_line(error)) from error


def _check_text(row: Row, frontend: Frontend) -> None:
    """Check that the row has a text in a language of the front end."""
    if not row.text.strip():
        raise RejectedError(Reason.NO_TEXT, "the text is empty")
    language = frontend.config.language
    if frontend.config.languages:
        try:
            language_index(row, frontend)
        except TextError as error:
            raise RejectedError(Reason.WRONG_LANGUAGE, str(error)) from error
    elif row.language and _family(row.language) != _family(language):
        raise RejectedError(
            Reason.WRONG_LANGUAGE,
            f"the row is in {row.language!r}, the front end in {language!r}",
        )


def _family(code: str) -> str:
    """Return a language code without its region: ``en`` for ``en-us`` and ``en_GB``."""
    return code.lower().replace("_", "-").partition("-")[0]


def _wave(path: Path, config: PrepareConfig) -> tuple[np.ndarray, float]:
    """Return the wave (L,) int16 and the duration of its speech (s)."""
    audio, limits = config.audio, config.limits
    said: list[str] = []
    try:
        with decoder_messages() as said:
            checks.check_file(path, audio.sample_rate, limits)
            samples, rate = files.read(path, max_seconds=limits.max_seconds + _SILENT_SECONDS)
    except (AudioError, MemoryError) as error:
        detail = " ".join([str(error) or "not enough memory", *said])
        raise RejectedError(Reason.UNREADABLE, " ".join(detail.split())) from error
    except RejectedError as error:
        raise RejectedError(error.reason, " ".join([error.detail, *said])) from error
    if said:
        warnings.warn(f"{path}: {' '.join(said)}", stacklevel=2)
    try:
        checks.check_samples(samples, limits)
        wave = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
        checks.check_level(wave, limits)
        wave = resample(torch.from_numpy(wave), rate, audio.sample_rate).numpy()
    except AudioError as error:
        raise RejectedError(Reason.UNREADABLE, one_line(error)) from error
    top_db = {} if config.trim_db is None else {"top_db": config.trim_db}
    start, end = loudness.trim(wave, audio.sample_rate, **top_db)
    if config.trim_db is not None:
        wave = wave[start:end]
    checks.check_length(len(wave), audio.sample_rate, audio.hop_length, limits)
    if config.loudness_dbfs is not None:
        wave = loudness.normalize_rms(wave, config.loudness_dbfs)
    if np.abs(wave).max() > 1:  # a float file, or the resampling filter's overshoot
        wave = loudness.normalize_peak(wave, 1.0)
    return files.to_pcm16(wave), (end - start) / audio.sample_rate
