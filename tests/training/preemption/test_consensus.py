"""All ranks learn of a wish, at the same exchange."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import vits
from vits.training.preemption.consensus import Consensus

# by its path: importing the package takes longer than the test
PROGRAM = f"""
import importlib.util, os, sys, time, torch.distributed as dist
spec = importlib.util.spec_from_file_location(
    "agreement", {str(Path(vits.__file__).parent / "training" / "preemption" / "consensus.py")!r})
agreement = importlib.util.module_from_spec(spec)
spec.loader.exec_module(agreement)
dist.init_process_group("gloo")
rank = dist.get_rank()
for late in (False, True):
    channel = agreement.Consensus(several=True, late=late)
    for step in range(5):
        stop, save = rank == 1 and step >= 2, rank == 0 and step == 1
        time.sleep(0.02 * rank)
        told = channel.exchange(stop, save)
        print(late, step, *map(int, told))
    channel.close()
dist.destroy_process_group()
"""


def test_one_rank_agrees_with_itself():
    alone = Consensus(several=False, late=True)
    assert alone.exchange(True, False) == (True, False)
    assert alone.exchange(False, True) == (False, True)
    alone.close()


@pytest.mark.slow
def test_all_ranks_are_told_the_same_at_the_same_exchange():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **environment, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    told = [rank.communicate(timeout=120)[0].splitlines() for rank in ranks]
    assert told[0] == told[1]
    wishes = ["0 0", "0 1", "1 0", "1 0", "1 0"]
    now = [f"False {step} {wish}" for step, wish in enumerate(wishes)]
    later = [f"True {step} {wish}" for step, wish in enumerate(["0 0", *wishes[:-1]])]
    assert told[0] == now + later
