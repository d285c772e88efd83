"""Modules are replaced by table, and everything they hold goes with them."""

import torch
from torch import nn

from vits.fast.replacement import replace_modules, take_over


class Doubled(nn.Linear):
    def forward(self, input):
        return 2 * super().forward(input)


def test_children_are_replaced_in_place_and_the_root_is_returned():
    network = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh()))
    weights = [network[0].weight, network[1][0].weight]
    assert replace_modules(network, {nn.Linear: Doubled}) is network
    assert [type(network[0]), type(network[1][0])] == [Doubled, Doubled]
    assert network[0].weight is weights[0]
    assert network[1][0].weight is weights[1]
    root = nn.Linear(2, 2)
    assert type(replace_modules(root, {nn.Linear: Doubled})) is Doubled


def test_subclasses_are_left_alone():
    network = nn.Sequential(Doubled(2, 2))
    child = network[0]
    replace_modules(network, {nn.Linear: Doubled})
    assert network[0] is child


def test_a_table_for_what_is_below_a_class():
    network = nn.Sequential(nn.Linear(2, 2), nn.ModuleList([nn.Linear(2, 2)]))
    replace_modules(network, {}, {nn.ModuleList: {nn.Linear: Doubled}})
    assert [type(network[0]), type(network[1][0])] == [nn.Linear, Doubled]


def test_buffers_hooks_and_mode_are_taken_over():
    plain, seen = nn.Linear(2, 2).eval(), []
    plain.register_buffer("extra", torch.ones(1))
    handle = plain.register_forward_hook(lambda *_: seen.append(1))
    fast = take_over(plain, Doubled)
    fast(torch.ones(1, 2))
    assert seen == [1]
    assert fast.extra is plain.extra
    assert not fast.training
    handle.remove()
    fast(torch.ones(1, 2))
    assert seen == [1]
