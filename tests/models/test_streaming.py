"""Chunks join to the whole wave: every decoder, one speaker and two, chunks of every size."""

import itertools

import pytest
import torch

from vits.models import streaming
from vits.models.decoder_streaming import partial_decoder
from vits.models.streaming import OVERHEAD, IncrementalInverse, decode_in_chunks, plan_chunks

HOP = 32


def agree(joined, whole):
    assert joined.shape == whole.shape
    return (joined - whole).abs().max() <= 1e-10 * whole.abs().max()  # float64; 1e-5 in float32


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.parametrize("sizes", [[1] * 99, [5, 11, 20, 3], []], ids=len)
@pytest.mark.slow
def test_chunks_join_to_the_whole_wave(make_model, draw, decoder, n_speakers, sizes):
    model = make_model(decoder, n_speakers)
    context = partial_decoder(model.decoder).receptive_radius + model.prior_flow.receptive_radius
    sample = draw(model, 2 * context + 9, n_speakers - 1)
    whole, _ = model.decode(sample)
    chunks = list(decode_in_chunks(model, sample, sizes))
    expected = [size * HOP for size in sizes]
    lengths = [chunk.shape[2] for chunk in chunks]
    assert lengths[:-1] == expected[: len(lengths) - 1]
    assert all(lengths)
    assert agree(torch.cat(chunks, dim=2), whole)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 7])
@pytest.mark.slow
def test_a_sentence_shorter_than_the_context(make_model, draw, decoder, n_frames):
    model = make_model(decoder)
    radius = partial_decoder(model.decoder).receptive_radius
    assert n_frames < radius + model.prior_flow.receptive_radius
    sample = draw(model, n_frames)
    chunks = list(decode_in_chunks(model, sample, [1, 2]))
    assert agree(torch.cat(chunks, dim=2), model.decode(sample)[0])


def test_the_decoder_gets_no_more_than_its_context(make_model, draw, decoder, monkeypatch):
    model = make_model(decoder)
    widths, decode = [], partial_decoder(model.decoder)
    context = decode.receptive_radius
    n_frames = 3 * context

    class Recorder:
        receptive_radius = context

        def __call__(self, z, *rest):
            widths.append(z.shape[2])
            return decode(z, *rest)

    monkeypatch.setattr(streaming, "partial_decoder", lambda _: Recorder())
    list(decode_in_chunks(model, draw(model, n_frames), [context, context]))
    assert widths == [2 * context, 3 * context, 2 * context]


def test_the_incremental_inverse_computes_no_more_than_requested(make_model, draw):
    model = make_model("convnext", 2)
    flow, sample = model.prior_flow, draw(model, 60, 1)
    assert flow.receptive_radius == 3 * (2 + 4)  # couplings x (5 // 2, dilated by 1 and by 2)
    whole = flow.inverse(sample.z, sample.mask, sample.conditioning)
    requested = []
    inner = flow.inverse_step
    flow.inverse_step = lambda step, z, *rest: requested.append(z.shape[2]) or inner(step, z, *rest)
    incremental = IncrementalInverse(flow, sample.z, sample.conditioning)
    assert agree(incremental.up_to(3), whole[..., :3])
    assert requested == [3 + 18, 3 + 12, 3 + 6]
    for stop in (4, 20, 2, 60, 61):
        assert agree(incremental.up_to(stop), whole[..., :stop])


@pytest.mark.parametrize("part", ["wavenet", "coupling", "flow"])
def test_the_context_equals_the_receptive_field_of_gradients(make_model, draw, part):
    flow = make_model("convnext").prior_flow
    coupling = flow.couplings[0]
    layer, call, channels = {
        "wavenet": (coupling.wavenet, coupling.wavenet, 8),
        "coupling": (coupling, coupling.inverse, 6),
        "flow": (flow, flow.inverse, 6),
    }[part]
    middle = layer.receptive_radius + 3
    x = torch.randn(1, channels, 2 * middle + 1, dtype=torch.float64, requires_grad=True)
    call(x, torch.ones_like(x[:, :1]))[..., middle].square().sum().backward()
    touched = x.grad[0].abs().sum(0).nonzero()[:, 0]
    assert (int(touched.min()), int(touched.max())) == (3, 2 * middle - 3)


@pytest.mark.parametrize("n_frames", [1, 2, 33, 34, 35, 200, 625, 861, 2600, 50_000])
@pytest.mark.parametrize("cut", [0, 1, 6, 13, 29, 60])
def test_a_plan_adds_up_to_the_sentence_at_little_overhead(n_frames, cut):
    sizes = plan_chunks(n_frames, cut, 30)
    assert sum(sizes) == n_frames
    assert min(sizes) >= 1
    cuts = len(sizes) - 1
    assert cuts * 2 * cut <= OVERHEAD * n_frames
    assert sizes[0] in (n_frames, max(30, cut))
    assert max(sizes[:-1], default=0) <= max(512, 40 * cut)
    assert max(sizes) <= max(512, 40 * cut)
    if cuts:
        assert sizes[:-1] == sorted(sizes[:-1])
        assert sizes[-1] >= 0.9 * sizes[-2]  # no small remainder


def test_a_long_sentence_starts_with_a_small_chunk_in_the_original_model():
    sizes = plan_chunks(861, 13, 34)  # ten seconds of the LJSpeech model
    assert sizes[0] + 13 <= 0.06 * 861
    assert all(after <= 3 * before for before, after in itertools.pairwise(sizes))
