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
    x = torch.randn(1, length, channels, dtype=torch.float64)
    depth = channels // heads
    layers = (layer.query, layer.key, layer.value)
    q, k, v = (f(x.mT)[0].reshape(heads, depth, length) for f in layers)
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
    expected = layer.output(out.reshape(1, channels, length)).mT
    torch.testing.assert_close(layer(x, None), expected)
    torch.testing.assert_close(layer(x, torch.zeros(1, 1, length).bool()), expected)


def test_padding_changes_nothing():
    encoder = TransformerEncoder(8, 16, 2, 2, 3, 0.0, 4).eval()
    x = torch.randn(2, 8, 9)
    mask = torch.ones(2, 1, 9)
    mask[1, :, 6:] = 0
    together = encoder(x, mask)
    alone = encoder(x[1:, :, :6], torch.ones(1, 1, 6))
    torch.testing.assert_close(together[1:, :, :6], alone, atol=1e-5, rtol=0)
    assert not together[1, :, 6:].any()


@pytest.mark.parametrize("n", [1, 2, 4, 5, 30])
@pytest.mark.parametrize("joined", [False, True])
def test_without_gradients_the_values_are_the_same(n, joined):
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2, 4, dropout=0.0).double()
    x, padding = torch.randn(2, n, 8, dtype=torch.float64), torch.zeros(2, 1, n).bool()
    padding[1, :, (n + 1) // 2 :] = True
    expected, whole = attention(x, padding), attention(x, None)
    if joined:
        attention.join()
    for mode in (torch.no_grad(), torch.inference_mode()):
        with mode:
            torch.testing.assert_close(attention(x, padding), expected, rtol=0, atol=1e-12)
            torch.testing.assert_close(attention(x, None), whole, rtol=0, atol=1e-12)


def test_joining_draws_nothing():
    attention, state = RelativeAttention(8, 2, 4, dropout=0.0), torch.random.get_rng_state()
    attention.join()
    assert torch.equal(torch.random.get_rng_state(), state)
