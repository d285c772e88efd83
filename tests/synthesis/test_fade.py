import numpy as np
import pytest

from vits.synthesis.fade import FADE_IN_SECONDS, FADE_OUT_SECONDS, fade_edges

RATE = 16000


def faded(wave, sizes):
    cuts = np.cumsum(sizes)[:-1]
    return np.concatenate(list(fade_edges(np.split(wave, cuts), len(wave), RATE)))


@pytest.mark.parametrize("sizes", [[4000], [16, 3984], [3990, 10], [1000] * 4, [3900, 30, 30, 40]])
def test_the_gain_does_not_depend_on_the_chunks(sizes):
    wave = np.random.default_rng(1).standard_normal(4000).astype(np.float32)
    np.testing.assert_array_equal(faded(wave, sizes), faded(wave, [4000]))


def test_only_the_edges_change_and_the_last_10_ms_lose_27_db():
    wave = np.ones(4000, np.float32)
    result = faded(wave, [4000])
    first, last = round(FADE_IN_SECONDS * RATE), round(FADE_OUT_SECONDS * RATE)
    np.testing.assert_array_equal(result[first:-last], wave[first:-last])
    assert result.dtype == np.float32
    assert result[0] < 0.01
    assert result[-1] < 1e-6
    end = result[-RATE // 100 :]
    assert 20 * np.log10(np.sqrt(np.mean(end**2))) < -27


@pytest.mark.parametrize("length", [1, 2, 3, 5, 256])
def test_a_sentence_of_few_samples_is_not_silenced(length):
    result = faded(np.ones(length, np.float32), [length])
    assert result.shape == (length,)
    assert result.max() > 0.9
