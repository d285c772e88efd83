import math

import pytest

from vits.evaluation import score, summarise
from vits.evaluation.pitch import PitchDistance
from vits.evaluation.results import RecordingDistance


def test_the_score_is_the_mean_of_its_terms(spoken_metrics, recorded_metrics):
    found = score(summarise(spoken_metrics, recorded_metrics), summarise(recorded_metrics))
    # (0.2 - 0.04) / 0.1 and so on
    assert found[1:] == pytest.approx((1.6, 0.4, 1.0, 1.0, 0.0), abs=1e-9)
    assert found.value == pytest.approx(0.8)


def test_the_recordings_have_the_best_score(recorded_metrics):
    same = RecordingDistance(0.0, 0.0, PitchDistance(0, 3, 0, 10), 1.0)
    copies = [one._replace(distance=same) for one in recorded_metrics]
    found = score(summarise(copies, recorded_metrics), summarise(recorded_metrics))
    assert found == (0,) * 6


def test_terms_that_were_not_measured_do_not_count(spoken_metrics):
    alone = [one._replace(distance=None) for one in spoken_metrics]
    found = score(summarise(alone))
    assert (found.value, found.spectrum, found.rate) == (pytest.approx(2.0), None, None)
    silent = [one._replace(recognition=None) for one in alone]
    assert score(summarise(silent)).value == math.inf
