"""A monophone acoustic model trained on the corpus itself."""

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
_ROUNDS = 10  # with 1,400 utterances the paths hardly change after eight rounds
_MOST_ROWS = 2000  # an hour or two; more data does not improve so few parameters
_PRIOR_FRAMES = 20.0  # weight of the corpus average in the estimate of every symbol (frames)
_LEAST_STD = 0.3  # relative to the corpus, so that a rare symbol cannot overfit a few frames


class Monophones:
    """One diagonal Gaussian over cepstra per symbol, aligned by monotonic alignment search.

    Training starts from uniform durations and alternates between the best path of every row and
    the mean and deviation of every symbol along these paths. Rows with a wrong text are included;
    a few of them have little influence.

    Source: flat start and Viterbi training of single-Gaussian monophones in HTK (Young et al., The
    HTK Book, section 3.2), without transition probabilities.
    """

    def __init__(self, dataset: PreparedDataset, seed: int = 1234) -> None:
        """Train on at most 2,000 rows of a corpus.

        Args:
            dataset: the corpus to train on and to score.
            seed: seed of the choice of rows.
        """
        self._dataset = dataset
        self._mel = MelSpectrogram(dataset.audio)
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(dataset))[:_MOST_ROWS]).tolist()
        features = [self._features(row) for row in rows]
        ids = [dataset.ids(row) for row in rows]
        frames = torch.cat(features, dim=1)
        self._average, self._deviation = frames.mean(1), frames.std(1) + 1e-3
        n_symbols = len(dataset.symbols)
        self._mean = self._average.repeat(n_symbols, 1)
        self._log_std = self._deviation.log().repeat(n_symbols, 1)
        paths = [_even(len(i), f.shape[1]) for i, f in zip(ids, features, strict=True)]
        for _ in range(_ROUNDS):
            self._estimate(features, ids, paths)
            paths = [self._align(f, [i])[1][0] for f, i in zip(features, ids, strict=True)]
        self._estimate(features, ids, paths)

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the log-likelihood of a row's audio under each text; see ``Scorer``."""
        features = self._features(index)
        fitting = [i for i, text in enumerate(texts) if len(text) <= features.shape[1]]
        results = [-float("inf")] * len(texts)
        if fitting:
            values, _ = self._align(features, [texts[i] for i in fitting])
            for i, value in zip(fitting, values.tolist(), strict=True):
                results[i] = value
        return results

    def _align(self, features: Tensor, texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return score and durations of the best path of features (C, T) through each text."""
        ids = torch.nn.utils.rnn.pad_sequence(list(texts), batch_first=True)
        lengths = torch.tensor([len(text) for text in texts])
        mean, log_std = (table[ids].transpose(1, 2) for table in (self._mean, self._log_std))
        return best_path_scores(features[None], mean, log_std, lengths)

    def _estimate(
        self, features: Sequence[Tensor], ids: Sequence[Tensor], paths: Sequence[Tensor]
    ) -> None:
        """Estimate the Gaussian of every symbol from its frames on the paths."""
        count = torch.full((len(self._mean), 1), _PRIOR_FRAMES)
        total = self._average * count
        square = (self._average.square() + self._deviation.square()) * count
        for values, symbols, durations in zip(features, ids, paths, strict=True):
            frame_ids = symbols[durations_to_index(durations[None], values.shape[1])[0]]
            count.index_add_(0, frame_ids, torch.ones(len(frame_ids), 1))
            total.index_add_(0, frame_ids, values.T)
            square.index_add_(0, frame_ids, values.T.square())
        self._mean = total / count
        variance = square / count - self._mean.square()
        least = _LEAST_STD * self._deviation
        self._log_std = variance.clamp_min(0).sqrt().maximum(least).log()

    def _features(self, index: int) -> Tensor:
        """Return mean-normalized cepstra of a row and their deltas (2 * 13, T)."""
        log_mel = self._mel(self._dataset[index].wave[None, None])[0].numpy()
        cepstra = np.asarray(fft.dct(log_mel, axis=0, norm="ortho"))[:_CEPSTRA]
        cepstra -= cepstra.mean(axis=1, keepdims=True)
        padded = np.pad(cepstra, ((0, 0), (2, 2)), mode="edge")
        deltas = (padded[:, 4:] - padded[:, :-4]) / 4 + (padded[:, 3:-1] - padded[:, 1:-3]) / 2
        return torch.from_numpy(np.concatenate([cepstra, deltas])).float()


def _even(n_symbols: int, n_frames: int) -> Tensor:
    """Return uniform durations (S,) int64, each at least 1 if there are enough frames."""
    ends = torch.arange(1, n_symbols + 1) * n_frames // n_symbols
    return torch.diff(ends, prepend=torch.zeros(1, dtype=torch.int64))
