"""All ranks receive a request in the same exchange."""

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
    "consensus", {str(Path(vits.__file__).parent / "training" / "preemption" / "consensus.py")!r})
consensus = importlib.util.module_from_spec(spec)
spec.loader.exec_module(consensus)
dist.init_process_group("gloo")
rank = dist.get_rank()
for deferred in (False, True):
    channel = consensus.Consensus(distributed=True, deferred=deferred)
    for step in range(5):
        stop, save = rank == 1 and step >= 2, rank == 0 and step == 1
        time.sleep(0.02 * rank)
        result = channel.exchange(stop, save)
        print(deferred, step, *map(int, result))
    channel.close()
dist.destroy_process_group()
"""


def test_a_single_rank_gets_its_own_requests():
    single = Consensus(distributed=False, deferred=True)
    assert single.exchange(True, False) == (True, False)
    assert single.exchange(False, True) == (False, True)
    single.close()


@pytest.mark.slow
def test_all_ranks_get_the_same_result_in_the_same_exchange():
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
    printed = [rank.communicate(timeout=120)[0].splitlines() for rank in ranks]
    assert printed[0] == printed[1]
    requests = ["0 0", "0 1", "1 0", "1 0", "1 0"]
    now = [f"False {step} {request}" for step, request in enumerate(requests)]
    later = [f"True {step} {request}" for step, request in enumerate(["0 0", *requests[:-1]])]
    assert printed[0] == now + later
