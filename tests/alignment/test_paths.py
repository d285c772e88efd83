"""Conversions between durations, index and path."""

import torch

from vits.alignment import durations_to_index, durations_to_path, path_to_durations, total_frames


def test_path_index_and_durations_convert_to_each_other():
    durations = torch.tensor([[2, 1, 3], [4, 1, 0]])
    path = durations_to_path(durations, 6)
    assert path.shape == (2, 6, 3)
    assert torch.equal(path_to_durations(path), durations)
    assert durations_to_index(durations, 6)[0].tolist() == [0, 0, 1, 2, 2, 2]
    assert path[1, 5].sum() == 0


def test_a_sample_has_at_least_one_frame():
    assert total_frames(torch.tensor([[2, 1], [0, 0]])).tolist() == [3, 1]
