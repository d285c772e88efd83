"""Voices that were evaluated on the same material, and the best of them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vits.evaluation.evaluate import Measured
from vits.evaluation.judges.language_model import Model
from vits.evaluation.results import Summary, Take, summarise
from vits.evaluation.score import Score, score

__all__ = ["Contest", "Contestant", "enter"]


class Contestant(NamedTuple):
    """A voice and what was measured of it.

    Attributes:
        name: what to call it, different from all others.
        source: where it was read.
        training_steps: steps it was trained for.
        takes: an utterance each.
        summary: all of them together.
        score: for the order of the voices; lower is better.
        measured: waves and spectra for the report; empty where it shows none.
    """

    name: str
    source: str
    training_steps: int
    takes: tuple[Take, ...]
    summary: Summary
    score: Score
    measured: tuple[Measured, ...] = ()


class Contest(NamedTuple):
    """Everything that an evaluation found.

    Attributes:
        manifest: what was said.
        recogniser: who listened.
        predictor: what told how natural it is.
        seed: of the first utterance.
        recordings: what was measured of the recordings; empty where there are none.
        voices: at least one.
        model: the language model; None for the recogniser's own.
    """

    manifest: str
    recogniser: str
    predictor: str
    seed: int
    recordings: tuple[Measured, ...]
    voices: tuple[Contestant, ...]
    model: Model | None = None

    @property
    def natural(self) -> Summary | None:
        """All recordings together; None where there are none."""
        return summarise([one.take for one in self.recordings]) if self.recordings else None

    @property
    def best(self) -> Contestant | None:
        """The voice with the lowest score, the first of equals; None where none has a score."""
        best = min(self.voices, key=lambda voice: voice.score.value)
        return best if math.isfinite(best.score.value) else None


def enter(
    name: str,
    source: str,
    training_steps: int,
    measured: Sequence[Measured],
    recordings: Sequence[Measured],
) -> Contestant:
    """Sum up a voice beside the recordings of the same items, of which there may be none."""
    takes = tuple(one.take for one in measured)
    natural = [one.take for one in recordings]
    summary = summarise(takes, natural or None)
    points = score(summary, summarise(natural) if natural else None)
    return Contestant(name, source, training_steps, takes, summary, points, tuple(measured))
