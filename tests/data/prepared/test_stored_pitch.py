"""Stored pitch: its contour, its size and its digest."""

import math

import numpy as np
import pytest
import torch

from vits.data.prepared.stored_pitch import (
    check_pitch,
    check_pitch_digest,
    pitch_contour,
    pitch_digest,
    write_pitch,
)
from vits.errors import DataError

ROWS = np.array([[7000, 20], [8400, 900], [6100, 499], [9000, 100], [9600, 500]], np.int16)


def test_the_contour_runs_through_frames_without_voice():
    log_f0, voiced = pitch_contour(ROWS)
    assert voiced.tolist() == [0, 1, 0, 0, 1]
    assert (log_f0 / math.log(2) * 1200).round().tolist() == [8400, 8400, 8800, 9200, 9600]
    silent = pitch_contour(ROWS[2:4])
    assert torch.allclose(silent[0].exp(), torch.tensor(180.0))
    assert not silent[1].any()


def test_a_file_of_another_size_or_content_is_named(tmp_path):
    write_pitch(tmp_path / "pitch.i16", [ROWS[:2], ROWS[2:]])
    info = {"pitch": {"sha256": pitch_digest([ROWS])}}
    assert check_pitch(tmp_path, info, 5)
    assert not check_pitch(tmp_path, {}, 5)
    check_pitch_digest(tmp_path, info)
    check_pitch_digest(tmp_path, {})
    with pytest.raises(DataError, match="has 20 bytes, must have 24; make it again"):
        check_pitch(tmp_path, info, 6)
    write_pitch(tmp_path / "pitch.i16", [ROWS + 1])
    with pytest.raises(DataError, match="was changed since it was measured"):
        check_pitch_digest(tmp_path, info)
