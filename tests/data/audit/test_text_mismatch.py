"""A row's own text must beat the texts of other rows."""

import numpy as np
import pytest
import torch

from vits.data.audit.monophones import Monophones
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


def test_swapped_texts_are_found_and_neighbours_named(tones, change_rows):
    right = right_texts(tones)
    change_rows(tones, lambda rows: (swap(rows, 4, 5), swap(rows, 20, 50)))
    data = PreparedDataset(tones)
    found = text_margins(data, Stub(data, right, 10.0))
    assert np.flatnonzero(found.values < found.limit).tolist() == [4, 5, 20, 50]
    assert found.better == {4: 5, 5: 4}
    assert 2 <= found.limit <= 4
    assert found.median == pytest.approx(10 / np.sqrt(1 + 1 / 8), rel=0.15)


def test_a_scorer_that_knows_nothing_judges_nothing(tones):
    data = PreparedDataset(tones)
    found = text_margins(data, Stub(data, [None] * len(data), 10.0))
    assert found.limit is None
    assert abs(found.median) < 1


def test_few_texts_are_not_compared(tones):
    data = PreparedDataset(tones).select(range(10))
    assert text_margins(data, Stub(data, right_texts(tones), 10.0)) is None


def test_a_text_that_has_no_room_is_wrong(tones):
    class NoRoom(Stub):
        def scores(self, index, texts):
            scores = super().scores(index, texts)
            return [-np.inf, *scores[1:]] if index == 3 else scores

    data = PreparedDataset(tones)
    found = text_margins(data, NoRoom(data, right_texts(tones), 10.0))
    assert np.flatnonzero(found.values < found.limit).tolist() == [3]


def test_a_row_too_short_for_its_impostors_is_not_judged(tones):
    class Short(Stub):
        def scores(self, index, texts):
            scores = super().scores(index, texts)
            return [scores[0], *[-np.inf] * (len(texts) - 1)] if index == 3 else scores

    data = PreparedDataset(tones)
    found = text_margins(data, Short(data, right_texts(tones), 10.0))
    assert np.isnan(found.values[3])
    assert not (found.values < found.limit).any()


def test_monophones_learn_the_tones_and_find_shifted_rows(tones, change_rows):
    def shift(rows):
        texts = [{k: rows[i][k] for k in ("text", "phonemes", "ids")} for i in (31, 32, 30)]
        for i, text in zip((30, 31, 32), texts, strict=True):
            rows[i].update(text)

    data = PreparedDataset(change_rows(tones, shift))
    found = text_margins(data, Monophones(data))
    assert np.flatnonzero(found.values < found.limit).tolist() == [30, 31, 32]
    assert found.better == {30: 32, 31: 30, 32: 31}


def test_monophones_give_no_score_to_a_text_without_room(tones):
    data = PreparedDataset(tones)
    model = Monophones(data)
    long = torch.ones(int(data.frames[0]) + 1, dtype=torch.int64)
    fits, not_ = model.scores(0, [data.ids(0), long])
    assert np.isfinite(fits)
    assert not_ == -np.inf
    assert model.scores(0, [long]) == [-np.inf]
