"""A small acoustic model, learned from the corpus itself: what each symbol sounds like here."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import fft
from torch import Tensor

from vits.alignment.paths import durations_to_index
from vits.alignment.score import best_path_scores
from vits.audio.mel import MelSpectrogram
from vits.data.prepared.dataset import PreparedDataset

__all__ = ["Monophones"]

_CEPSTRA = 13
_ROUNDS = 10  # the paths of 1,400 takes hardly change after eight
_MOST_ROWS = 2000  # an hour or two; more rows teach so few Gaussians nothing
_PRIOR_FRAMES = 20.0  # frames of the average sound that every symbol is given beforehand
_LEAST_STD = 0.3  # of the corpus' own deviation, so that a rare symbol cannot fit a few frames


class Monophones:
    """One diagonal Gaussian over cepstra for each symbol, aligned by the monotonic search.

    Training starts from even durations and then takes turns between the best path of every row and
    the mean and deviation of every symbol along it. Rows whose text is wrong are in it too; as long
    as they are few, they are outvoted.

    Source: the flat start and Viterbi training of single-Gaussian monophones in HTK (Young et al.,
    The HTK Book, section 3.2), without transition probabilities.
    """

    def __init__(self, dataset: PreparedDataset, seed: int = 1234) -> None:
        """Learn from at most 2,000 rows of a corpus.

        Args:
            dataset: the corpus that will be scored.
            seed: of the choice of rows.
        """
        self._dataset = dataset
        self._mel = MelSpectrogram(dataset.audio)
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(dataset))[:_MOST_ROWS]).tolist()
        features = [self._features(row) for row in rows]
        ids = [dataset.ids(row) for row in rows]
        every = torch.cat(features, dim=1)
        self._average, self._deviation = every.mean(1), every.std(1) + 1e-3
        n_symbols = len(dataset.symbols)
        self._mean = self._average.repeat(n_symbols, 1)
        self._log_std = self._deviation.log().repeat(n_symbols, 1)
        paths = [_even(len(i), f.shape[1]) for i, f in zip(ids, features, strict=True)]
        for _ in range(_ROUNDS):
            self._learn(features, ids, paths)
            paths = [self._align(f, [i])[1][0] for f, i in zip(features, ids, strict=True)]
        self._learn(features, ids, paths)

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the nats per frame of a row's audio under each text; see ``Scorer``."""
        features = self._features(index)
        fitting = [i for i, text in enumerate(texts) if len(text) <= features.shape[1]]
        results = [-float("inf")] * len(texts)
        if fitting:
            values, _ = self._align(features, [texts[i] for i in fitting])
            for place, value in zip(fitting, values.tolist(), strict=True):
                results[place] = value
        return results

    def _align(self, features: Tensor, texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        ids = torch.nn.utils.rnn.pad_sequence(list(texts), batch_first=True)
        lengths = torch.tensor([len(text) for text in texts])
        mean, log_std = (table[ids].transpose(1, 2) for table in (self._mean, self._log_std))
        return best_path_scores(features[None], mean, log_std, lengths)

    def _learn(
        self, features: Sequence[Tensor], ids: Sequence[Tensor], paths: Sequence[Tensor]
    ) -> None:
        """Set every symbol's Gaussian to the frames it has on the paths."""
        count = torch.full((len(self._mean), 1), _PRIOR_FRAMES)
        total = self._average * count
        square = (self._average.square() + self._deviation.square()) * count
        for values, symbols, durations in zip(features, ids, paths, strict=True):
            rows = symbols[durations_to_index(durations[None], values.shape[1])[0]]
            count.index_add_(0, rows, torch.ones(len(rows), 1))
            total.index_add_(0, rows, values.T)
            square.index_add_(0, rows, values.T.square())
        self._mean = total / count
        variance = square / count - self._mean.square()
        least = _LEAST_STD * self._deviation
        self._log_std = variance.clamp_min(0).sqrt().maximum(least).log()

    def _features(self, index: int) -> Tensor:
        """Return the cepstra of a row without its mean, and their slopes, (2 * 13, T)."""
        log_mel = self._mel(self._dataset[index].wave[None, None])[0].numpy()
        cepstra = np.asarray(fft.dct(log_mel, axis=0, norm="ortho"))[:_CEPSTRA]
        cepstra -= cepstra.mean(axis=1, keepdims=True)
        padded = np.pad(cepstra, ((0, 0), (2, 2)), mode="edge")
        slopes = (padded[:, 4:] - padded[:, :-4]) / 4 + (padded[:, 3:-1] - padded[:, 1:-3]) / 2
        return torch.from_numpy(np.concatenate([cepstra, slopes])).float()


def _even(n_symbols: int, n_frames: int) -> Tensor:
    """Divide frames evenly: durations (S,) int64, each at least 1 where T is at least S."""
    ends = torch.arange(1, n_symbols + 1) * n_frames // n_symbols
    return torch.diff(ends, prepend=torch.zeros(1, dtype=torch.int64))
