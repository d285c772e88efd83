"""The fast form of a model is the model: every decoder, streams and batches."""

import copy

import pytest
import torch
from torch import nn

from vits.layers import channels_last
from vits.layers.channels_last import ChannelsLastConv
from vits.layers.stage import ResidualStage
from vits.models import fast
from vits.models.batched_decoding import decode_batched
from vits.models.fast import make_fast
from vits.models.streaming import decode_in_chunks

LENGTHS = [1, 60, 13, 33]


@pytest.fixture(params=["AVX2", "AVX512"])
def processor(request, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)


@pytest.fixture
def in_pieces(monkeypatch):
    """Pieces of some frames in place of seconds."""
    monkeypatch.setattr(fast, "PIECE", 400)


def to_noise(signal, other):
    """Signal over the difference, in decibels."""
    return float(10 * torch.log10(signal.square().sum() / (signal - other).square().sum()))


@pytest.mark.parametrize("n_speakers", [1, 2])
def test_float32_is_the_plain_model(make_model, draw, decoder, n_speakers, processor, in_pieces):
    plain = make_model(decoder, n_speakers).float()
    model = copy.deepcopy(plain)
    make_fast(model)
    kinds = [type(module) for module in model.decoder.modules()]
    assert ChannelsLastConv in kinds
    assert nn.Conv1d not in kinds
    assert nn.ConvTranspose1d not in kinds
    for n_frames in LENGTHS:
        drawn = draw(model, n_frames, n_speakers - 1)
        expected, found = plain.decode(drawn)[0], model.decode(drawn)[0]
        assert found.dtype == torch.float32
        assert found.shape == expected.shape
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_lengths_are_the_plain_models(make_model, processor):
    plain = make_model("hifigan 1")
    model = copy.deepcopy(plain)
    make_fast(model)
    ids, lengths = torch.randint(0, plain.config.n_symbols, (2, 23)), torch.tensor([23, 9])
    noise = torch.randn(2, 2, 23, dtype=torch.float64)
    with torch.inference_mode():
        for rows in (slice(0, 2), slice(0, 1)):  # with padding, and without
            expected, found = (
                part.encode(ids[rows], lengths[rows], None) for part in (plain, model)
            )
            torch.testing.assert_close(found.hidden, expected.hidden, rtol=0, atol=1e-12)
            log_durations = [
                part.duration_predictor.predict(text.hidden, text.mask, noise=noise[rows])
                for part, text in ((plain, expected), (model, found))
            ]
            torch.testing.assert_close(*log_durations, rtol=0, atol=1e-10)


def test_a_part_can_still_be_replaced(make_model):
    model = make_model("hifigan 1")
    make_fast(model)
    model.decoder.post = nn.Identity()
    assert model.decoder.post is model.decoder._modules["post"]
    assert isinstance(model.decoder.post, nn.Identity)


@pytest.mark.parametrize("n_speakers", [1, 2])
def test_streams_and_batches_are_the_whole(make_model, draw, decoder, n_speakers, in_pieces):
    model = make_model(decoder, n_speakers)
    make_fast(model)
    context = model.decoder.context
    lengths = [3, 2 * context + 9, context, 2 * context + 5]
    draws = [draw(model, n_frames, i % n_speakers) for i, n_frames in enumerate(lengths)]
    for drawn, together in zip(draws, decode_batched(model, draws), strict=True):
        whole, _ = model.decode(drawn)
        joined = torch.cat(list(decode_in_chunks(model, drawn, [5, 11, 20])), dim=2)
        limit = 1e-10 * whole.abs().max()  # float64
        assert joined.shape == together.shape == whole.shape
        assert (joined - whole).abs().max() <= limit
        assert (together - whole).abs().max() <= limit


