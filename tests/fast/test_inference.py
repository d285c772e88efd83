"""A model optimized for inference is the model: every decoder, streams, batches, new weights."""

import copy

import pytest
import torch
from torch import nn

from vits.fast import decoders, optimize_for_inference, optimize_for_training, packed
from vits.fast.decoders import PiecewiseResidualStage
from vits.fast.packed import PackedConv1d, PackedConvTranspose1d
from vits.models.batched_decoding import decode_batched
from vits.models.decoder_streaming import partial_decoder
from vits.models.streaming import decode_in_chunks

LENGTHS = [1, 60, 13, 33]


@pytest.fixture(params=["AVX2", "AVX512"])
def cpu(request, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)


@pytest.fixture
def in_pieces(monkeypatch):
    """Pieces of some frames in place of seconds."""
    monkeypatch.setattr(decoders, "PIECE", 400)


def to_noise(signal, other):
    """Signal over the difference, in decibels."""
    return float(10 * torch.log10(signal.square().sum() / (signal - other).square().sum()))


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.slow
def test_float32_is_the_plain_model(make_model, draw, decoder, n_speakers, cpu, in_pieces):
    plain = make_model(decoder, n_speakers).float()
    model = copy.deepcopy(plain)
    assert optimize_for_inference(model) is model
    kinds = [type(module) for module in model.decoder.modules()]
    assert PackedConv1d in kinds
    assert nn.Conv1d not in kinds
    assert nn.ConvTranspose1d not in kinds
    for n_frames in LENGTHS:
        drawn = draw(model, n_frames, n_speakers - 1)
        expected, found = plain.decode(drawn)[0], model.decode(drawn)[0]
        assert found.dtype == torch.float32
        assert found.shape == expected.shape
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("optimize", [optimize_for_training, optimize_for_inference])
def test_lengths_are_the_plain_models(make_model, cpu, optimize):
    plain = make_model("hifigan 1")
    model = copy.deepcopy(plain)
    optimize(model)
    ids, lengths = torch.randint(0, plain.config.n_symbols, (2, 23)), torch.tensor([23, 9])
    noise = torch.randn(2, 2, 23, dtype=torch.float64)
    with torch.inference_mode():
        for items in (slice(0, 2), slice(0, 1)):  # with padding, and without
            expected, found = (
                part.encode(ids[items], lengths[items], None) for part in (plain, model)
            )
            torch.testing.assert_close(found.hidden, expected.hidden, rtol=0, atol=1e-12)
            log_durations = [
                part.duration_predictor.predict(text.hidden, text.mask, noise=noise[items])
                for part, text in ((plain, expected), (model, found))
            ]
            torch.testing.assert_close(*log_durations, rtol=0, atol=1e-10)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.slow
def test_new_precision_and_new_weights_take_effect(make_model, draw, decoder, precision):
    model = make_model(decoder).float()
    optimize_for_inference(model, precision)
    drawn = draw(model.double(), 9)
    before, _ = model.decode(drawn)
    assert before.dtype == torch.float64
    state = model.state_dict()
    assert all(v.dtype == torch.float64 for v in state.values() if v.is_floating_point())
    model.load_state_dict({name: torch.zeros_like(value) for name, value in state.items()})
    after, _ = model.decode(drawn)
    assert before.any()
    assert not after.any() or "convnext" in decoder or "istft" in decoder or "multi" in decoder
    for name, parameter in model.named_parameters():
        assert not parameter.any(), name
    ids = torch.tensor([[1, 2, 3]])
    assert not model.encode(ids, torch.tensor([3]), None).hidden.any()


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.slow
def test_loaded_weights_compute_what_the_plain_model_computes_with_them(
    make_model, draw, decoder, assign
):
    first, second = make_model(decoder, 2), make_model(decoder, 2)
    for parameter in second.parameters():
        nn.init.normal_(parameter, 0, 0.2)
    model = optimize_for_inference(first)
    state, own = second.state_dict(), model.state_dict()
    assert [(n, v.shape) for n, v in own.items()] == [(n, v.shape) for n, v in state.items()]
    model.load_state_dict(state, assign=assign)
    drawn = draw(second, 21, 1)
    expected, found = second.decode(drawn)[0], model.decode(drawn)[0]
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    ids, lengths = torch.tensor([[1, 2, 3, 4]]), torch.tensor([4])
    one, other = (part.encode(ids, lengths, None).hidden for part in (second, model))
    torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-11)
    again = copy.deepcopy(model)
    assert torch.equal(again.decode(drawn)[0], found)


