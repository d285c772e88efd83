"""Relative attention against its definition, written as plain loops."""

import math

import pytest
import torch

from vits.layers.attention import RelativeAttention, TransformerEncoder


@pytest.mark.parametrize("length", [1, 2, 4, 5, 11])
def test_relative_attention_equals_its_definition(length: int):
    torch.manual_seed(length)
    heads, window, channels = 2, 3, 8
    layer = RelativeAttention(channels, heads, window, dropout=0.0).double()
    x = torch.randn(1, channels, length, dtype=torch.float64)
    depth = channels // heads
    layers = (layer.query, layer.key, layer.value)
    q, k, v = (f(x)[0].reshape(heads, depth, length) for f in layers)
    out = torch.zeros(heads, depth, length, dtype=torch.float64)
    for h in range(heads):
        for i in range(length):
            scores = []
            for j in range(length):
                key = k[h, :, j].clone()
                if abs(j - i) <= window:
                    key += layer.relative_key[0, j - i + window]
                scores.append(q[h, :, i] @ key / math.sqrt(depth))
            weights = torch.softmax(torch.stack(scores), 0)
            for j in range(length):
                value = v[h, :, j].clone()
                if abs(j - i) <= window:
                    value += layer.relative_value[0, j - i + window]
                out[h, :, i] += weights[j] * value
    expected = layer.output(out.reshape(1, channels, length))
    torch.testing.assert_close(layer(x, torch.ones(1, 1, length)), expected)


def test_padding_changes_nothing():
    encoder = TransformerEncoder(8, 16, 2, 2, 3, 0.0, 4).eval()
    x = torch.randn(2, 8, 9)
    mask = torch.ones(2, 1, 9)
    mask[1, :, 6:] = 0
    together = encoder(x, mask)
    alone = encoder(x[1:, :, :6], torch.ones(1, 1, 6))
    torch.testing.assert_close(together[1:, :, :6], alone, atol=1e-5, rtol=0)
    assert not together[1, :, 6:].any()
