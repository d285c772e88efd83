"""The figures of an evaluation as plain JSON values, and as a table for people."""

import math
from typing import Any

from vits.evaluation.comparison import Contest, Contestant
from vits.evaluation.results import Summary, Take

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
"""Fields of ``Summary`` as they are shown: their name, their title, their unit or decimals."""


def to_figures(contest: Contest) -> dict[str, Any]:
    """Return the whole evaluation, without waves, as plain JSON values."""
    natural, model = contest.natural, contest.model
    counted = {} if model is None else model.counted._asdict()
    return {
        "format": FORMAT,
        "manifest": contest.manifest,
        "recogniser": contest.recogniser,
        "naturalness": contest.predictor,
        "language_model": None
        if model is None
        else {"file": model.file, **counted, "absent_words": model.absent, "texts": model.words},
        "seed": contest.seed,
        "recordings": None
        if natural is None
        else {
            "summary": natural._asdict(),
            "utterances": [_utterance(one.take) for one in contest.recordings],
        },
        "voices": [_voice(voice) for voice in contest.voices],
        "best": contest.best and contest.best.name,
    }


def _voice(voice: Contestant) -> dict[str, Any]:
    """Return one voice's figures."""
    points = voice.score._asdict()
    return {
        "name": voice.name,
        "source": voice.source,
        "training_steps": voice.training_steps,
        "score": {key: None if value == math.inf else value for key, value in points.items()},
        "summary": voice.summary._asdict(),
        "utterances": [_utterance(take) for take in voice.takes],
    }


def _utterance(take: Take) -> dict[str, Any]:
    """Return one utterance's figures; all utterances have the same keys."""
    heard, compared = take.heard, take.comparison
    errors = ("word_errors", "words", "character_errors", "characters")
    return {
        "id": take.item.id,
        "text": take.item.text,
        "seconds": take.seconds,
        "heard": heard and heard.text,
        **(heard.errors._asdict() if heard else dict.fromkeys(errors)),
        "aligned": heard and heard.aligned,
        "naturalness": take.naturalness,
        "mel_l1": compared and compared.mel_l1,
        "mcd": compared and compared.mcd,
        "real_time_factor": take.real_time_factor,
    }


def show(value: float | None, unit: str) -> str:
    """Write a figure as people read it."""
    if value is None or math.isinf(value):
        return "–"
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "ms":
        return f"{1000 * value:.0f} ms"
    if unit.isdigit():
        return f"{value:.{unit}f}"
    return f"{value:.2f} {unit}" if unit else f"{value:g}"


def table(contest: Contest) -> list[list[str]]:
    """Return the summaries as rows of cells; the first row is the head."""
    natural = contest.natural
    columns: list[Summary] = [] if natural is None else [natural]
    columns += [voice.summary for voice in contest.voices]
    names = ["recordings"] * (natural is not None) + [voice.name for voice in contest.voices]
    rows = [["", *names]]
    for field, title, unit in ROWS:
        values = [getattr(column, field) for column in columns]
        if any(value is not None for value in values):
            rows.append([title, *(show(value, unit) for value in values)])
    scores = ["–"] * (natural is not None)
    scores += [show(voice.score.value, "3") for voice in contest.voices]
    return [*rows, ["score (0 is best)", *scores]]
