import math

import numpy as np
import pytest

from vits.evaluation import summarise
from vits.evaluation.results import phoneme_seconds
from vits.synthesis import Timing


def test_the_summary_is_that_by_hand(spoken_metrics, recorded_metrics):
    found = summarise(spoken_metrics, recorded_metrics)._asdict()
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


def test_what_was_not_measured_is_none(recorded_metrics):
    found = summarise(
        [one._replace(recognition=None, pitch=np.array([])) for one in recorded_metrics]
    )
    assert (found.word_error_rate, found.aligned, found.f0_median, found.mcd) == (None,) * 4
    assert found.seconds == 3.0


def test_marks_belong_to_their_phonemes():
    parts = "_ˈaː bt̩."
    timings = [Timing(part, 0.1 * i, 0.1 * i + 0.1) for i, part in enumerate(parts)]
    assert phoneme_seconds(timings) == pytest.approx((0.3, 0.1, 0.2))
