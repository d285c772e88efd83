import math

import numpy as np
import pytest

from vits.evaluation import Item, UtteranceMetrics, score, summarise
from vits.evaluation.evaluators.error_rates import ErrorCount
from vits.evaluation.pitch import PitchDistance
from vits.evaluation.results import Recognition, RecordingDistance, phoneme_seconds
from vits.synthesis import Timing


@pytest.fixture
def recordings():
    first, second = _recognition(1, 4, 2, 20, True), _recognition(0, 6, 0, 30, None)
    return [
        UtteranceMetrics(
            Item("a", "One two."), 1.0, np.array([100.0, 200.0]), first, naturalness=4.0
        ),
        UtteranceMetrics(Item("b", "Three."), 2.0, np.array([150.0]), second, naturalness=3.0),
    ]


@pytest.fixture
def spoken(recordings):
    near = RecordingDistance(0.5, 4.0, PitchDistance(0.02, 2, 1, 10), 1.0)
    far = RecordingDistance(1.5, 8.0, PitchDistance(0.06, 6, 2, 10), 2.0)
    first, second = _recognition(3, 4, 9, 20, False), _recognition(1, 6, 1, 30, True)
    return [
        UtteranceMetrics(recordings[0].item, 1.2, np.array([165.0]), first, near, 0.5, (), 3.2),
        UtteranceMetrics(recordings[1].item, 1.8, np.array([]), second, far, 0.7, (0.1,), 3.0),
    ]


def _recognition(word_errors, words, character_errors, characters, aligned):
    return Recognition("x", ErrorCount(word_errors, words, character_errors, characters), aligned)


def test_the_summary_is_that_by_hand(spoken, recordings):
    found = summarise(spoken, recordings)._asdict()
    expected = {
        "utterances": 2,
        "word_error_rate": 0.4,
        "character_error_rate": 0.2,
        "aligned": 0.5,
        "alignable": 2,
        "naturalness": 3.1,
        "seconds": 3.0,
        "seconds_mean": 1.5,
        "seconds_deviation": 0.3,
        "characters_per_second": 14 / 3,
        "phoneme_median": 0.1,
        "phoneme_low": 0.1,
        "phoneme_high": 0.1,
        "f0_median": 165.0,
        "f0_deviation": 0.0,
        "f0_ratio": 1.1,
        "rate_ratio": 1.0,
        "duration_correlation": 1.0,
        "duration_deviation": (math.log(1.2) - math.log(0.9)) / 2,
        "mel_l1": 1.0,
        "mcd": 6.0,
        "log_f0_rmse": 0.1,
        "voicing_error": 0.15,
        "real_time_factor": 0.6,
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name


def test_what_was_not_measured_is_none(recordings):
    found = summarise([one._replace(recognition=None, pitch=np.array([])) for one in recordings])
    assert (found.word_error_rate, found.aligned, found.f0_median, found.mcd) == (None,) * 4
    assert found.seconds == 3.0


def test_marks_belong_to_their_phonemes():
    parts = "_ˈaː bt̩."
    timings = [Timing(part, 0.1 * i, 0.1 * i + 0.1) for i, part in enumerate(parts)]
    assert phoneme_seconds(timings) == pytest.approx((0.3, 0.1, 0.2))


def test_the_score_is_the_mean_of_its_terms(spoken, recordings):
    found = score(summarise(spoken, recordings), summarise(recordings))
    # (0.2 - 0.04) / 0.1 and so on
    assert found[1:] == pytest.approx((1.6, 0.4, 1.0, 1.0, 0.0), abs=1e-9)
    assert found.value == pytest.approx(0.8)


def test_the_recordings_themselves_are_the_best_there_is(recordings):
    same = RecordingDistance(0.0, 0.0, PitchDistance(0, 3, 0, 10), 1.0)
    copies = [one._replace(distance=same) for one in recordings]
    found = score(summarise(copies, recordings), summarise(recordings))
    assert found == (0,) * 6


def test_terms_that_were_not_measured_do_not_count(spoken):
    alone = [one._replace(distance=None) for one in spoken]
    found = score(summarise(alone))
    assert (found.value, found.spectrum, found.rate) == (pytest.approx(2.0), None, None)
    silent = [one._replace(recognition=None) for one in alone]
    assert score(summarise(silent)).value == math.inf
