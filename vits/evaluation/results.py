"""Results of an evaluation: per utterance, and summarised."""

import math
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.evaluation.evaluators.error_rates import ErrorCount
from vits.evaluation.pitch import PitchDistance
from vits.evaluation.test_set import Item
from vits.synthesis import Timing

__all__ = [
    "Recognition",
    "RecordingDistance",
    "Summary",
    "UtteranceMetrics",
    "phoneme_seconds",
    "summarise",
]

_STRESS = "ˈˌ"


class Recognition(NamedTuple):
    """Result of a recogniser for one wave.

    Attributes:
        text: the recognised words.
        errors: errors against the words of the text.
        aligned: whether every word of the text was found in order; None if that is unknown.
    """

    text: str
    errors: ErrorCount
    aligned: bool | None


class RecordingDistance(NamedTuple):
    """Distance of a synthesised utterance from its recording, along their warping path.

    Attributes:
        mel_l1: mean absolute difference of log-mel bands.
        mcd: mel-cepstral distortion (dB).
        pitch: distance of pitch and voicing.
        seconds: length of the recording (s), silence trimmed.
    """

    mel_l1: float
    mcd: float
    pitch: PitchDistance
    seconds: float


class UtteranceMetrics(NamedTuple):
    """Metrics of one utterance, synthesised or recorded.

    Attributes:
        item: the text.
        seconds: length of the speech (s), silence at both ends trimmed.
        pitch: (V,) Hz of the voiced frames.
        recognition: result of the recogniser; None without one.
        distance: distance from the recording; None without one, and for recordings.
        real_time_factor: synthesis time per second of speech; None for recordings.
        phonemes: length of each phoneme (s) without pauses; empty for recordings.
        naturalness: predicted mean opinion score, 1 to 5; None without a predictor.
    """

    item: Item
    seconds: float
    pitch: NDArray[np.float64]
    recognition: Recognition | None = None
    distance: RecordingDistance | None = None
    real_time_factor: float | None = None
    phonemes: tuple[float, ...] = ()
    naturalness: float | None = None


class Summary(NamedTuple):
    """Metrics of all utterances; None for what was not measured.

    Attributes:
        utterances: number of utterances.
        word_error_rate: word errors per word of the texts.
        character_error_rate: character errors per character of the texts.
        aligned: fraction of the alignable utterances in which all words are found.
        alignable: number of alignable utterances.
        naturalness: mean of the predicted mean opinion scores, 1 to 5.
        seconds: total length (s), silence at the ends trimmed.
        seconds_mean: mean length (s).
        seconds_deviation: standard deviation of the length (s).
        characters_per_second: speaking rate in characters of the written text.
        phoneme_median: median duration of a phoneme (s).
        phoneme_low: 5th percentile of the phoneme durations (s).
        phoneme_high: 95th percentile of the phoneme durations (s).
        f0_median: median pitch of the voiced frames (Hz).
        f0_deviation: standard deviation of ln F0 over those frames.
        f0_ratio: median pitch relative to the recordings.
        rate_ratio: length of the recordings relative to the speech; above 1 is faster.
        duration_correlation: correlation of utterance lengths with the recordings.
        duration_deviation: standard deviation of ln(synthesised / recorded length).
        mel_l1: mean over the utterances.
        mcd: mean over the utterances (dB).
        log_f0_rmse: RMSE of ln F0 over all frame pairs that are voiced in both.
        voicing_error: fraction of frame pairs in which only one is voiced.
        real_time_factor: mean synthesis time per second of speech.
    """

    utterances: int
    word_error_rate: float | None
    character_error_rate: float | None
    aligned: float | None
    alignable: int | None
    naturalness: float | None
    seconds: float
    seconds_mean: float
    seconds_deviation: float
    characters_per_second: float
    phoneme_median: float | None
    phoneme_low: float | None
    phoneme_high: float | None
    f0_median: float | None
    f0_deviation: float | None
    f0_ratio: float | None
    rate_ratio: float | None
    duration_correlation: float | None
    duration_deviation: float | None
    mel_l1: float | None
    mcd: float | None
    log_f0_rmse: float | None
    voicing_error: float | None
    real_time_factor: float | None


def phoneme_seconds(symbols: Sequence[Timing]) -> tuple[float, ...]:
    """Return the duration of each phoneme (s), without pauses.

    A stress mark belongs to the phoneme after it, any other mark to the one before.

    >>> marks = [Timing("ˈ", 0.0, 0.1), Timing("a", 0.1, 0.2), Timing("ː", 0.2, 0.5)]
    >>> phoneme_seconds([*marks, Timing(" ", 0.5, 1.0)])
    (0.5,)
    """
    seconds: list[float] = []
    pending = 0.0
    for symbol, start, end, _ in symbols:
        kind = unicodedata.category(symbol[0])
        if symbol in _STRESS:
            pending += end - start
        elif kind in ("Lm", "Mn") and seconds:
            seconds[-1] += end - start
        elif kind.startswith("L"):
            seconds.append(pending + end - start)
            pending = 0.0
    return tuple(seconds)