@pytest.mark.slow
def test_rounded_weights_stay_rounded(make_model, decoder):
    model = make_model(decoder).float()
    exact = {name: value.clone() for name, value in model.state_dict().items()}
    optimize_for_inference(model, "bf16")
    rounded = {name: value.clone() for name, value in model.state_dict().items()}
    assert any(not torch.equal(rounded[name].to(v.dtype), v) for name, v in exact.items())
    model.load_state_dict(exact)
    for name, value in model.state_dict().items():
        assert torch.equal(value, rounded[name]), name


def assert_no_operation_of_its_own(model, name, operations):
    plain, fast = getattr(model, name), getattr(optimize_for_inference(copy.deepcopy(model)), name)
    x = {"text_encoder": (torch.tensor([[1, 2, 3]]), torch.tensor([3]))}
    values = x.get(name, (torch.randn(1, 6, 9), torch.ones(1, 1, 9))[: 1 + (name == "prior_flow")])
    graphs = [operations(form, tuple(values)) for form in (plain, fast)]
    # of the joined products of attention
    views = ("slice", "unsqueeze", "select", "Constant", "ListConstruct")
    one, other = ([op for op in graph if not any(v in op for v in views)] for graph in graphs)
    assert other == one


@pytest.mark.slow
def test_the_traced_decoder_has_no_operation_of_its_own(make_model, decoder, operations):
    assert_no_operation_of_its_own(make_model(decoder).float(), "decoder", operations)


@pytest.mark.parametrize("name", ["text_encoder", "prior_flow"])
@pytest.mark.slow
def test_the_traced_graph_has_no_operation_of_its_own(make_model, name, operations):
    assert_no_operation_of_its_own(make_model("convnext").float(), name, operations)


def test_an_unknown_precision_is_refused(make_model):
    with pytest.raises(ValueError, match="precision 'half' must be fp32 or bf16"):
        optimize_for_inference(make_model("hifigan 1"), "half")


def test_a_part_can_still_be_replaced(make_model):
    model = optimize_for_inference(make_model("hifigan 1"))
    model.decoder.post = nn.Identity()
    assert model.decoder.post is model.decoder._modules["post"]
    assert isinstance(model.decoder.post, nn.Identity)
    model.decoder.add_module("pre", nn.Identity())
    assert isinstance(model.decoder.pre, nn.Identity)


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.slow
def test_streams_and_batches_are_the_whole(make_model, draw, decoder, n_speakers, in_pieces):
    model = optimize_for_inference(make_model(decoder, n_speakers))
    radius = partial_decoder(model.decoder).receptive_radius
    lengths = [3, 2 * radius + 9, max(radius, 1), 2 * radius + 5]
    samples = [draw(model, n_frames, i % n_speakers) for i, n_frames in enumerate(lengths)]
    for sample, batched in zip(samples, decode_batched(model, samples), strict=True):
        whole, _ = model.decode(sample)
        joined = torch.cat(list(decode_in_chunks(model, sample, [5, 11, 20])), dim=2)
        limit = 1e-10 * whole.abs().max()  # float64
        assert joined.shape == batched.shape == whole.shape
        assert (joined - whole).abs().max() <= limit
        assert (batched - whole).abs().max() <= limit


@pytest.mark.parametrize("instructions", [True, False])
@pytest.mark.slow
def test_bfloat16_is_close_and_rounds_flow_and_decoder(
    make_model, draw, decoder, instructions, monkeypatch
):
    monkeypatch.setattr(packed, "computes_bf16", lambda: instructions)
    plain = make_model(decoder, 2).float()
    model = optimize_for_inference(copy.deepcopy(plain), "bf16")
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


