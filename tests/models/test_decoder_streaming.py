"""Partial decoding of every decoder: receptive field, equality with the whole, cost of a cut."""

import pytest
import torch
from torch import Tensor, nn

from vits.layers.convnext import ConvNextBlock
from vits.layers.receptive_field import Span
from vits.layers.residual import ResidualStage
from vits.models.decoder_streaming import PartialDecoder, partial_decoder
from vits.models.decoders import Decoder

HOP, LATENT, SPEAKER = 32, 6, 4


@pytest.fixture
def whole(make_model, decoder) -> Decoder:
    return make_model(decoder, 2).decoder


@pytest.fixture
def part(whole: Decoder) -> PartialDecoder:
    return partial_decoder(whole)


def draw(n_frames: int, n_items: int = 1) -> tuple[Tensor, Tensor]:
    z = torch.randn(n_items, LATENT, n_frames, dtype=torch.float64)
    return z, torch.randn(n_items, SPEAKER, 1, dtype=torch.float64)


@pytest.mark.slow
def test_samples_depend_on_the_receptive_field_and_on_nothing_else(whole, part):
    radius = part.receptive_radius
    middle, n_frames = radius + 3, 2 * radius + 7
    z, speaker = draw(n_frames)
    z.requires_grad_()
    whole(z, speaker)[..., middle * HOP : (middle + 1) * HOP].square().sum().backward()
    assert z.grad is not None
    touched = z.grad[0].abs().sum(0).nonzero()[:, 0]
    reach = (middle - int(touched.min()), int(touched.max()) - middle)
    assert max(reach) == radius  # no frame more, and none for nothing
    assert min(reach) >= radius - 1


@pytest.mark.parametrize("place", ["start", "middle", "end"])
@pytest.mark.slow
def test_a_slice_with_its_context_decodes_to_the_same_samples(whole, part, place: str):
    radius = part.receptive_radius
    n_frames = 2 * radius + 12
    first = {"start": 1, "middle": radius + 3, "end": n_frames - 6}[place]
    last = first + 5
    z, speaker = draw(n_frames)
    wave = whole(z, speaker)
    begin = max(0, first - radius)
    piece = whole(z[..., begin : last + radius], speaker)
    cut = piece[..., (first - begin) * HOP : (last - begin) * HOP]
    error = (cut - wave[..., first * HOP : last * HOP]).abs().max()
    assert error < 1e-10 * wave.abs().max()  # 1e-5 in float32


@pytest.mark.parametrize("place", ["start", "middle", "end", "all"])
@pytest.mark.slow
def test_a_part_is_that_part_of_the_whole(whole, part, place: str):
    n_frames, middle = 2 * part.receptive_radius + 12, part.receptive_radius + 3
    parts = {"start": (0, 4), "middle": (middle, middle), "end": (n_frames - 3, n_frames - 1)}
    span = Span(*parts.get(place, (0, n_frames - 1)))
    z, speaker = draw(n_frames)
    wave = whole(z, speaker)
    found = part(z, span, speaker)
    wanted = wave[..., span.first * HOP : (span.last + 1) * HOP]
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < 1e-10 * wave.abs().max()  # 1e-5 in float32


def test_a_cut_costs_what_it_says(whole, part):
    """Count the products of all stages for one frame, and those beyond its own."""
    done = [0.0]
    kinds = (ResidualStage, ConvNextBlock)
    for stage in (module for module in whole.modules() if isinstance(module, kinds)):
        stage.register_forward_hook(lambda _, xs, __: done.append(xs[0][0].numel() * len(xs[0][0])))

    def products(n_frames: int, first: int, last: int) -> float:
        done.clear()
        part(draw(n_frames)[0], Span(first, last), draw(1)[1])
        return sum(done)

    radius = part.receptive_radius
    n_frames = 2 * radius + 1
    alone = products(n_frames, 0, n_frames - 1) / n_frames
    more = products(n_frames, radius, radius) / alone - 1
    assert 2 * (part.cut_cost - 1) - 1 < more <= 2 * part.cut_cost


def test_padding_changes_nothing_beyond_the_receptive_field(whole, part):
    n_frames = part.receptive_radius + 6
    z, speaker = draw(n_frames, 2)
    alone = whole(z, speaker)
    padded = whole(nn.functional.pad(z, (0, 9)), speaker)
    same = slice(0, (n_frames - part.receptive_radius) * HOP)
    torch.testing.assert_close(padded[..., same], alone[..., same], rtol=1e-9, atol=1e-12)
