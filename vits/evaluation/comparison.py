"""Compare voices that were evaluated on the same test set, and choose the best."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vits.evaluation.evaluate import EvaluatedUtterance
from vits.evaluation.evaluators.language_model import LanguageModel
from vits.evaluation.results import Summary, UtteranceMetrics, summarise
from vits.evaluation.score import Score, score

__all__ = ["ComparedVoice", "VoiceComparison", "summarise_voice"]


class ComparedVoice(NamedTuple):
    """A voice and its results.

    Attributes:
        name: name in the report, unique in the comparison.
        source: path that it was read from.
        training_steps: steps it was trained for.
        metrics: metrics of each utterance.
        summary: metrics of all utterances.
        score: rank of the voice; lower is better.
        utterances: waves and spectra for the report; empty if the report shows none.
    """

    name: str
    source: str
    training_steps: int
    metrics: tuple[UtteranceMetrics, ...]
    summary: Summary
    score: Score
    utterances: tuple[EvaluatedUtterance, ...] = ()


class VoiceComparison(NamedTuple):
    """Results of an evaluation.

    Attributes:
        manifest: path of the test set.
        recogniser: name of the recogniser.
        predictor: name of the predictor of naturalness.
        seed: seed of the first utterance.
        recordings: the evaluated recordings; empty if there are none.
        voices: at least one.
        model: the language model; None for the recogniser's own.
    """

    manifest: str
    recogniser: str
    predictor: str
    seed: int
    recordings: tuple[EvaluatedUtterance, ...]
    voices: tuple[ComparedVoice, ...]
    model: LanguageModel | None = None

    @property
    def recordings_summary(self) -> Summary | None:
        """Metrics of all recordings; None if there are none."""
        return summarise([one.metrics for one in self.recordings]) if self.recordings else None

    @property
    def best(self) -> ComparedVoice | None:
        """The first voice with the lowest score; None if no voice has a score."""
        best = min(self.voices, key=lambda voice: voice.score.value)
        return best if math.isfinite(best.score.value) else None


def summarise_voice(
    name: str,
    source: str,
    training_steps: int,
    utterances: Sequence[EvaluatedUtterance],
    recordings: Sequence[EvaluatedUtterance],
) -> ComparedVoice:
    """Summarise and score a voice.

    Args:
        name: name in the report.
        source: path that it was read from.
        training_steps: steps it was trained for.
        utterances: its evaluated utterances.
        recordings: the recordings of the same items; empty if there are none.
    """
    metrics = tuple(one.metrics for one in utterances)
    recorded = [one.metrics for one in recordings]
    summary = summarise(metrics, recorded or None)
    voice_score = score(summary, summarise(recorded) if recorded else None)
    return ComparedVoice(
        name, source, training_steps, metrics, summary, voice_score, tuple(utterances)
    )
