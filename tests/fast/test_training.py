"""Each fast module is its plain one: values, gradients, parameters, copies and traced graphs."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from vits.fast import optimize_for_training
from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.training import TABLE
from vits.layers.attention import FeedForward, RelativeAttention, TransformerEncoder
from vits.layers.depth_separable import DepthSeparableStack
from vits.layers.flows import SplineCoupling
from vits.layers.masking import sequence_mask
from vits.layers.residual import DoubleResidualBlock, ResidualStage, SingleResidualBlock
from vits.layers.wavenet import WaveNet
from vits.models.decoder import HifiGanDecoder, Stages
from vits.models.discriminators import PeriodDiscriminator, ScaleDiscriminator
from vits.models.durations import (
    AdversarialDurationPredictor,
    DeterministicDurationPredictor,
    StochasticDurationPredictor,
)
from vits.models.istft_decoder import IstftDecoder
from vits.models.outputs import DurationPass
from vits.models.prior_flow import PriorFlow
from vits.models.spectrogram_discriminator import SpectrogramDiscriminator
from vits.models.text_encoder import TextEncoder

LENGTHS = [1, 2, 9, 30]
STAGES = Stages("1", (3, 5), ((1, 3), (1, 2)), (4, 2), (8, 4), 16)
HIDDEN = 16
REGRESSION = {"kernel_size": 3, "dropout": 0.0, "conditioning_channels": 5}


class Case(NamedTuple):
    """A module, and its inputs after the first for a batch of two with a length and a mask."""

    module: nn.Module
    channels: int
    masked: bool = True
    conditioning: tuple[int, ...] = ()  # channels of what is constant over time
    context: int = 0  # channels of what is not


def text_encoder() -> nn.Module:
    sizes = {"filter_channels": 24, "n_heads": 2, "n_layers": 2, "kernel_size": 3}
    return TextEncoder(11, HIDDEN, 6, **sizes, dropout=0.0, window_size=4)


def durations(**options: int | float) -> nn.Module:
    if options:
        sizes = {"kernel_size": 3, "dropout": 0.0, "conditioning_channels": 5, **options}
        return StochasticDurationPredictor(HIDDEN, 12, **sizes)
    return DeterministicDurationPredictor(HIDDEN, 12, **REGRESSION)


def istft() -> nn.Module:
    sizes = {"n_bands": 2, "n_fft": 16, "istft_hop_length": 4, "trainable_filterbank": True}
    return IstftDecoder(6, STAGES, **sizes, conditioning_channels=5)


CASES = {
    WaveNet: lambda: Case(WaveNet(8, 5, 2, 3, 4), 8, conditioning=(4,)),
    TransformerEncoder: lambda: Case(
        TransformerEncoder(
            HIDDEN, 24, 2, 2, 3, 0.0, 4, conditioning_channels=5, conditioned_layer=1
        ),
        HIDDEN,
        conditioning=(5,),
    ),
    RelativeAttention: lambda: Case(RelativeAttention(HIDDEN, 2, 4, 0.0), HIDDEN),
    FeedForward: lambda: Case(FeedForward(HIDDEN, 24, 3, 0.0), HIDDEN),
    DepthSeparableStack: lambda: Case(DepthSeparableStack(8, 3, 3, 0.0), 8, context=8),
    SplineCoupling: lambda: Case(SplineCoupling(4, 8, 3, 2, 5, 3.0), 4, context=8),
    StochasticDurationPredictor: lambda: Case(
        durations(n_flows=2, n_bins=5, tail_bound=3.0), HIDDEN, conditioning=(1, 5)
    ),
    PriorFlow: lambda: Case(
        PriorFlow(
            8, 6, kernel_size=3, dilation_rate=2, n_layers=2, n_flows=2, conditioning_channels=4
        ),
        8,
        conditioning=(4,),
    ),
    DeterministicDurationPredictor: lambda: Case(durations(), HIDDEN, conditioning=(1, 5)),
    AdversarialDurationPredictor: lambda: Case(
        AdversarialDurationPredictor(HIDDEN, 12, **REGRESSION), HIDDEN, conditioning=(1, 5)
    ),
    TextEncoder: lambda: Case(text_encoder(), 0),
    DoubleResidualBlock: lambda: Case(DoubleResidualBlock(8, 5, (1, 3)), 8, masked=False),
    SingleResidualBlock: lambda: Case(SingleResidualBlock(8, 5, (1, 3)), 8, masked=False),
    ResidualStage: lambda: Case(
        ResidualStage([DoubleResidualBlock(8, k, (1, 2)) for k in (3, 7)]), 8, masked=False
    ),
    HifiGanDecoder: lambda: Case(
        HifiGanDecoder(6, STAGES, conditioning_channels=5), 6, masked=False, conditioning=(5,)
    ),
    IstftDecoder: lambda: Case(istft(), 6, masked=False, conditioning=(5,)),
    PeriodDiscriminator: lambda: Case(PeriodDiscriminator(3, (4, 8, 8)), -1, masked=False),
    ScaleDiscriminator: lambda: Case(
        ScaleDiscriminator((4, 8, 8, 8, 8, 8), (1, 4, 4, 4, 4, 1)), -1, masked=False
    ),
    SpectrogramDiscriminator: lambda: Case(SpectrogramDiscriminator(32, 4), -1, masked=False),
}


@pytest.fixture(params=CASES, ids=lambda kind: kind.__name__)
def case(request: pytest.FixtureRequest) -> Case:
    torch.manual_seed(0)
    case = CASES[request.param]()
    for parameter in case.module.parameters():  # nothing starts at zero, which would hide paths
        nn.init.normal_(parameter, 0.0, 0.3)
    return case


def fast_form(module: nn.Module) -> nn.Module:
    return optimize_for_training(copy.deepcopy(module))


def inputs(case: Case, length: int, *, padded: bool, dtype: torch.dtype) -> list[Tensor]:
    lengths = torch.tensor([length, max(1, length // 2) if padded else length])
    mask = sequence_mask(lengths, length).to(dtype)
    if case.channels == 0:
        return [torch.randint(11, (2, length)), lengths]
    if case.channels < 0:
        return [torch.randn(2, 1, 64 * length, dtype=dtype, requires_grad=True)]
    values = [torch.randn(2, case.channels, length, dtype=dtype, requires_grad=True)]
    if case.masked:
        values.append(mask)
    if case.conditioning == (1, 5):  # durations, then the speaker
        values.append(torch.randint(1, 9, (2, 1, length)).to(dtype))
        values.append(torch.randn(2, 5, 1, dtype=dtype))
    elif case.conditioning:
        values.append(torch.randn(2, *case.conditioning, 1, dtype=dtype, requires_grad=True))
    if case.context:
        values.append(torch.randn(2, case.context, length, dtype=dtype, requires_grad=True))
    return values


def flatten(output: object) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    assert isinstance(output, tuple | list)
    return [tensor for part in output if part is not None for tensor in flatten(part)]


def run(module: nn.Module, values: list[Tensor], *, undefined: bool) -> list[Tensor]:
    """Values, then the gradients of inputs and parameters; ``undefined`` in the padding."""
    torch.manual_seed(1)  # of the noise of the duration predictor
    outputs = flatten(module(*values))
    if undefined:
        outputs = [output * values[1] for output in outputs]
    weighted = [o * torch.linspace(-1, 1, o.numel(), dtype=o.dtype).view_as(o) for o in outputs]
    wanted = [value for value in values if value.requires_grad] + list(module.parameters())
    loss = torch.stack([part.sum() for part in weighted]).sum()
    gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [value.detach() for value in [*outputs, *gradients] if value is not None]


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.slow
def test_values_and_gradients_are_the_plain_ones_in_float64(case: Case, length: int, padded: bool):
    plain = case.module.double()
    fast = fast_form(plain)
    undefined = isinstance(plain, RelativeAttention)
    values = inputs(case, length, padded=padded, dtype=torch.float64)
    expected, found = (run(form, values, undefined=undefined) for form in (plain, fast))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)
    with torch.no_grad():
        torch.manual_seed(1)
        outputs = flatten(fast(*values))
        if undefined:
            outputs = [output * values[1] for output in outputs]
    for one, other in zip(outputs, expected, strict=False):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.slow
def test_in_float32_rounding_is_about_that_of_the_plain_one(case: Case):
    values = inputs(case, 30, padded=True, dtype=torch.float32)
    undefined = isinstance(case.module, RelativeAttention)
    exact_values = [
        value.detach().double().requires_grad_(value.requires_grad)
        if value.is_floating_point()
        else value
        for value in values
    ]
    if isinstance(case.module, StochasticDurationPredictor | AdversarialDurationPredictor):
        noise = torch.randn(2, 2, 30)
        forms = [_WithNoise(form, noise) for form in (case.module, fast_form(case.module))]
        exact_form: nn.Module = _WithNoise(copy.deepcopy(case.module).double(), noise.double())
    else:
        forms, exact_form = [case.module, fast_form(case.module)], copy.deepcopy(case.module)
        exact_form.double()
    exact = run(exact_form, exact_values, undefined=undefined)
    plain, fast = (run(form, values, undefined=undefined) for form in forms)
    for one, other, truth in zip(fast, plain, exact, strict=True):
        # sums in another order: a few roundings more, or of other values, than the plain ones
        allowed = 8 * rms(other - truth) + 16 * 2**-24 * rms(truth)
        assert rms(one - truth) <= allowed


class _WithNoise(nn.Module):
    """A predictor whose noise is the same in every precision."""

    def __init__(self, predictor: nn.Module, noise: Tensor) -> None:
        super().__init__()
        self.predictor, self.noise = predictor, noise

    def forward(self, *values: Tensor) -> DurationPass:
        return self.predictor(*values, noise=self.noise)


def rms(x: Tensor) -> float:
    return float(x.double().square().mean().sqrt())


def test_parameters_and_state_are_the_plain_modules(case: Case):
    module = case.module
    parameters = dict(module.named_parameters())
    names = list(module.state_dict())
    fast = optimize_for_training(module)
    assert {name: id(p) for name, p in fast.named_parameters()} == {
        name: id(p) for name, p in parameters.items()
    }
    assert list(fast.state_dict()) == names
    kinds = {type(part) for part in fast.modules()}
    assert not kinds & {*TABLE}
    fast.load_state_dict({name: torch.zeros_like(v) for name, v in fast.state_dict().items()})
    assert not any(parameter.any() for parameter in parameters.values())


@pytest.mark.slow
def test_a_copy_is_independent_and_computes_the_same(case: Case):
    fast = optimize_for_training(case.module)
    values = inputs(case, 9, padded=True, dtype=torch.float32)
    twin = copy.deepcopy(fast)
    undefined = isinstance(fast, RelativeAttention)
    expected, found = (run(form, values, undefined=undefined) for form in (fast, twin))
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
    for parameter in fast.parameters():
        parameter.data.zero_()
    assert any(parameter.any() for parameter in twin.parameters())


@pytest.mark.slow
def test_the_traced_graph_is_the_plain_one(case: Case, operations: Callable[..., list[str]]):
    values = tuple(v.detach() for v in inputs(case, 9, padded=True, dtype=torch.float32))
    assert operations(fast_form(case.module).eval(), values) == operations(
        case.module.eval(), values
    )


def test_every_fast_module_has_a_case():
    assert {*TABLE} - {*CASES} == {nn.Dropout}


def test_convolutions_over_symbols_are_channels_last_and_no_others():
    encoder, wavenet = (
        optimize_for_training(text_encoder()),
        optimize_for_training(WaveNet(8, 5, 2, 3)),
    )
    assert type(encoder.projection) is ChannelsLastConv1d
    assert nn.Conv1d not in {type(part) for part in encoder.modules()}
    assert ChannelsLastConv1d not in {type(part) for part in wavenet.modules()}


def test_a_second_call_changes_nothing():
    network = nn.Sequential(WaveNet(8, 5, 2, 3), text_encoder())
    once = [id(part) for part in optimize_for_training(network).modules()]
    assert [id(part) for part in optimize_for_training(network).modules()] == once
