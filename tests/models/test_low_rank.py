"""Differences of low rank: nothing at first, what they add, and the names of weights."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from vits.models.low_rank import LowRank, add_difference, learn_difference, load_plain, split_state


def network():
    torch.manual_seed(2)
    layers = [
        nn.Conv1d(6, 8, 3),
        weight_norm(nn.Conv1d(8, 12, 3)),
        nn.ConvTranspose1d(12, 6, 4),
        nn.LayerNorm(9),
        nn.Linear(9, 7),
    ]
    return nn.Sequential(*layers)


@pytest.fixture
def x():
    return torch.randn(2, 6, 10)


def spread(net):
    """Move the differences away from 0."""
    for parameter in net.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, 0.0, 0.3)


def test_it_starts_with_nothing_and_then_adds_the_differences(x):
    plain, net = network(), network()
    learn_difference(net, 2, lambda name: name.startswith("0."))
    assert torch.equal(net(x), plain(x))
    spread(net)
    state, differences = split_state(net.state_dict())
    assert state.keys() == plain.state_dict().keys()
    assert all(torch.equal(value, state[name]) for name, value in plain.state_dict().items())
    assert not any(name.startswith("0.") for name in differences)
    assert set(differences) == {n for n in state if not n.startswith("0.")}
    plain.load_state_dict(
        state | {name: add_difference(state[name], f) for name, f in differences.items()}
    )
    assert not torch.equal(plain(x), network()(x))
    torch.testing.assert_close(net(x), plain(x), rtol=1e-4, atol=1e-5)


def test_narrow_matrices_where_they_are_smaller_and_gradients_everywhere(x):
    net = network()
    learn_difference(net, 2, lambda name: False)
    _, differences = split_state(net.state_dict())
    shapes = {n: {k: tuple(v.shape) for k, v in f.items()} for n, f in differences.items()}
    direction = "1.parametrizations.weight.original1"
    assert shapes[direction] == {"up": (12, 2), "down": (2, 24)}  # 72 of 288
    assert shapes["2.weight"] == {"up": (12, 2), "down": (2, 24)}
    assert shapes["4.weight"] == {"up": (7, 2), "down": (2, 9)}  # 32 of 63
    assert shapes["1.parametrizations.weight.original0"] == {"shift": (12, 1, 1)}
    assert shapes["3.weight"] == {"shift": (9,)}
    wide = network()
    learn_difference(wide, 4, lambda name: False)
    assert split_state(wide.state_dict())[1]["4.weight"].keys() == {"shift"}  # 64 of 63
    spread(net)
    net(x).square().sum().backward()
    for name, parameter in net.named_parameters():
        is_factor = name.endswith((".up", ".down", ".shift"))
        assert parameter.requires_grad == is_factor
        assert not is_factor or parameter.grad.abs().sum() > 0, name


def test_a_difference_is_rounded_once():
    up, down = torch.tensor([[3.0], [1.0]]), torch.tensor([[2.0, 2.0**-30]])
    weight = torch.tensor([[1.0, 1.0], [0.0, 2.0**-24]])
    expected = torch.tensor([[7.0, 1.0], [2.0, 2.0**-24 + 2.0**-30]])
    assert torch.equal(add_difference(weight, {"up": up, "down": down}), expected)
    assert torch.equal(add_difference(weight, {"shift": weight}), 2 * weight)
    half = {"up": up.half(), "down": torch.ones(1, 2).half()}
    assert add_difference(weight, half).dtype == torch.float32
    assert torch.equal(LowRank(weight, 1)(weight), weight)


def test_the_state_of_the_network_is_loaded_under_its_usual_names(x):
    net, other = network(), network()
    learn_difference(net, 2, lambda name: False)
    spread(other)
    before = split_state(net.state_dict())[1]
    load_plain(net, other.state_dict())
    state, after = split_state(net.state_dict())
    assert all(torch.equal(value, state[name]) for name, value in other.state_dict().items())
    assert torch.equal(before["4.weight"]["down"], after["4.weight"]["down"])
    assert torch.equal(net(x), other(x))
    with pytest.raises(RuntimeError, match="strange"):
        load_plain(net, {**other.state_dict(), "strange": x})
    with pytest.raises(RuntimeError, match="Missing"):
        load_plain(net, {})
