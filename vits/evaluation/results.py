"""What an evaluation finds: utterance by utterance, and all together."""

import math
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.evaluation.judges.error_rates import ErrorCount
from vits.evaluation.pitch import PitchDistance
from vits.evaluation.test_set import Item
from vits.synthesis import Timing

__all__ = ["Comparison", "Heard", "Summary", "Take", "phoneme_seconds", "summarise"]

_STRESS = "ˈˌ"


class Heard(NamedTuple):
    """What a recogniser made of one wave.

    Attributes:
        text: the words it understood.
        errors: against the words of the text.
        aligned: whether it found every word of the text in order; None where it cannot tell.
    """

    text: str
    errors: ErrorCount
    aligned: bool | None


class Comparison(NamedTuple):
    """A spoken utterance against its recording, along the walk through both.

    Attributes:
        mel_l1: mean absolute difference of log-mel bands.
        mcd: mel-cepstral distortion (dB).
        pitch: difference of pitch and voicing.
        seconds: speech of the recording (s), silence trimmed.
    """

    mel_l1: float
    mcd: float
    pitch: PitchDistance
    seconds: float


class Take(NamedTuple):
    """One utterance, spoken or recorded.

    Attributes:
        item: what was said.
        seconds: speech (s), silence at both ends trimmed.
        pitch: (V,) Hz of the voiced frames.
        heard: what was understood; None without a recogniser.
        comparison: against the recording; None for recordings and where there is none.
        real_time_factor: time to speak it, for each second of it; None for recordings.
        phonemes: seconds of each phoneme, pauses left out; empty for recordings.
        naturalness: mean opinion score that is predicted, 1 to 5; None without a predictor.
    """

    item: Item
    seconds: float
    pitch: NDArray[np.float64]
    heard: Heard | None = None
    comparison: Comparison | None = None
    real_time_factor: float | None = None
    phonemes: tuple[float, ...] = ()
    naturalness: float | None = None


class Summary(NamedTuple):
    """All utterances together; None for what was not or cannot be measured.

    Attributes:
        utterances: how many.
        word_error_rate: word errors of all for each word said.
        character_error_rate: the same of characters.
        aligned: share of the utterances that can be aligned in which all words are found.
        alignable: number of utterances that can be aligned.
        naturalness: mean of the utterances' predicted mean opinion scores, 1 to 5.
        seconds: speech of all (s), silence at the ends trimmed.
        seconds_mean: mean of the utterances (s).
        seconds_deviation: their standard deviation (s).
        characters_per_second: speaking rate, in characters of the text as it is written.
        phoneme_median: median duration of a phoneme (s).
        phoneme_low: below which 5 % of them lie (s).
        phoneme_high: above which 5 % of them lie (s).
        f0_median: median pitch of the voiced frames (Hz).
        f0_deviation: standard deviation of ln F0 over those frames.
        f0_ratio: median pitch for that of the recordings.
        rate_ratio: speech seconds of the recordings for those spoken: above 1 speaks faster.
        duration_correlation: of utterance lengths with the recordings'.
        duration_deviation: standard deviation of ln(spoken / recorded seconds).
        mel_l1: mean of the utterances.
        mcd: mean of the utterances (dB).
        log_f0_rmse: over all pairs of frames that are voiced in both.
        voicing_error: share of the pairs of frames of which one is voiced, the other not.
        real_time_factor: time to speak all, for each second of it.
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
    """Return how long each phoneme lasts (s), pauses left out.

    A mark of stress belongs to the phoneme after it, any other mark to the one before.

    >>> marks = [Timing("ˈ", 0.0, 0.1), Timing("a", 0.1, 0.2), Timing("ː", 0.2, 0.5)]
    >>> phoneme_seconds([*marks, Timing(" ", 0.5, 1.0)])
    (0.5,)
    """
    found: list[float] = []
    before = 0.0
    for symbol, start, end in symbols:
        kind = unicodedata.category(symbol[0])
        if symbol in _STRESS:
            before += end - start
        elif kind in ("Lm", "Mn") and found:
            found[-1] += end - start
        elif kind.startswith("L"):
            found.append(before + end - start)
            before = 0.0
    return tuple(found)


def summarise(takes: Sequence[Take], recordings: Sequence[Take] | None = None) -> Summary:
    """Bring utterances together.

    Args:
        takes: at least one.
        recordings: those of the same items, for a voice; None for the recordings themselves.
    """
    seconds = np.array([take.seconds for take in takes])
    pitch = np.concatenate([take.pitch for take in takes])
    phonemes = np.concatenate([np.array(take.phonemes) for take in takes])
    low, median, high = np.percentile(phonemes, (5, 50, 95)) if len(phonemes) else (None,) * 3
    characters = sum(len(take.item.text) for take in takes)
    return Summary(
        utterances=len(takes),
        **_understood(takes),
        naturalness=_mean([take.naturalness for take in takes]),
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
        **_distances(takes),
        real_time_factor=_mean([take.real_time_factor for take in takes]),
    )


def _understood(takes: Sequence[Take]) -> dict[str, Any]:
    """Error rates and alignments."""
    heard = [take.heard for take in takes if take.heard is not None]
    if not heard:
        return dict.fromkeys(
            ("word_error_rate", "character_error_rate", "aligned", "alignable"), None
        )
    errors = [sum(column) for column in zip(*(one.errors for one in heard), strict=True)]
    told = [one.aligned for one in heard if one.aligned is not None]
    return {
        "word_error_rate": errors[0] / errors[1],
        "character_error_rate": errors[2] / errors[3],
        "aligned": sum(told) / len(told) if told else None,
        "alignable": len(told),
    }


def _ratios(
    seconds: NDArray[np.float64], pitch: NDArray[np.float64], recordings: Sequence[Take]
) -> dict[str, Any]:
    """Pitch and durations against the recordings'."""
    keys = ("f0_ratio", "rate_ratio", "duration_correlation", "duration_deviation")
    if not recordings:
        return dict.fromkeys(keys, None)
    natural = np.array([take.seconds for take in recordings])
    f0 = np.concatenate([take.pitch for take in recordings])
    spread = len(seconds) > 1 and seconds.std() > 0 and natural.std() > 0
    return {
        "f0_ratio": _number(np.median(pitch) / np.median(f0)) if len(pitch) and len(f0) else None,
        "rate_ratio": float(natural.sum() / seconds.sum()),
        "duration_correlation": float(np.corrcoef(seconds, natural)[0, 1]) if spread else None,
        "duration_deviation": float(np.log(seconds / natural).std()),
    }


def _distances(takes: Sequence[Take]) -> dict[str, Any]:
    """Distances along the walks through spoken and recorded."""
    found = [take.comparison for take in takes if take.comparison is not None]
    if not found:
        return dict.fromkeys(("mel_l1", "mcd", "log_f0_rmse", "voicing_error"), None)
    pitch = PitchDistance(*(sum(column) for column in zip(*(c.pitch for c in found), strict=True)))
    return {
        "mel_l1": float(np.mean([one.mel_l1 for one in found])),
        "mcd": float(np.mean([one.mcd for one in found])),
        "log_f0_rmse": math.sqrt(pitch.squares / pitch.voiced) if pitch.voiced else None,
        "voicing_error": pitch.disagreeing / pitch.pairs,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _number(value: "np.floating | float | None") -> float | None:
    """Return a plain number."""
    return None if value is None else float(value)