@pytest.mark.slow
def test_what_decides_lengths_and_what_ends_in_the_wave_stays_float32(make_model, decoder):
    model = optimize_for_inference(make_model(decoder).float(), "bf16")
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if not name.startswith(("decoder.", "prior_flow.")):
            assert value.dtype == torch.float32, name
    kinds = {name: part.rounded for name, part in model.named_modules() if hasattr(part, "rounded")}
    assert kinds["decoder.pre"] == torch.bfloat16
    assert kinds["prior_flow.couplings.0.wavenet.gates.0"] == torch.bfloat16
    for name in ("decoder.post", "decoder.mixing"):
        assert kinds.get(name) is None
    assert kinds["text_encoder.encoder.feed_forwards.0.conv_1"] is None


def test_on_other_cpus_only_the_modules_of_training_are_replaced(make_model, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    model, other = make_model("hifigan 1"), make_model("hifigan 1")
    optimize_for_inference(model)
    optimize_for_training(other)
    assert [type(part) for part in model.modules()] == [type(part) for part in other.modules()]


def test_a_stage_depends_on_no_more_than_its_radius(make_model):
    for stage in make_model("hifigan 1").decoder.blocks:
        middle = stage.receptive_radius + 3
        channels = stage[0].plain[0].weight.shape[0]
        x = torch.randn(1, channels, 2 * middle + 1, dtype=torch.float64, requires_grad=True)
        stage(x)[..., middle].square().sum().backward()
        touched = x.grad[0].abs().sum(0).nonzero()[:, 0]
        assert (int(touched.min()), int(touched.max())) == (3, 2 * middle - 3)


@pytest.mark.parametrize("size", [1, 7, 30, 100])
def test_pieces_join_to_the_whole_in_any_order_of_memory(make_model, size, monkeypatch):
    stage = optimize_for_inference(make_model("hifigan 2")).decoder.blocks[0]
    assert isinstance(stage, PiecewiseResidualStage)
    channels = stage[0].dilated[0].weight.shape[0]
    with torch.no_grad():
        for x in (
            torch.randn(2, channels, 95, dtype=torch.float64),
            torch.randn(2, 95, channels, dtype=torch.float64).mT,
        ):
            monkeypatch.setattr(decoders, "PIECE", 95 * channels)
            whole = stage(x)
            monkeypatch.setattr(decoders, "PIECE", size * channels)
            assert (stage(x) - whole).abs().max() <= 1e-12 * whole.abs().max()


@pytest.mark.parametrize("options", [{}, {"output_padding": 1}, {"bias": False}, {"groups": 2}])
def test_transposed_convolutions_keep_all_their_options(options):
    plain = nn.ConvTranspose1d(4, 6, 6, 3, padding=1, **options).double()
    x = torch.randn(2, 4, 11, dtype=torch.float64)
    form = packed.pack(copy.deepcopy(plain))
    assert type(form) is PackedConvTranspose1d
    found = form(x)
    torch.testing.assert_close(found, plain(x), rtol=1e-12, atol=1e-12)
    assert found.mT.is_contiguous()


@pytest.mark.parametrize("options", [{}, {"bias": False}])
@pytest.mark.parametrize("length", [1, 5, 40])
def test_short_dilated_convolutions_are_sums_of_products(options, length, monkeypatch):
    plain = nn.Conv1d(4, 6, 5, dilation=3, padding=6, **options)
    x = torch.randn(1, 4, length)
    form = packed.pack(copy.deepcopy(plain))
    summed = []
    products = packed._sum_of_products
    monkeypatch.setattr(packed, "_sum_of_products", lambda *a: summed.append(1) or products(*a))
    torch.testing.assert_close(form(x), plain(x), rtol=1e-5, atol=1e-6)
    assert summed == [1]
    monkeypatch.setattr(packed, "SHORT", 0)
    torch.testing.assert_close(form(x), plain(x), rtol=1e-5, atol=1e-6)
    assert summed == [1]
