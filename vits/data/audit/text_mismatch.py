"""Detection of wrong transcripts: a row's own text must fit better than contrast texts."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor

from vits.data.prepared.dataset import PreparedDataset

__all__ = ["MIN_TEXTS", "Scorer", "TextMargins", "text_margins"]

MIN_TEXTS = 20
"""Smallest number of different texts for choosing contrast texts."""

_POOL = 40  # contrast texts are drawn from this many texts of similar length
_LEAST = 2.0  # with a smaller limit too many wrong texts would pass: more than 2 of 100
_MOST = 4.0  # hardly any wrong text exceeds it: 3 of 100,000
_NEIGHBOURS = (-2, -1, 1, 2)


class Scorer(Protocol):
    """An acoustic model that scores how well texts fit a recording."""

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the log-likelihood of the audio of row ``index`` under each text (S,) int64.

        The unit is nats per frame. A text with more symbols than the audio has frames gets -inf.
        """
        ...


class TextMargins(NamedTuple):
    """How much better each row's own text fits its audio than contrast texts.

    Attributes:
        values: (N,) margin of the own text, in standard deviations of contrast texts; about 0 for
            a wrong text.
        limit: smallest margin of a correct text; None if the scorer cannot separate the texts.
        median: median of ``values``.
        better: for rows below the limit, the neighbouring row whose text fits, if there is one.
    """

    values: np.ndarray
    limit: float | None
    median: float
    better: dict[int, int]


def text_margins(
    dataset: PreparedDataset,
    scorer: Scorer,
    *,
    n_contrast: int = 8,
    seed: int = 1234,
    progress: Callable[[int], None] | None = None,
) -> TextMargins | None:
    """Compare the score of each row's own text with the scores of contrast texts.

    Contrast texts are texts of other rows of similar length. The margin is
    ``sqrt(T) (score(own) - mean score(contrast)) / sd``, where sd is the robust standard deviation
    of sqrt(T) score(contrast) around its mean, over all rows. A wrong text behaves like a contrast
    text, so its margin is approximately standard normal for any scorer. The margins of correct
    texts have median m and robust deviation s. The limit m / (1 + s) is equally many deviations
    away from both; it is at most 4, and below 2 the scorer cannot separate the texts.

    Args:
        dataset: the rows.
        scorer: scores texts against audio.
        n_contrast: number of contrast texts per row, at least 2.
        seed: seed of their choice.
        progress: called with the number of the current row, from 1.

    Returns:
        The margins; None if the corpus has fewer than ``MIN_TEXTS`` different texts.
    """
    texts = _Texts(dataset)
    if len(texts.distinct) < MIN_TEXTS:
        return None
    rng = np.random.default_rng(seed)
    margins, residuals = np.zeros(len(dataset)), list[np.ndarray]()
    for row in range(len(dataset)):
        if progress is not None:
            progress(row + 1)
        chosen = texts.contrast(row, n_contrast, rng)
        scores = np.array(scorer.scores(row, [texts.of(row), *(texts.of(i) for i in chosen)]))
        scores *= math.sqrt(dataset.frames[row])
        contrast = scores[1:][np.isfinite(scores[1:])]
        if len(contrast) < 2:  # too few frames for any contrast text
            margins[row] = np.nan if np.isfinite(scores[0]) else -np.inf
            continue
        margins[row] = scores[0] - contrast.mean()
        count = len(contrast)
        residuals.append((contrast - contrast.mean()) * math.sqrt(count / (count - 1)))
    deviation = _spread(np.concatenate(residuals)) if residuals else 1.0
    unit = max(deviation, 1e-9) * math.sqrt(1 + 1 / n_contrast)
    values = np.clip(margins / unit, -99.0, None)
    median = float(np.nanmedian(values))
    limit = min(_MOST, median / (1 + _spread(values[np.isfinite(values)])))
    if limit < _LEAST:
        return TextMargins(values, None, median, {})
    better = _better(texts, scorer, values, limit, unit)
    return TextMargins(values, limit, median, better)


class _Texts:
    """The texts of a corpus, sorted by length for the choice of contrast texts."""

    def __init__(self, dataset: PreparedDataset) -> None:
        self.ids = [dataset.ids(i) for i in range(len(dataset))]
        self.frames = dataset.frames
        keys = [tuple(ids.tolist()) for ids in self.ids]
        first_rows = {key: i for i, key in reversed(list(enumerate(keys)))}
        self.first = [first_rows[key] for key in keys]  # the first row with the same text
        self.distinct = sorted(first_rows.values(), key=lambda row: (len(self.ids[row]), row))
        self.lengths = np.array([len(self.ids[row]) for row in self.distinct])

    def of(self, row: int) -> Tensor:
        """Return the symbol ids (S,) of a row."""
        return self.ids[row]

    def contrast(self, row: int, count: int, rng: np.random.Generator) -> list[int]:
        """Draw rows with a different text of about the same length as that of ``row``."""
        middle = int(np.searchsorted(self.lengths, len(self.ids[row])))
        start = min(max(0, middle - _POOL // 2), max(0, len(self.distinct) - _POOL))
        pool = [i for i in self.distinct[start : start + _POOL] if i != self.first[row]]
        return [pool[i] for i in rng.permutation(len(pool))[:count]]


def _better(
    texts: _Texts, scorer: Scorer, values: np.ndarray, limit: float, unit: float
) -> dict[int, int]:
    """For rows below the limit, find a neighbour whose text fits, as in a shifted table."""
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
    """Return the robust standard deviation, 1.4826 times the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
