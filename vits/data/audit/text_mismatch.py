"""Does a row's text belong to its audio? Its own text must beat the texts of other rows."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor

from vits.data.prepared.dataset import PreparedDataset

__all__ = ["MIN_TEXTS", "Scorer", "TextScores", "score_texts"]

MIN_TEXTS = 20
"""Different texts needed to choose distractors from."""

_POOL = 40  # distractors are drawn from this many texts of nearest length
_LEAST = 2.0  # a smaller limit would let too many wrong texts pass: 2 of 100
_MOST = 4.0  # above it no wrong text comes: 3 of 100,000
_NEIGHBOURS = (-2, -1, 1, 2)


class Scorer(Protocol):
    """What can tell how well texts fit a recording."""

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the nats per frame of the audio of row ``index`` under each text (S,) int64.

        A text with more symbols than the audio has frames gets -inf.
        """
        ...


class TextScores(NamedTuple):
    """How well each row's text fits its audio.

    Attributes:
        values: (N,) standard deviations of wrong texts by which the own text beats them; a wrong
            text has about 0.
        limit: least value of a right text; None where right and wrong cannot be told apart.
        median: the median of ``values``.
        better: for rows below the limit, the neighbouring row whose text fits, where there is one.
    """

    values: np.ndarray
    limit: float | None
    median: float
    better: dict[int, int]


def score_texts(
    dataset: PreparedDataset,
    scorer: Scorer,
    *,
    n_distractors: int = 8,
    seed: int = 1234,
    progress: Callable[[int], None] | None = None,
) -> TextScores | None:
    """Compare the score of each row's own text with the scores of distractors of similar length.

    ``value = sqrt(T) (score(own) - mean score(distractors)) / sd``, where sd is the robust standard
    deviation of sqrt(T) score(distractor) around its mean, over all rows. A wrong text behaves like
    a distractor, so its value is approximately standard normal for any scorer. The values of
    correct texts have median m and robust deviation s. The limit m / (1 + s) is equally many
    deviations away from both; it is at most 4, and below 2 the scorer cannot separate the texts.

    Args:
        dataset: the rows.
        scorer: scores texts against audio.
        n_distractors: texts to compare with, at least 2.
        seed: of their choice.
        progress: called with the number of the row begun.

    Returns:
        The matches, or None where the corpus has fewer than ``MIN_TEXTS`` different texts.
    """
    texts = _Texts(dataset)
    if len(texts.distinct) < MIN_TEXTS:
        return None
    rng = np.random.default_rng(seed)
    margins, residuals = np.zeros(len(dataset)), list[np.ndarray]()
    for row in range(len(dataset)):
        if progress is not None:
            progress(row + 1)
        chosen = texts.distractors(row, n_distractors, rng)
        scores = np.array(scorer.scores(row, [texts.of(row), *(texts.of(i) for i in chosen)]))
        scores *= math.sqrt(dataset.frames[row])
        rivals = scores[1:][np.isfinite(scores[1:])]
        if len(rivals) < 2:  # nothing fits into so few frames but, perhaps, the text itself
            margins[row] = np.nan if np.isfinite(scores[0]) else -np.inf
            continue
        margins[row] = scores[0] - rivals.mean()
        residuals.append((rivals - rivals.mean()) * math.sqrt(len(rivals) / (len(rivals) - 1)))
    deviation = _spread(np.concatenate(residuals)) if residuals else 1.0
    unit = max(deviation, 1e-9) * math.sqrt(1 + 1 / n_distractors)
    values = np.clip(margins / unit, -99.0, None)
    median = float(np.nanmedian(values))
    limit = min(_MOST, median / (1 + _spread(values[np.isfinite(values)])))
    if limit < _LEAST:
        return TextScores(values, None, median, {})
    better = _better(texts, scorer, values, limit, unit)
    return TextScores(values, limit, median, better)


class _Texts:
    """The texts of a corpus, and which of them are alike in length."""

    def __init__(self, dataset: PreparedDataset) -> None:
        self.ids = [dataset.ids(i) for i in range(len(dataset))]
        self.frames = dataset.frames
        keys = [tuple(ids.tolist()) for ids in self.ids]
        self.kind = {key: i for i, key in reversed(list(enumerate(keys)))}  # its first row
        self.first = [self.kind[key] for key in keys]
        self.distinct = sorted(self.kind.values(), key=lambda row: (len(self.ids[row]), row))
        self.lengths = np.array([len(self.ids[row]) for row in self.distinct])

    def of(self, row: int) -> Tensor:
        return self.ids[row]

    def distractors(self, row: int, count: int, rng: np.random.Generator) -> list[int]:
        """Draw rows whose texts differ from that of ``row`` and are about as long."""
        middle = int(np.searchsorted(self.lengths, len(self.ids[row])))
        start = min(max(0, middle - _POOL // 2), max(0, len(self.distinct) - _POOL))
        pool = [i for i in self.distinct[start : start + _POOL] if i != self.first[row]]
        return [pool[i] for i in rng.permutation(len(pool))[:count]]


def _better(
    texts: _Texts, scorer: Scorer, values: np.ndarray, limit: float, unit: float
) -> dict[int, int]:
    """For rows whose text does not fit, find a neighbour whose text does: a shifted table."""
    found = dict[int, int]()
    for row in np.flatnonzero(values < limit).tolist():
        near = [row + step for step in _NEIGHBOURS if 0 <= row + step < len(values)]
        near = [other for other in near if texts.first[other] != texts.first[row]]
        if not near:
            continue
        scores = scorer.scores(row, [texts.of(row), *(texts.of(i) for i in near)])
        best = int(np.argmax(scores[1:]))
        if (scores[1 + best] - scores[0]) * math.sqrt(texts.frames[row]) > limit * unit:
            found[row] = near[best]
    return found


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation that the median absolute deviation stands for."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
