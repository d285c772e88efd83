"""``recipes/cluster/torchrun.sh`` on two "machines": both train, both stop when one is told to."""

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from vits.training.checkpoints.checkpoint_io import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(tmp_path):
    """Start the script as one of two nodes with a configuration file."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    jobs = []

    def run(node, *arguments):
        setting = {"NODES": "2", "NODE_RANK": str(node), "RANKS": "1", "PORT": port}
        job = subprocess.Popen(
            ["bash", ROOT / "recipes/cluster/torchrun.sh", *arguments],
            env={**os.environ, **setting, "PATH": programs, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        jobs.append(job)
        return job

    yield run
    for job in jobs:
        job.kill()
        job.communicate()


@pytest.mark.slow
def test_two_machines_train_and_stop_together(start, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    toy = importlib.import_module("toy")
    folder, path = tmp_path / "run", tmp_path / "config.yaml"
    config = toy.settings(toy.make_corpus(tmp_path / "corpus"), steps=100_000)
    config["trainer"]["default_root_dir"] = str(folder)
    path.write_text(yaml.safe_dump(config))
    jobs = [start(node, "-c", str(path)) for node in range(2)]
    until = time.monotonic() + 400
    while not (folder / "checkpoints/last.ckpt").exists():
        assert time.monotonic() < until
        assert all(job.poll() is None for job in jobs), [job.communicate()[1] for job in jobs]
        time.sleep(0.3)
    jobs[1].send_signal(signal.SIGTERM)
    told = [job.communicate(timeout=60)[1] for job in jobs]
    assert "vits: stopped at step" in told[0]
    assert "--resume auto" in told[0]
    assert "exitcode  : 75" in told[0]
    assert all(job.returncode != 0 for job in jobs)
    state = read_checkpoint(folder / "checkpoints/last.ckpt")
    assert f"stopped at step {state['global_step']}" in told[0]
