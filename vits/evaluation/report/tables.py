"""The results of an evaluation as JSON values and as a table."""

import math
from typing import Any

from vits.evaluation.comparison import ComparedVoice, VoiceComparison
from vits.evaluation.results import Summary, UtteranceMetrics

__all__ = ["FORMAT", "ROWS", "show", "table", "to_figures"]

FORMAT = 1
"""The version of ``figures.json``."""

ROWS = (
    ("word_error_rate", "word error rate", "%"),
    ("character_error_rate", "character error rate", "%"),
    ("aligned", "all words aligned", "%"),
    ("alignable", "of utterances", ""),
    ("naturalness", "naturalness, predicted (1 to 5)", "2"),
    ("mcd", "mel-cepstral distortion", "dB"),
    ("mel_l1", "mel L1", "3"),
    ("log_f0_rmse", "ln F0 RMSE", "3"),
    ("voicing_error", "voicing error", "%"),
    ("f0_median", "median F0", "Hz"),
    ("f0_deviation", "deviation of ln F0", "3"),
    ("f0_ratio", "median F0 / recordings", "3"),
    ("rate_ratio", "speaking rate / recordings", "3"),
    ("characters_per_second", "characters per second", "2"),
    ("seconds", "speech", "s"),
    ("seconds_mean", "mean utterance", "s"),
    ("seconds_deviation", "deviation of utterances", "s"),
    ("duration_correlation", "correlation of durations", "3"),
    ("duration_deviation", "deviation of ln duration", "3"),
    ("phoneme_median", "median phoneme", "ms"),
    ("phoneme_low", "5 % are shorter than", "ms"),
    ("phoneme_high", "5 % are longer than", "ms"),
    ("real_time_factor", "real-time factor, one thread", "3"),
)
"""Fields of ``Summary`` in the table: name, title, unit or number of decimals."""


def to_figures(comparison: VoiceComparison) -> dict[str, Any]:
    """Return the whole evaluation, without waves, as JSON values."""
    recordings, model = comparison.recordings_summary, comparison.model
    counts = {} if model is None else model.counts._asdict()
    return {
        "format": FORMAT,
        "manifest": comparison.manifest,
        "recogniser": comparison.recogniser,
        "naturalness": comparison.predictor,
        "language_model": None
        if model is None
        else {"file": model.file, **counts, "absent_words": model.absent, "texts": model.words},
        "seed": comparison.seed,
        "recordings": None
        if recordings is None
        else {
            "summary": recordings._asdict(),
            "utterances": [_utterance(one.metrics) for one in comparison.recordings],
        },
        "voices": [_voice(voice) for voice in comparison.voices],
        "best": comparison.best and comparison.best.name,
    }


def _voice(voice: ComparedVoice) -> dict[str, Any]:
    """Return the results of one voice."""
    scores = voice.score._asdict()
    return {
        "name": voice.name,
        "source": voice.source,
        "training_steps": voice.training_steps,
        "score": {key: None if value == math.inf else value for key, value in scores.items()},
        "summary": voice.summary._asdict(),
        "utterances": [_utterance(metrics) for metrics in voice.metrics],
    }


def _utterance(metrics: UtteranceMetrics) -> dict[str, Any]:
    """Return the results of one utterance; all utterances have the same keys."""
    recognition, distance = metrics.recognition, metrics.distance
    errors = ("word_errors", "words", "character_errors", "characters")
    return {
        "id": metrics.item.id,
        "text": metrics.item.text,
        "seconds": metrics.seconds,
        "heard": recognition and recognition.text,
        **(recognition.errors._asdict() if recognition else dict.fromkeys(errors)),
        "aligned": recognition and recognition.aligned,
        "naturalness": metrics.naturalness,
        "mel_l1": distance and distance.mel_l1,
        "mcd": distance and distance.mcd,
        "real_time_factor": metrics.real_time_factor,
    }


def show(value: float | None, unit: str) -> str:
    """Format a value with its unit."""
    if value is None or math.isinf(value):
        return "–"
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "ms":
        return f"{1000 * value:.0f} ms"
    if unit.isdigit():
        return f"{value:.{unit}f}"
    return f"{value:.2f} {unit}" if unit else f"{value:g}"


def table(comparison: VoiceComparison) -> list[list[str]]:
    """Return the summaries as rows of cells; the first row is the header."""
    recordings = comparison.recordings_summary
    columns: list[Summary] = [] if recordings is None else [recordings]
    columns += [voice.summary for voice in comparison.voices]
    names = ["recordings"] * (recordings is not None) + [voice.name for voice in comparison.voices]
    rows = [["", *names]]
    for field, title, unit in ROWS:
        values = [getattr(column, field) for column in columns]
        if any(value is not None for value in values):
            rows.append([title, *(show(value, unit) for value in values)])
    scores = ["–"] * (recordings is not None)
    scores += [show(voice.score.value, "3") for voice in comparison.voices]
    return [*rows, ["score (0 is best)", *scores]]
