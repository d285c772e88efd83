"""Two processes train what one would: gradients, weights, utterances; also as two nodes."""

import dataclasses
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vits.config import to_dict
from vits.training.parallel import SeparateDDP, Shares, settle_devices, sum_over_ranks

SCRIPT = Path(__file__).with_name("ranks.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def launch(tmp_path_factory, config, data):
    """Do some runs on some ranks; return what each rank left, by run."""
    quiet = dataclasses.replace(config.text_encoder, dropout=0.0)
    predictor = dataclasses.replace(config.duration_predictor, dropout=0.0)
    config = dataclasses.replace(config, text_encoder=quiet, duration_predictor=predictor)
    folder = tmp_path_factory.mktemp("ranks")
    path = folder / "config.json"
    path.write_text(json.dumps(to_dict(config)))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def run(name, launcher, *runs, ranks_of_data=1):
        out = folder / name
        out.mkdir()
        arguments = [out, data, path, ranks_of_data, *runs]
        commands = [[*map(str, [*start, SCRIPT, *arguments])] for start in launcher]
        jobs = [
            subprocess.Popen(c, env=environment, stderr=subprocess.PIPE, text=True)
            for c in commands
        ]
        for job in jobs:
            _, errors = job.communicate(timeout=240)
            assert job.returncode == 0, errors[-3000:]
        return {
            run: [torch.load(file, weights_only=True) for file in sorted(out.glob(f"{run}:*.pt"))]
            for run in runs
        }

    return run


@pytest.fixture(scope="module")
def node(launch):
    """Two ranks on one node."""
    command = [*TORCHRUN, "--standalone", "--nproc_per_node=2"]
    return launch("node", [command], "1:32-true", "1:64-true", "3:32-true", "50:32-true")


@pytest.fixture(scope="module")
def nodes(launch):
    """One rank on each of two nodes."""
    rendezvous = ["--master_addr=127.0.0.1", f"--master_port={free_port()}"]
    ranks = [["--nnodes=2", f"--node_rank={i}", "--nproc_per_node=1"] for i in range(2)]
    return launch("nodes", [[*TORCHRUN, *rank, *rendezvous] for rank in ranks], "3:32-true")


@pytest.fixture(scope="module")
def alone(launch):
    """One process with the utterances of two."""
    return launch("alone", [[sys.executable]], "1:32-true", "1:64-true", ranks_of_data=2)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "tolerance"), [("32-true", 2e-6), ("64-true", 1e-7)])
def test_two_ranks_have_the_gradients_of_one_with_both_batches(alone, node, precision, tolerance):
    (alone,) = alone[f"1:{precision}"]
    first, second = node[f"1:{precision}"]
    assert sorted(first["names"][0] + second["names"][0]) == sorted(alone["names"][0])
    assert len(first["names"][0]) != len(second["names"][0])  # the shares matter
    for name, gradient in first["gradients"].items():
        assert torch.equal(gradient, second["gradients"][name]), name
    for network in ("generator.", "discriminators."):
        names = [name for name in alone["gradients"] if name.startswith(network)]
        expected, found = (
            torch.cat([run["gradients"][name].flatten() for name in names])
            for run in (alone, first)
        )
        assert (found - expected).norm() <= tolerance * expected.norm(), network


@pytest.mark.slow
def test_two_ranks_stay_equal_for_fifty_steps_and_share_the_epoch(node):
    first, second = node["50:32-true"]
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name
    assert len(first["names"]) == len(second["names"]) == 50
    steps = [a + b for a, b in zip(first["names"], second["names"], strict=True)]
    seen = [name for step in steps for name in step]
    epochs = [sorted(seen[i : i + 11], key=int) for i in range(0, len(seen) - 10, 11)]
    assert len(epochs) >= 5
    assert all(epoch == epochs[0] and len(set(epoch)) == 11 for epoch in epochs)


@pytest.mark.slow
def test_two_nodes_of_one_rank_do_as_one_node_of_two(node, nodes):
    for mine, other in zip(nodes["3:32-true"], node["3:32-true"], strict=True):
        for name, value in mine["weights"].items():
            assert torch.equal(value, other["weights"][name]), name


def test_alone_every_share_is_one_and_a_sum_is_the_value():
    shares = Shares.of(torch.tensor([3, 5]), torch.tensor([40, 70]))
    assert [float(share) for share in shares] == [1.0, 1.0, 1.0]
    value = torch.tensor(2.5)
    assert sum_over_ranks(value) is value


OPTIONS = {
    "accelerator": "cpu",
    "devices": "auto",
    "num_nodes": 1,
    "strategy": "auto",
    "precision": None,
}


def test_one_processor_is_settled_without_ddp():
    settled = settle_devices(OPTIONS)
    assert (settled["strategy"], settled["precision"]) == ("auto", "32-true")
    assert settle_devices({**OPTIONS, "precision": "bf16-mixed"})["precision"] == "bf16-mixed"


def test_several_processes_get_separate_ddp_unless_another_strategy_is_named():
    assert isinstance(settle_devices({**OPTIONS, "devices": 2})["strategy"], SeparateDDP)
    other = {**OPTIONS, "devices": 2, "strategy": "ddp_find_unused_parameters_true"}
    assert settle_devices(other)["strategy"] == other["strategy"]


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
    settled = settle_devices(OPTIONS)
    assert (settled["devices"], settled["num_nodes"]) == (2, 3)
    assert settle_devices({**OPTIONS, "devices": 1})["devices"] == 1