def summarise(
    utterances: Sequence[UtteranceMetrics], recordings: Sequence[UtteranceMetrics] | None = None
) -> Summary:
    """Summarise the metrics of utterances.

    Args:
        utterances: at least one.
        recordings: recordings of the same items; None if ``utterances`` are recordings.
    """
    seconds = np.array([utterance.seconds for utterance in utterances])
    pitch = np.concatenate([utterance.pitch for utterance in utterances])
    phonemes = np.concatenate([np.array(utterance.phonemes) for utterance in utterances])
    low, median, high = np.percentile(phonemes, (5, 50, 95)) if len(phonemes) else (None,) * 3
    characters = sum(len(utterance.item.text) for utterance in utterances)
    return Summary(
        utterances=len(utterances),
        **_recognition_rates(utterances),
        naturalness=_mean([utterance.naturalness for utterance in utterances]),
        seconds=float(seconds.sum()),
        seconds_mean=float(seconds.mean()),
        seconds_deviation=float(seconds.std()),
        characters_per_second=float(characters / seconds.sum()),
        phoneme_median=_number(median),
        phoneme_low=_number(low),
        phoneme_high=_number(high),
        f0_median=_number(np.median(pitch)) if len(pitch) else None,
        f0_deviation=_number(np.log(pitch).std()) if len(pitch) else None,
        **_ratios(seconds, pitch, recordings or ()),
        **_distances(utterances),
        real_time_factor=_mean([utterance.real_time_factor for utterance in utterances]),
    )


def _recognition_rates(utterances: Sequence[UtteranceMetrics]) -> dict[str, Any]:
    """Return error rates and alignment rates."""
    recognitions = [
        utterance.recognition for utterance in utterances if utterance.recognition is not None
    ]
    if not recognitions:
        return dict.fromkeys(
            ("word_error_rate", "character_error_rate", "aligned", "alignable"), None
        )
    errors = [sum(column) for column in zip(*(one.errors for one in recognitions), strict=True)]
    aligned = [one.aligned for one in recognitions if one.aligned is not None]
    return {
        "word_error_rate": errors[0] / errors[1],
        "character_error_rate": errors[2] / errors[3],
        "aligned": sum(aligned) / len(aligned) if aligned else None,
        "alignable": len(aligned),
    }


def _ratios(
    seconds: NDArray[np.float64], pitch: NDArray[np.float64], recordings: Sequence[UtteranceMetrics]
) -> dict[str, Any]:
    """Return pitch and durations relative to the recordings."""
    keys = ("f0_ratio", "rate_ratio", "duration_correlation", "duration_deviation")
    if not recordings:
        return dict.fromkeys(keys, None)
    recorded = np.array([utterance.seconds for utterance in recordings])
    f0 = np.concatenate([utterance.pitch for utterance in recordings])
    varies = len(seconds) > 1 and seconds.std() > 0 and recorded.std() > 0
    return {
        "f0_ratio": _number(np.median(pitch) / np.median(f0)) if len(pitch) and len(f0) else None,
        "rate_ratio": float(recorded.sum() / seconds.sum()),
        "duration_correlation": float(np.corrcoef(seconds, recorded)[0, 1]) if varies else None,
        "duration_deviation": float(np.log(seconds / recorded).std()),
    }


def _distances(utterances: Sequence[UtteranceMetrics]) -> dict[str, Any]:
    """Return the mean distances from the recordings."""
    distances = [utterance.distance for utterance in utterances if utterance.distance is not None]
    if not distances:
        return dict.fromkeys(("mel_l1", "mcd", "log_f0_rmse", "voicing_error"), None)
    pitch = PitchDistance(
        *(sum(column) for column in zip(*(each.pitch for each in distances), strict=True))
    )
    return {
        "mel_l1": float(np.mean([one.mel_l1 for one in distances])),
        "mcd": float(np.mean([one.mcd for one in distances])),
        "log_f0_rmse": math.sqrt(pitch.squares / pitch.voiced) if pitch.voiced else None,
        "voicing_error": pitch.disagreeing / pitch.pairs,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the known values; None if there are none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _number(value: "np.floating | float | None") -> float | None:
    """Return a Python float."""
    return None if value is None else float(value)
