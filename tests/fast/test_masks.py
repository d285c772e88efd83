"""A mask of ones is skipped only where its values may be read."""

import torch

from vits.fast.masks import apply_mask, mask_if_padded

ONES, PADDED = torch.ones(1, 1, 3), torch.tensor([[[1.0, 1.0, 0.0]]])


def test_a_mask_of_ones_is_not_needed_without_gradients():
    with torch.no_grad():
        assert mask_if_padded(ONES) is None
        assert mask_if_padded(PADDED) is PADDED
        assert mask_if_padded(None) is None
    assert mask_if_padded(ONES) is ONES


def test_a_traced_graph_keeps_the_mask():
    class Masks(torch.nn.Module):
        def forward(self, x, mask):
            return apply_mask(x, mask_if_padded(mask))

    with torch.no_grad():
        traced = torch.export.export(Masks(), (torch.ones(1, 2, 3), ONES))
    assert any("mul" in str(node.target) for node in traced.graph.nodes)
