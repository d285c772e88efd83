"""One rank of some trainings on several processes, for ``test_parallel.py``.

Usage: torchrun ... tests/training/ranks.py OUT DATA CONFIG RANKS_OF_DATA STEPS:PRECISION...

A process takes long to start, so one does all the trainings. Every random draw is made a function
of its place alone, so that a rank with half the utterances draws for them what one process with all
of them would.
"""

import json
import os
import sys
from pathlib import Path
from unittest import mock

import pytorch_lightning as pl
import torch

from vits.config import TrainingConfig, VitsConfig, from_dict
from vits.training import VitsDataModule, VitsModule
from vits.training.parallel import SeparateDDP


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


def main(out, data, config, ranks_of_data, *runs):
    """Train one run after the other."""
    torch.set_num_threads(1)
    for run in runs:
        train(out, data, config, ranks_of_data, *run.split(":"))


def train(out, data, config, ranks_of_data, steps, precision):
    """Train some steps and leave what the test compares in ``out``."""
    torch.manual_seed(int(os.environ.get("RANK", "0")))  # DDP must send rank 0's weights around
    # one process takes the batches of two: the same global batches, twice as large
    scale = int(ranks_of_data)
    sizes = {"max_frames": 400 * scale, "max_utterances": 3 * scale}
    # of 11 utterances, the first global batch has an odd number with this seed
    datamodule = VitsDataModule(data, n_validation=1, workers=0, seed=4, **sizes)
    model = from_dict(VitsConfig, json.loads(Path(config).read_text()))
    # Adam's first step is a sign: where only gradients are compared, none shall blow rounding up
    recipe = TrainingConfig(learning_rate=1e-12 if steps == "1" else 2e-4)
    module = VitsModule(model, recipe, datamodule.corpus)
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
    torch.save(kept, Path(out) / f"{steps}:{precision}:rank{os.environ.get('RANK', '-')}.pt")


if __name__ == "__main__":
    with mock.patch(
        "vits.models.vits.random_segment_starts", lambda lengths, length: (lengths - length) // 3
    ):
        main(*sys.argv[1:])
