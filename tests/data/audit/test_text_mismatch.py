"""A row's own text must fit better than texts of other rows."""

import numpy as np
import pytest

from vits.data.audit.text_mismatch import text_margins
from vits.data.prepared.dataset import PreparedDataset


class Stub:
    """Knows the right texts; every other text gets noise, the right one ``better`` more."""

    def __init__(self, dataset, right, better):
        self.right, self.better = right, better
        self.dataset, self.rng = dataset, np.random.default_rng(0)

    def scores(self, index, texts):
        scale = 1 / np.sqrt(self.dataset.frames[index])
        fits = [text.tolist() == self.right[index] for text in texts]
        return [scale * (self.rng.normal() + self.better * fit) - 5 for fit in fits]


@pytest.fixture
def tones(write_tones, tmp_path):
    return write_tones(tmp_path / "tones")


def swap(rows, one, other):
    for key in ("text", "phonemes", "ids"):
        rows[one][key], rows[other][key] = rows[other][key], rows[one][key]


def right_texts(folder):
    data = PreparedDataset(folder)
    return [data.ids(i).tolist() for i in range(len(data))]


def test_swapped_texts_are_found_with_their_neighbours(tones, change_rows):
    right = right_texts(tones)
    change_rows(tones, lambda rows: (swap(rows, 4, 5), swap(rows, 20, 50)))
    data = PreparedDataset(tones)
    found = text_margins(data, Stub(data, right, 10.0))
    assert np.flatnonzero(found.values < found.limit).tolist() == [4, 5, 20, 50]
    assert found.better == {4: 5, 5: 4}
    assert 2 <= found.limit <= 4
    assert found.median == pytest.approx(10 / np.sqrt(1 + 1 / 8), rel=0.15)


def test_a_random_scorer_gives_no_limit(tones):
    data = PreparedDataset(tones)
    found = text_margins(data, Stub(data, [None] * len(data), 10.0))
    assert found.limit is None
    assert abs(found.median) < 1


def test_few_texts_are_not_compared(tones):
    data = PreparedDataset(tones).select(range(10))
    assert text_margins(data, Stub(data, right_texts(tones), 10.0)) is None


def test_a_text_with_too_many_symbols_is_wrong(tones):
    class NoRoom(Stub):
        def scores(self, index, texts):
            scores = super().scores(index, texts)
            return [-np.inf, *scores[1:]] if index == 3 else scores

    data = PreparedDataset(tones)
    found = text_margins(data, NoRoom(data, right_texts(tones), 10.0))
    assert np.flatnonzero(found.values < found.limit).tolist() == [3]


def test_a_row_too_short_for_contrast_texts_is_not_scored(tones):
    class Short(Stub):
        def scores(self, index, texts):
            scores = super().scores(index, texts)
            return [scores[0], *[-np.inf] * (len(texts) - 1)] if index == 3 else scores

    data = PreparedDataset(tones)
    found = text_margins(data, Short(data, right_texts(tones), 10.0))
    assert np.isnan(found.values[3])
    assert not (found.values < found.limit).any()
