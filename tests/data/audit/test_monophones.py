import numpy as np
import pytest
import torch

from vits.data.audit.monophones import Monophones
from vits.data.audit.text_mismatch import text_margins
from vits.data.prepared.dataset import PreparedDataset


@pytest.fixture
def tones(write_tones, tmp_path):
    return write_tones(tmp_path / "tones")


def test_monophones_learn_the_tones_and_find_shifted_rows(tones, change_rows):
    def shift(rows):
        texts = [{k: rows[i][k] for k in ("text", "phonemes", "ids")} for i in (31, 32, 30)]
        for i, text in zip((30, 31, 32), texts, strict=True):
            rows[i].update(text)

    data = PreparedDataset(change_rows(tones, shift))
    found = text_margins(data, Monophones(data))
    assert np.flatnonzero(found.values < found.limit).tolist() == [30, 31, 32]
    assert found.better == {30: 32, 31: 30, 32: 31}


def test_monophones_give_no_score_to_a_text_with_too_many_symbols(tones):
    data = PreparedDataset(tones)
    model = Monophones(data)
    long = torch.ones(int(data.frames[0]) + 1, dtype=torch.int64)
    fits, not_ = model.scores(0, [data.ids(0), long])
    assert np.isfinite(fits)
    assert not_ == -np.inf
    assert model.scores(0, [long]) == [-np.inf]
