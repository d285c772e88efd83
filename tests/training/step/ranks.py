"""The ranks of some trainings on several processes, for ``test_distributed.py``.

Usage: python tests/training/step/ranks.py OUT DATA CONFIG DATA_OF_TWO VITS2_CONFIG

A process takes long to start, so one imports everything and forks the ranks of all launches, each
with the environment that torchrun would give it, and a rank does all the trainings of its launch.
Every random draw is made a function of its place alone, so that a rank with half the utterances
draws for them what one process with all of them would.
"""

import atexit
import json
import os
import socket
import sys
import traceback
from pathlib import Path
from unittest import mock

import pytorch_lightning as pl
import torch

from vits.alignment import monotonic_alignment_search
from vits.config import AlignmentConfig, OptimizerConfig, TrainingConfig, VitsConfig, from_dict
from vits.training import VitsDataModule, VitsModule
from vits.training.step.distributed import SeparateDDP

NODE = {"WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "GROUP_WORLD_SIZE": 1}
NODES = {"WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 1, "GROUP_WORLD_SIZE": 2}
# one process with the utterances of two; two ranks on one node; one rank on each of two nodes
LAUNCHES = {
    "alone": ([{}], ("1:32-true", "1:64-true", "1:64-true:vits2")),
    "node": (
        [{**NODE, "RANK": i, "LOCAL_RANK": i, "GROUP_RANK": 0} for i in range(2)],
        ("1:32-true", "1:64-true", "8:32-true", "1:64-true:vits2"),
    ),
    "nodes": (
        [{**NODES, "RANK": i, "LOCAL_RANK": 0, "GROUP_RANK": i} for i in range(2)],
        ("8:32-true",),
    ),
}


def noise_like(x):
    """Fill with a wave over channel and time, the same in every row of a batch."""
    channels, length = x.shape[1:]
    places = torch.arange(channels)[:, None] * 0.7 + torch.arange(length) * 1.3
    return torch.sin(places).to(x).expand_as(x).clone()


class Keep(pl.Callback):
    """Keeps the first step's gradients, every step's utterances and the last weights."""

    def __init__(self):
        self.gradients, self.names = {}, []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        del optimizer
        if trainer.global_step == 0:
            named = pl_module.named_parameters()
            self.gradients |= {n: p.grad.clone() for n, p in named if p.grad is not None}

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del trainer, pl_module, outputs, batch_idx
        self.names.append(list(batch.names))


def main(out, *inputs):
    """Do one launch after the other; fail if a rank does."""
    torch.set_num_threads(1)
    one = torch.ones(1, dtype=torch.int64)
    monotonic_alignment_search(torch.zeros(1, 1, 1), one, one)  # loaded once, for all forks
    for name, (places, runs) in LAUNCHES.items():
        folder = Path(out) / name
        folder.mkdir()
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
        ranks = []
        for place in places:
            ranks.append(os.fork())
            if ranks[-1] == 0:
                told = {**place, **address, "TORCHELASTIC_RUN_ID": "ranks"} if place else {}
                os.environ.update({key: str(value) for key, value in told.items()})
                become_rank(runs, folder, inputs, 2 // len(places))
        statuses = [os.waitpid(rank, 0)[1] for rank in ranks]
        if any(statuses):
            sys.exit(f"{name}: the ranks ended with {statuses}")


def become_rank(runs, *arguments):
    """Do some trainings, and end this process."""
    status = 1
    try:
        for run in runs:
            train(*arguments, *run.split(":"))
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()  # coverage writes what it has seen
        os._exit(status)  # a full end waits for threads that a fork does not have


def free_port():
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def train(out, inputs, ranks_of_data, steps, precision, options=""):
    """Train some steps and leave what the test compares in ``out``."""
    data, config = inputs[2:] if options else inputs[:2]
    torch.manual_seed(int(os.environ.get("RANK", "0")))  # DDP must send rank 0's weights around
    # one process takes the batches of two: the same global batches, twice as large
    sizes = {"max_frames": 400 * ranks_of_data, "max_utterances": 3 * ranks_of_data}
    # of 11 utterances, the first global batch has an odd number with this seed
    datamodule = VitsDataModule(data, n_validation=1, workers=0, seed=4, **sizes)
    model = from_dict(VitsConfig, json.loads(Path(config).read_text()))
    # Adam's first step is a sign: where only gradients are compared, none shall blow rounding up
    rate = 1e-12 if steps == "1" else 2e-4
    alignment = AlignmentConfig(noise=0.1 if options else 0.0)
    recipe = TrainingConfig(optimizer=OptimizerConfig(learning_rate=rate), alignment=alignment)
    module = VitsModule(model, recipe, datamodule.dataset_info)
    keep = Keep()
    several = "RANK" in os.environ
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", "1")),
        strategy=SeparateDDP() if several else "auto",
        precision=precision,
        max_steps=int(steps),
        logger=False,
        callbacks=[keep],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )
    with mock.patch("torch.randn_like", noise_like):
        trainer.fit(module, datamodule)
    weights = {name: p.detach().clone() for name, p in module.named_parameters()}
    kept = {"gradients": keep.gradients, "weights": weights, "names": keep.names}
    run = ":".join(filter(None, (steps, precision, options)))
    torch.save(kept, out / f"{run}:rank{os.environ.get('RANK', '-')}.pt")


if __name__ == "__main__":
    with mock.patch(
        "vits.models.vits.random_segment_starts", lambda lengths, length: (lengths - length) // 3
    ):
        main(*sys.argv[1:])