@pytest.mark.parametrize("instructions", [True, False])
def test_bfloat16_is_close_and_rounds_flow_and_decoder(
    make_model, draw, decoder, instructions, monkeypatch
):
    monkeypatch.setattr(channels_last, "computes_bf16", lambda: instructions)
    plain = make_model(decoder, 2).float()
    model = copy.deepcopy(plain)
    make_fast(model, bf16=True)
    drawn = draw(model, 40, 1)
    expected, found = plain.decode(drawn)[0], model.decode(drawn)[0]
    assert found.dtype == torch.float32
    assert 25 < to_noise(expected, found) < 100  # exponents amplify what tiny random models round
    given = (drawn.mask, drawn.conditioning)
    with torch.no_grad():
        flow = [part.prior_flow.inverse(drawn.z, *given) for part in (plain, model)]
        wave = [part.decoder(flow[0], drawn.conditioning) for part in (plain, model)]
    assert flow[1].dtype == torch.float32
    assert 35 < to_noise(*flow) < 100
    assert 25 < to_noise(*wave) < 100


def test_what_decides_lengths_and_what_ends_in_the_wave_stays_float32(make_model, decoder):
    model = make_model(decoder).float()
    make_fast(model, bf16=True)
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if not name.startswith(("decoder.", "prior_flow.")):
            assert value.dtype == torch.float32, name
    types = {name: part.dtype for name, part in model.named_modules() if hasattr(part, "computed")}
    assert types["decoder.pre"] == torch.bfloat16
    assert types["prior_flow.couplings.0.wavenet.gates.0"] == torch.bfloat16
    for name in ("decoder.post", "decoder.mixing"):
        assert types.get(name, torch.float32) == torch.float32


def test_on_other_processors_nothing_changes_unless_asked(make_model, draw, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    model = make_model("hifigan 1")
    before = [type(part) for part in model.modules()]
    make_fast(model)
    assert [type(part) for part in model.modules()] == before


def test_a_stage_sees_no_more_than_its_reach(make_model):
    model = make_model("hifigan 1")
    for stage in model.decoder.blocks:
        assert isinstance(stage, ResidualStage)
        middle = stage.reach + 3
        channels = stage[0].plain[0].weight.shape[0]
        x = torch.randn(1, channels, 2 * middle + 1, dtype=torch.float64, requires_grad=True)
        stage(x)[..., middle].square().sum().backward()
        touched = x.grad[0].abs().sum(0).nonzero()[:, 0]
        assert (int(touched.min()), int(touched.max())) == (3, 2 * middle - 3)


@pytest.mark.parametrize("size", [1, 7, 30, 100])
def test_pieces_join_to_the_whole_in_any_order_of_memory(make_model, size):
    stage = make_model("hifigan 2").decoder.blocks[0]
    channels = stage[0].dilated[0].weight.shape[0]
    with torch.no_grad():
        for x in (
            torch.randn(2, channels, 95, dtype=torch.float64),
            torch.randn(2, 95, channels, dtype=torch.float64).mT,
        ):
            stage.piece = 0
            whole = stage(x)
            stage.piece = size * channels
            assert (stage(x) - whole).abs().max() <= 1e-12 * whole.abs().max()


@pytest.mark.parametrize("options", [{}, {"output_padding": 1}, {"bias": False}, {"groups": 2}])
def test_transposed_convolutions_keep_all_their_options(options):
    plain = nn.ConvTranspose1d(4, 6, 6, 3, padding=1, **options).double()
    x = torch.randn(2, 4, 11, dtype=torch.float64)
    found = ChannelsLastConv(plain, torch.float64)(x)
    torch.testing.assert_close(found, plain(x), rtol=1e-12, atol=1e-12)
    assert found.mT.is_contiguous()


@pytest.mark.parametrize("options", [{}, {"bias": False}])
@pytest.mark.parametrize("length", [1, 5, 40])
def test_short_dilated_convolutions_are_sums_of_products(options, length, monkeypatch):
    plain = nn.Conv1d(4, 6, 5, dilation=3, padding=6, **options)
    x = torch.randn(1, 4, length)
    fast_form = ChannelsLastConv(plain, torch.float32)
    summed = []
    products = ChannelsLastConv._sum_products
    monkeypatch.setattr(
        ChannelsLastConv, "_sum_products", lambda *a: summed.append(1) or products(*a)
    )
    torch.testing.assert_close(fast_form(x), plain(x), rtol=1e-5, atol=1e-6)
    assert summed == [1]
    monkeypatch.setattr(channels_last, "SHORT", 0)
    torch.testing.assert_close(fast_form(x), plain(x), rtol=1e-5, atol=1e-6)
    assert summed == [1]
