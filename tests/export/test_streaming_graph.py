"""Parts of a sentence join to the whole wave, and together they cost what the whole costs."""

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from vits.config import VitsConfig
from vits.export.streaming_graph import FlowGraph, StreamingGraph
from vits.models import Vits
from vits.synthesis.api import DEFAULT_VOICE
from vits.synthesis.bundle.read import read_voice
from vits.synthesis.runtime.parts_engine import chunk_sizes

YES, NO = torch.ones(1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)


def run(graph, z, conditioning, sizes, states):
    """Yield the wave of each part."""
    speaker = () if conditioning is None else (conditioning,)
    states = [state.expand(len(z), -1, -1) for state in states]
    last = len(sizes) - 1
    for number, part in enumerate(z.split(sizes, dim=2)):
        ends = YES if number == 0 else NO, YES if number == last else NO
        wave, *states = graph(part, *ends, *speaker, *states)
        yield wave


@pytest.mark.parametrize("name", ["original", "small", "duo", "vits2", "double"])
def test_parts_join_to_the_whole_wave(make_voice, name):
    model = deepcopy(make_voice(name).generator).double()
    model.fold_weight_norm()
    graph = StreamingGraph(deepcopy(model))
    n_frames = 2 * graph.lookahead + 40
    z = torch.randn(2, 8, n_frames, dtype=torch.float64)
    mask, speaker = torch.ones_like(z[:, :1]), None
    if model.config.n_speakers > 1:
        speaker = model.speaker_conditioning(torch.tensor([0, 1]))
    with torch.no_grad():
        whole = model.decoder(model.prior_flow.inverse(z, mask, speaker), speaker)
        if graph.flow is None:
            z = FlowGraph(model)(z, speaker)
        first = graph.lookahead + 1
        for sizes in (
            [n_frames],
            [n_frames - 1, 1],
            [first, 1, 1, 2, n_frames - first - 4],
            [first + 5, 20, n_frames - first - 25],
        ):
            joined = torch.cat(list(run(graph, z, speaker, sizes, graph.states())), dim=2)
            # the inverse transforms of exported graphs compute in float32
            assert joined.shape == whole.shape
            assert (joined - whole).abs().max() <= 1e-5 * whole.abs().max()


@pytest.fixture
def count(monkeypatch):
    """Count the products of all convolutions: an iterator of the total so far."""
    total = [0]

    def counting(name, products):
        convolve = getattr(functional, name)

        def run(x, weight, *rest, **options):
            y = convolve(x, weight, *rest, **options)
            total[0] += products(x, weight, y)
            return y

        monkeypatch.setattr(functional, name, run)

    counting("conv1d", lambda x, weight, y: y.numel() * weight[0].numel())
    counting("conv_transpose1d", lambda x, weight, y: x.numel() * weight[0].numel())
    return lambda waves: [total[0] for _ in waves]


@pytest.mark.parametrize(
    "included",
    [pytest.param(False, id="original", marks=pytest.mark.slow), pytest.param(True, id="included")],
)
def test_chunks_cost_what_the_whole_costs_and_the_first_is_small(count, included):
    config = read_voice(DEFAULT_VOICE).generator.config if included else VitsConfig(n_symbols=10)
    model = Vits(config)
    model.fold_weight_norm()
    graph = StreamingGraph(model).to("meta")  # shapes are enough to count operations
    with torch.device("meta"), torch.no_grad():
        states = graph.states()
        rate = config.audio.sample_rate / config.audio.hop_length
        z = torch.zeros(1, config.latent_channels, round(4 * rate))
        sizes = chunk_sizes(z.shape[2], round(rate / 10), graph.lookahead)
        assert len(sizes) > 2
        (before,) = count([None])
        (after,) = count(run(graph, z, None, [z.shape[2]], states))
        chunks = count(run(graph, z, None, sizes, states))
    whole, chunks = after - before, [total - after for total in chunks]
    assert chunks[-1] == whole
    assert chunks[0] <= 0.15 * whole
