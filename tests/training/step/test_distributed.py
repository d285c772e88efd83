"""Two processes train what one would: gradients, weights, utterances; also as two nodes."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from vits.config import to_dict
from vits.training.step import distributed
from vits.training.step.distributed import BatchWeights, SeparateDDP, choose_devices, sum_over_ranks

SCRIPT = Path(__file__).with_name("ranks.py")


@pytest.fixture(scope="module")
def ranks(make_once, stochastic, data, vits2_config, data_of_two):
    """Launch all trainings; return what each rank left, by launch and run."""

    def launch(out):
        inputs = []
        for folder, model in ((data, stochastic), (data_of_two, vits2_config)):
            path = out / f"{len(inputs)}.json"
            path.write_text(json.dumps(to_dict(without_dropout(model))))
            inputs += [folder, path]
        done = subprocess.run(
            [sys.executable, SCRIPT, out, *inputs],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    left = {}
    for file in sorted(make_once("ranks", launch).glob("*/*.pt")):
        run = file.name.rpartition(":")[0]
        found = left.setdefault(file.parent.name, {}).setdefault(run, [])
        found.append(torch.load(file, weights_only=True))
    return left


def without_dropout(config):
    text = dataclasses.replace(config.text_encoder, dropout=0.0)
    predictor = dataclasses.replace(config.duration_predictor, dropout=0.0)
    return dataclasses.replace(config, text_encoder=text, duration_predictor=predictor)


@pytest.fixture(scope="module")
def alone(ranks):
    """One process with the utterances of two."""
    return ranks["alone"]


@pytest.fixture(scope="module")
def node(ranks):
    """Two ranks on one node."""
    return ranks["node"]


@pytest.fixture(scope="module")
def nodes(ranks):
    """One rank on each of two nodes."""
    return ranks["nodes"]


@pytest.mark.slow
@pytest.mark.parametrize("run", ["1:32-true", "1:64-true", "1:64-true:vits2"])
def test_two_ranks_have_the_gradients_of_one_with_both_batches(alone, node, run):
    (alone,) = alone[run]
    first, second = node[run]
    assert sorted(first["names"][0] + second["names"][0]) == sorted(alone["names"][0])
    assert len(first["names"][0]) != len(second["names"][0])  # the batch weights matter
    for name, gradient in first["gradients"].items():
        assert torch.equal(gradient, second["gradients"][name]), name
    for network in ("generator.", "discriminators."):
        names = [name for name in alone["gradients"] if name.startswith(network)]
        expected, found = (
            torch.cat([each["gradients"][name].flatten() for name in names])
            for each in (alone, first)
        )
        # sums in another order: the same number of roundings in either precision
        tolerance = 2e-6 * torch.finfo(expected.dtype).eps / torch.finfo(torch.float32).eps
        assert (found - expected).norm() <= tolerance * expected.norm(), network


@pytest.mark.slow
def test_two_ranks_stay_equal_and_share_the_epoch(node):
    first, second = node["8:32-true"]
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name
    assert len(first["names"]) == len(second["names"]) == 8
    steps = [a + b for a, b in zip(first["names"], second["names"], strict=True)]
    seen = [name for step in steps for name in step]
    epochs = [sorted(seen[i : i + 11], key=int) for i in range(0, len(seen) - 10, 11)]
    assert len(epochs) >= 3
    assert all(epoch == epochs[0] and len(set(epoch)) == 11 for epoch in epochs)


@pytest.mark.slow
def test_two_nodes_of_one_rank_do_as_one_node_of_two(node, nodes):
    for mine, other in zip(nodes["8:32-true"], node["8:32-true"], strict=True):
        for name, value in mine["weights"].items():
            assert torch.equal(value, other["weights"][name]), name


def test_in_one_process_every_weight_is_one_and_a_sum_is_the_value():
    weights = BatchWeights.of(torch.tensor([3, 5]), torch.tensor([40, 70]))
    assert [float(weight) for weight in weights] == [1.0, 1.0, 1.0]
    value = torch.tensor(2.5)
    assert sum_over_ranks(value) is value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_weight_is_exact_in_the_precision_of_the_losses(monkeypatch, dtype):
    monkeypatch.setattr(distributed, "sum_over_ranks", lambda mine: mine + torch.tensor([4, 9, 2]))
    weights = BatchWeights.of(torch.tensor([3, 5, 7]), torch.tensor([40, 70, 80]), dtype)
    for weight, mine, total in zip(weights, (3, 190, 15), (7, 199, 17), strict=True):
        assert weight.dtype == dtype
        # one division, correctly rounded: half a unit in the last place
        assert abs(float(weight) - mine / total) <= torch.finfo(dtype).eps / 2 * mine / total


OPTIONS = {
    "accelerator": "cpu",
    "devices": "auto",
    "num_nodes": 1,
    "strategy": "auto",
    "precision": None,
}


def test_one_cpu_trains_without_ddp():
    chosen = choose_devices(OPTIONS)
    assert (chosen["strategy"], chosen["precision"]) == ("auto", "32-true")
    assert choose_devices({**OPTIONS, "precision": "bf16-mixed"})["precision"] == "bf16-mixed"


def test_several_processes_get_separate_ddp_unless_another_strategy_is_named():
    assert isinstance(choose_devices({**OPTIONS, "devices": 2})["strategy"], SeparateDDP)
    other = {**OPTIONS, "devices": 2, "strategy": "ddp_find_unused_parameters_true"}
    assert choose_devices(other)["strategy"] == other["strategy"]


def test_torchrun_tells_how_many_there_are(monkeypatch):
    told = {
        "TORCHELASTIC_RUN_ID": "none",
        "LOCAL_WORLD_SIZE": "2",
        "GROUP_WORLD_SIZE": "3",
        "WORLD_SIZE": "6",
        "RANK": "0",
        "LOCAL_RANK": "0",
        "GROUP_RANK": "0",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    chosen = choose_devices(OPTIONS)
    assert (chosen["devices"], chosen["num_nodes"]) == (2, 3)
    assert choose_devices({**OPTIONS, "devices": 1})["devices"] == 1


def test_discriminators_that_an_earlier_fit_left_frozen_are_wrapped_trainable(monkeypatch):
    """DDP refuses a network without a parameter that trains."""
    strategy, layer = SeparateDDP(), torch.nn.Linear(1, 1)
    discriminators = torch.nn.Module()
    discriminators.members = torch.nn.ModuleList([torch.nn.Linear(1, 1)])
    discriminators.durations = torch.nn.Linear(1, 1)
    discriminators.requires_grad_(False)
    module = SimpleNamespace(generator=layer, discriminators=discriminators)
    strategy._lightning_module = module
    wrapped = []
    monkeypatch.setattr(
        strategy,
        "_setup_model",
        lambda x: wrapped.append([p.requires_grad for p in x.parameters()]),
    )
    strategy.configure_ddp()
    assert wrapped == [[True, True]] * 3
    assert len(module.networks.discriminators) == 1
