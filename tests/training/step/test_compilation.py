"""Compiled networks: one graph a part, values and parameters of the plain ones."""

import copy
import dataclasses

import pytest
import torch

from vits.config import (
    DeterministicDurationConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
    to_dict,
)
from vits.fast import optimize_for_training
from vits.models import Vits
from vits.models.discriminators import build_discriminators
from vits.training.step import compilation, converted_weights
from vits.training.step.compilation import compile_parts, is_compiled, parts_to_compile
from vits.training.step.converted_weights import generator_weights


@pytest.fixture(scope="module")
def small(config):
    quiet = {"dropout": 0.0}  # plain and fast modules draw other masks
    return dataclasses.replace(
        config,
        text_encoder=dataclasses.replace(config.text_encoder, **quiet),
        posterior_encoder=dataclasses.replace(config.posterior_encoder, n_layers=1),
        prior_flow=dataclasses.replace(config.prior_flow, n_flows=1),
        duration_predictor=DeterministicDurationConfig(filter_channels=12, **quiet),
    )


@pytest.fixture
def graphs(monkeypatch):
    """Run the graphs as they are, and keep them."""
    found = []

    def backend(graph, inputs):
        found.append(graph)
        return graph.forward

    monkeypatch.setattr(compilation, "BACKEND", backend)
    torch._dynamo.reset()
    yield found
    torch._dynamo.reset()


def gradients(generator, config, n_symbols, n_frames):
    torch.manual_seed(1)
    out = generator(
        torch.randint(config.n_symbols, (2, n_symbols)),
        torch.tensor([n_symbols, n_symbols - 2]),
        torch.rand(2, config.audio.n_bins, n_frames),
        torch.tensor([n_frames, n_frames - 3]),
    )
    loss = out.wave.square().mean() + out.duration_loss.mean() + out.prior.mean.square().mean()
    loss = loss + out.posterior_pass.z_prior.square().mean()
    return loss, *torch.autograd.grad(loss, list(generator.parameters()), allow_unused=True)


# what the tracer does to tensors of a graph
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.slow
def test_every_part_is_one_graph_with_the_gradients_of_the_plain_one(small, graphs):
    plain, discriminators = Vits(small), build_discriminators(small)
    for parameter in plain.parameters():  # what begins at 0 would hide paths
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0.0, 0.05)
    compiled = optimize_for_training(copy.deepcopy(plain))
    compile_parts(compiled, discriminators)
    assert list(compiled.state_dict()) == list(plain.state_dict())
    expected, found = (gradients(network, small, 5, 17) for network in (plain, compiled))
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)
    assert dict(torch._dynamo.utils.counters["graph_break"]) == {}
    parts = parts_to_compile(compiled, discriminators)
    assert len(graphs) == sum("." not in name for name in parts)  # the discriminators did not run


def test_compiled_networks_convert_their_own_weights(small, graphs, monkeypatch):
    generator, discriminators = Vits(small), build_discriminators(small)
    monkeypatch.setattr(converted_weights, "_is_worth", lambda device: True)
    device = torch.device("cpu")
    assert not is_compiled(generator)
    with generator_weights(generator, device):
        assert torch.nn.utils.parametrize._cache_enabled
    compile_parts(generator, discriminators)
    assert is_compiled(generator)
    assert all(map(is_compiled, discriminators.members))
    assert is_compiled(torch.nn.Sequential(generator))  # a wrapper
    assert not is_compiled(lambda x: x)
    with generator_weights(generator, device):
        assert not torch.nn.utils.parametrize._cache_enabled
    assert graphs == []


def test_the_key_is_in_the_recipe():
    recipe = from_dict(TrainingConfig, {"compile": "parts"})
    assert to_dict(recipe)["compile"] == "parts"
    assert TrainingConfig().compile == "none"
    assert "compile" not in to_dict(VitsConfig())
    with pytest.raises(Exception, match="compile 'step' must be one of 'none', 'parts'"):
        from_dict(TrainingConfig, {"compile": "step"})
