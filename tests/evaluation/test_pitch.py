import math

import numpy as np
import pytest

from vits.errors import ConfigError
from vits.evaluation.pitch import PitchRange, compare_pitch, track_pitch


@pytest.mark.parametrize("hertz", [90.0, 220.0])
def test_a_tone_has_its_pitch_and_silence_has_none(hertz):
    time = np.arange(8000) / 16000
    tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in (1, 2, 3, 4))
    f0 = track_pitch((0.2 * tone).astype(np.float32), PitchRange())
    assert f0.shape == (50,)
    assert np.nanmedian(f0) == pytest.approx(hertz, rel=0.01)
    assert np.isnan(track_pitch(np.zeros(4000, np.float32), PitchRange())).all()


def test_two_tracks_are_compared_along_the_path():
    one = np.array([100.0, np.nan, 200.0])
    other = np.array([110.0, 110.0, np.nan])
    path = np.array([[0, 0], [0, 1], [1, 1], [2, 2], [1, 2]])
    found = compare_pitch(one, other, path)
    assert found.squares == pytest.approx(2 * math.log(1.1) ** 2)
    assert found[1:] == (2, 2, 5)


@pytest.mark.parametrize("bounds", [(400, 65), (20, 400), (65, 5000)])
def test_an_impossible_range_is_named(bounds):
    with pytest.raises(ConfigError, match="must rise and lie between"):
        track_pitch(np.zeros(4000, np.float32), PitchRange(*bounds))
