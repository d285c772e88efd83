"""All forms of a convolution give torch's values and gradients."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import vits.fast.convolve as convolve_module
from vits.fast.convolve import Form, choose_form, convolve, run_convolution

FORMS = [
    Form(products=True),
    Form(folded=True),
    Form(mirrored=True),
    Form(folded=True, mirrored=True),
    Form(products=True, folded=True, mirrored=True),
]


def gradients(y, *inputs):
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y).contiguous()
    return torch.autograd.grad((y * weights).sum(), inputs)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("taps", "dilation", "length"), [(3, 1, 7), (5, 3, 20), (11, 5, 33)])
@pytest.mark.parametrize("biased", [True, False])
def test_same_convolutions_are_torchs(form, taps, dilation, length, biased):
    torch.manual_seed(0)
    x = torch.randn(2, 4, length, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 4, taps, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(6, dtype=torch.float64, requires_grad=True) if biased else None
    options = {"padding": dilation * (taps // 2), "dilation": dilation}
    inputs = (x, weight, bias) if biased else (x, weight)
    expected = functional.conv1d(x, weight, bias, **options)
    found = convolve(x, weight, bias, **options, form=form)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, *inputs), gradients(expected, *inputs))
    doubled = convolve(x, weight, bias, **options, form=form).mul_(2)  # may be changed in place
    torch.testing.assert_close(doubled, 2 * expected)
    with torch.no_grad():
        torch.testing.assert_close(convolve(x, weight, bias, **options, form=form), expected)


@pytest.mark.parametrize("stride", [1, 3])
def test_products_over_rows_and_strides_are_torchs(stride):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 5, 22, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 3, 5, dtype=torch.float64, requires_grad=True)
    expected = functional.conv2d(x, weight.unsqueeze(2), None, (1, stride), (0, 2))
    found = convolve(x, weight, stride=stride, padding=2, form=Form(products=True))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradients(found, x, weight), gradients(expected, x, weight))


@pytest.mark.parametrize("form", FORMS)
def test_only_what_wants_a_gradient_gets_one(form):
    x, weight = torch.randn(1, 2, 12), torch.randn(2, 2, 3)
    for wanting in (x, weight):
        wanting.requires_grad_()
        convolve(x, weight, padding=2, dilation=2, form=form).sum().backward()
        assert wanting.grad is not None
        wanting.requires_grad_(False).grad = None
    assert x.grad is None


@pytest.fixture
def avx2(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")


def chosen(n_out, n_in, taps, *, length=400, stride=1, dilation=1):
    x, weight = torch.empty(1, n_in, 1, length), torch.empty(n_out, n_in, taps)
    return choose_form(x, weight, stride, dilation * (taps // 2), dilation)


@pytest.mark.usefixtures("avx2")
def test_the_form_follows_the_shapes():
    assert chosen(384, 192, 5) == chosen(1024, 1024, 5) == Form(tiled=True)
    assert chosen(1024, 512, 5, stride=3) == chosen(512, 128, 5, stride=3) == Form(products=True)
    assert chosen(1024, 1024, 7) == chosen(512, 256, 3) == Form(products=True)
    assert chosen(1024, 1024, 5, length=100) == Form(products=True)  # too few for the transforms
    assert chosen(1024, 1024, 1) == chosen(128, 128, 3, dilation=3) == Form()
    assert chosen(64, 64, 7, dilation=3) == Form(folded=True)
    assert chosen(64, 64, 11, dilation=3) == Form(folded=True, mirrored=True)
    assert chosen(64, 64, 11) == Form(mirrored=True)
    assert chosen(64, 64, 11, stride=2) == Form()


def test_torchs_form_is_kept_with_avx512(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert chosen(64, 64, 11, dilation=3) == Form()
    assert chosen(1024, 1024, 5) == Form(tiled=True)
    assert chosen(1024, 512, 5, stride=3) == Form(products=True)


@pytest.mark.parametrize("computes", [True, False])
def test_mixed_precision_knows_products_only(monkeypatch, computes):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr(convolve_module, "computes_bf16", lambda: computes)
    with torch.autocast("cpu", torch.bfloat16):
        assert chosen(1024, 1024, 5) == chosen(512, 128, 5, stride=3) == Form(products=computes)
        assert chosen(384, 192, 5) == chosen(64, 64, 11, dilation=3) == Form()
        convolution = nn.Conv1d(3, 4, 11, padding=5)
        assert run_convolution(convolution, torch.randn(1, 3, 20)).dtype is torch.bfloat16


def test_products_in_mixed_precision_round_as_torch_does():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 8, 3, 22, requires_grad=True), torch.randn(6, 8, 5)
    bias = torch.randn(6, requires_grad=True)
    inputs = (x, weight.requires_grad_(), bias)
    with torch.autocast("cpu", torch.bfloat16):
        expected = functional.conv2d(x, weight.unsqueeze(2), bias, (1, 3), (0, 2))
        found = convolve(x, weight, bias, stride=3, padding=2, form=Form(products=True))
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found, expected)
    for one, other in zip(gradients(found, *inputs), gradients(expected, *inputs), strict=True):
        assert one.dtype is torch.float32
        assert (one - other).norm() < 1e-2 * other.norm()  # bfloat16 has three digits


def test_a_compiled_graph_holds_torchs_form():
    convolution = nn.Conv1d(160, 512, 3, padding=1)
    program = torch.export.export(_Runs(convolution), (torch.randn(1, 160, 8),))
    assert "conv1d" in str(program.graph)


class _Runs(nn.Module):
    def __init__(self, convolution):
        super().__init__()
        self.convolution = convolution

    def forward(self, x):
        return run_convolution(self.convolution, x)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_module_gives_what_it_would_itself(groups):
    convolution = nn.Conv1d(4, 6, 11, stride=2, padding=3, dilation=2, groups=groups)
    x = torch.randn(2, 4, 50)
    torch.testing.assert_close(run_convolution(convolution, x), convolution(x))
