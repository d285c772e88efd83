import pytest
import torch

from vits.errors import VoiceError
from vits.interop.parameter_names import (
    G,
    ParameterNames,
    Rule,
    V,
    count_kernels,
    fold_weight_norm,
    unfold_weight_norm,
    with_prefix,
)


@pytest.mark.parametrize("shape", [(512, 256, 16), (384, 192, 5), (32, 16, 4), (64, 1, 5, 1)])
@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1.0, 1e15])
def test_unfolding_and_folding_gives_the_same_bits(shape, scale):
    weight = torch.randn(shape) * scale
    weight[3] = 0
    g, v = unfold_weight_norm(weight)
    assert g.shape == (shape[0], *[1] * (len(shape) - 1))
    assert torch.equal(fold_weight_norm(g, v), weight)


def test_folding_is_what_the_parametrisation_does():
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Conv1d(3, 5, 7))
    state = layer.state_dict()
    assert torch.equal(fold_weight_norm(state[G[1:]], state[V[1:]]), layer.weight)


def test_a_table_carries_suffixes_and_computes_indices():
    stack = [Rule("norm.{j}.weight", "n.{j}.gamma"), Rule("plain", "p")]
    table = ParameterNames([*with_prefix("flows.{2i-1}", "f.{i}", stack), Rule("top", "t", "wide")])
    ours = {
        "flows.3.norm.2.weight": torch.ones(2),
        "flows.1.plain.0.bias": torch.ones(3),
        "top": torch.ones(4),
    }
    theirs = table.to_theirs(ours)
    assert {name: tuple(value.shape) for name, value in theirs.items()} == {
        "f.2.n.2.gamma": (2,),
        "f.1.p.0.bias": (3,),
        "t": (1, 4, 1),
    }
    assert table.to_ours(theirs, "x").keys() == ours.keys()
    with pytest.raises(VoiceError, match=r"'f.0.p.bias', which is not part of VITS"):
        table.to_ours({"f.0.p.bias": torch.ones(1)}, "x")
    with pytest.raises(VoiceError, match=r"flows.2.plain cannot be stored"):
        table.to_theirs({"flows.2.plain": torch.ones(1)})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["w.weight_g", "w.parametrizations.weight.original0"], "twice"),
        (["w.weight_g"], "the norm of decoder.upsamplers.0, but lacks its direction"),
        (["w.weight_g", "w.weight_v", "w.weight"], "folded and unfolded"),
    ],
)
def test_weight_normalisation_in_two_ways_is_an_error(names, message):
    table = ParameterNames([Rule("decoder.upsamplers.0", "w")])
    with pytest.raises(VoiceError, match=message):
        table.to_ours({name: torch.ones(2, 1, 1) for name in names}, "x")


def test_normalisation_that_ours_lacks_is_folded():
    table = ParameterNames([Rule("prior_flow.couplings.0.pre", "w")])
    found = table.to_ours(
        {"w.weight_g": torch.ones(2, 1, 1), "w.weight_v": torch.ones(2, 4, 1)}, ""
    )
    assert torch.equal(found["prior_flow.couplings.0.pre.weight"], torch.full((2, 4, 1), 0.5))


def test_blocks_that_cannot_be_shared_out_are_an_error():
    names = ["u.0.w", "u.1.w", "b.0.w", "b.1.w", "b.2.w"]
    with pytest.raises(VoiceError, match=r"2 u\.\* and 3 b\.\* are not a HiFi-GAN decoder"):
        count_kernels(dict.fromkeys(names, torch.ones(1)), "u", "b")
