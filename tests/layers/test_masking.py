"""Masks and segments."""

import torch

from vits.layers.masking import (
    at_least_float32,
    expand_by_index,
    random_segment_starts,
    sequence_mask,
    slice_segments,
)


def test_mask_marks_the_first_positions():
    mask = sequence_mask(torch.tensor([0, 2, 3]), 3)
    assert mask.tolist() == [[[0, 0, 0]], [[1, 1, 0]], [[1, 1, 1]]]


def test_segments_start_uniformly_over_all_places_that_fit():
    lengths = torch.full((20_000,), 10)
    counts = random_segment_starts(lengths, 7).bincount()
    assert len(counts) == 4
    assert (counts / 20_000 - 0.25).abs().max() < 0.02
    assert random_segment_starts(torch.tensor([7, 3]), 7).tolist() == [0, 0]


def test_slices_are_the_columns_asked_for():
    x = torch.arange(24.0).reshape(2, 1, 12)
    cut = slice_segments(x, torch.tensor([0, 9]), 3)
    assert cut[:, 0].tolist() == [[0, 1, 2], [21, 22, 23]]


def test_expand_repeats_columns():
    x = torch.tensor([[[1.0, 2.0, 3.0]]])
    assert expand_by_index(x, torch.tensor([[0, 0, 2, 1]])).tolist() == [[[1, 1, 3, 2]]]


def test_only_half_precision_is_lifted():
    assert at_least_float32(torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert at_least_float32(torch.zeros(1, dtype=torch.float16)).dtype == torch.float32
    assert at_least_float32(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64
