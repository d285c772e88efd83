import math

import numpy as np
import pytest

from vits.data.prepare.duration_outliers import MIN_GROUP, deviations, speech_units


@pytest.mark.parametrize(
    ("phonemes", "units"),
    [
        ("həlˈoʊ", 5),  # the stress mark takes no time
        ("sˈiː", 2),  # nor does the length mark
        ("a, b", 6),  # a pause counts 4
        ("mɑ̃", 2),  # a combining mark belongs to its vowel
        ("42", 2),
        ("", 1),
    ],
)
def test_units_are_phonemes_and_pauses(phonemes, units):
    assert speech_units(phonemes) == units


def corpus(n, seed=0, rate=0.08, spread=0.1):
    random = np.random.default_rng(seed)
    units = random.integers(10, 80, n).astype(float)
    seconds = units * rate * np.exp(spread * random.standard_normal(n))
    return list(seconds), list(units)


def test_the_score_is_the_distance_in_robust_standard_deviations():
    seconds, units = corpus(2001)
    median = np.median(np.log(np.array(seconds) / units))
    seconds[7] = units[7] * math.exp(median + 0.9)
    scores = deviations(seconds, units, [""] * len(units))
    assert scores[7].score == pytest.approx(9.0, rel=0.1)  # spread 0.1
    assert scores[7].median == pytest.approx(math.exp(median), rel=1e-3)
    assert scores[7].seconds == pytest.approx(seconds[7] / units[7])
    assert np.mean([s.score < 1 for s in scores]) == pytest.approx(0.683, abs=0.05)


def test_speakers_are_compared_with_themselves():
    slow, slow_units = corpus(50, 1, rate=0.3)
    fast, fast_units = corpus(50, 2, rate=0.05)
    names = ["slow"] * 50 + ["fast"] * 50
    scores = deviations(slow + fast, slow_units + fast_units, names)
    assert max(score.score for score in scores) < 4


def test_a_speaker_with_few_utterances_is_compared_with_all():
    many, many_units = corpus(200, 3)
    scores = deviations([*many, 30.0], [*many_units, 10.0], ["many"] * 200 + ["one"])
    assert scores[-1].score > 20


def test_few_utterances_are_not_compared():
    seconds, units = corpus(MIN_GROUP - 1)
    assert deviations([*seconds[:-1], 99.0], units, [""] * len(units)) == [None] * len(units)


def test_equal_durations_are_not_outliers():
    scores = deviations([1.0] * 40 + [1.01], [10.0] * 41, [""] * 41)
    assert max(score.score for score in scores) < 1
