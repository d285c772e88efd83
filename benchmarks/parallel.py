"""Speed of gradient averaging: one DDP per network against a single DDP around the module.

    python benchmarks/parallel.py --ranks 2 --rounds 3 --output parallel.json

It trains the same network on the same synthetic batches with ``SeparateDDP`` and with Lightning's
``ddp_find_unused_parameters_true``, alternately, and prints the median step time, the ratio in each
round, and the peak memory of a rank. ``--device cuda`` uses NCCL, ``cpu`` gloo.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STRATEGIES = ("separate", "ddp_find_unused_parameters_true")


def train(strategy: str, args: argparse.Namespace) -> None:
    """Train some steps on synthetic batches as one rank; rank 0 prints its results as JSON."""
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader

    from vits.config import TrainingConfig, VitsConfig, from_dict
    from vits.data.prepared.batch import Batch
    from vits.training import VitsModule
    from vits.training.dataset_info import DatasetInfo
    from vits.training.step.distributed import SeparateDDP

    torch.manual_seed(0)
    config = from_dict(VitsConfig, read_model(args.config))
    hop, frames, symbols = config.audio.hop_length, args.frames, args.frames // 3
    dataset_info = DatasetInfo(
        name="synthetic",
        audio=config.audio,
        frontend={"symbols": [chr(33 + i) for i in range(60)], "config": {"blanks": False}},
        fingerprint={},
        speakers=(),
        utterances=1,
        seconds=1.0,
    )
    size = args.batch
    batch = Batch(
        names=tuple(map(str, range(size))),
        ids=torch.randint(0, 60, (size, symbols)),
        id_lengths=torch.full((size,), symbols),
        wave=0.1 * torch.randn(size, 1, frames * hop),
        wave_lengths=torch.full((size,), frames * hop),
        speakers=torch.zeros(size, dtype=torch.int64),
        languages=torch.zeros(size, dtype=torch.int64),
        durations=torch.zeros(size, symbols, dtype=torch.int64),
        pitch=torch.zeros(size, 2, frames),
        speaker_vectors=torch.zeros(size, 0),
    )
    times: list[float] = []

    class Clock(pl.Callback):
        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            del trainer, pl_module, outputs, batch, batch_idx
            if args.device == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter())

    trainer = pl.Trainer(
        accelerator="gpu" if args.device == "cuda" else "cpu",
        devices=args.ranks,
        strategy=SeparateDDP() if strategy == "separate" else strategy,
        max_steps=args.steps + 3,
        logger=False,
        callbacks=[Clock()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    batches = DataLoader([batch] * (args.steps + 3), batch_size=None)
    trainer.fit(VitsModule(config, TrainingConfig(), dataset_info), batches)
    if trainer.is_global_zero:
        steps = [b - a for a, b in itertools.pairwise(times[2:])]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        if args.device == "cuda":
            peak = torch.cuda.max_memory_allocated() / 2**30
        print(json.dumps({"step_s": statistics.median(steps), "peak_gib": peak}))


def read_model(config: Path) -> dict[str, Any]:
    """Return the model configuration of a configuration file."""
    import yaml

    return yaml.safe_load(config.read_text()).get("model", {}).get("config", {})


def launch(strategy: str) -> dict[str, float]:
    """Run one strategy on all ranks with torchrun; return the results of rank 0."""
    arguments = [*sys.argv[1:], "--rank-of", strategy]
    ranks = sys.argv[sys.argv.index("--ranks") + 1] if "--ranks" in sys.argv else "2"
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}", __file__]
    done = subprocess.run(
        [sys.executable, *start, *arguments],
        env={"OMP_NUM_THREADS": "1", **os.environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the strategies alternately, print a table and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="measured steps per round")
    parser.add_argument("--batch", type=int, default=4, help="utterances per rank")
    parser.add_argument("--frames", type=int, default=200, help="frames per utterance")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--config", type=Path, default=Path("configs/tiny.yaml"))
    parser.add_argument("--output", type=Path, help="write the results to this JSON file")
    parser.add_argument("--rank-of", choices=STRATEGIES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rank_of:
        train(args.rank_of, args)
        return
    rounds = [{name: launch(name) for name in STRATEGIES} for _ in range(args.rounds)]
    for name in STRATEGIES:
        step = statistics.median(r[name]["step_s"] for r in rounds)
        peak = statistics.median(r[name]["peak_gib"] for r in rounds)
        print(f"{name:34s} {1000 * step:8.0f} ms per step {peak:6.2f} GiB")
    mine, other = STRATEGIES
    ratios = [r[other]["step_s"] / r[mine]["step_s"] for r in rounds]
    print(f"{mine} is {statistics.median(ratios):.2f} times as fast; rounds: {ratios}")
    if args.output:
        args.output.write_text(json.dumps(rounds, indent=2) + "\n")


if __name__ == "__main__":
    main()
