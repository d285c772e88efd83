"""What does a training step do to a GPU: launches, waits, time in kernels, memory?

    python benchmarks/profile_step.py --device cuda --batch 64 --precision bf16-mixed

The LJSpeech model trains on a made-up batch in Lightning's trainer, as in ``vits fit``. After the
warm-up, which also compiles, torch's profiler counts what the host calls and how long the GPU
computes. Steps are also timed without the profiler, which slows the host.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from engines import corpus_of, endless, random_batch
from measure import peak_memory, synchronise
from torch.autograd import DeviceType  # pyright: ignore[reportPrivateImportUsage]
from torch.profiler import ProfilerActivity, profile

from vits.config import TrainingConfig, VitsConfig
from vits.training.callbacks import Ema, Health, SkippedSteps
from vits.training.module import VitsModule

LAUNCHES = ("LaunchKernel", "GraphLaunch")
WAITS = ("StreamSynchronize", "DeviceSynchronize", "EventSynchronize")


class Profile(pl.Callback):
    """Profiles some steps, then times as many."""

    def __init__(self, warmup: int, steps: int) -> None:
        self.warmup, self.steps = warmup, steps
        self.profiled_seconds = self.seconds = 0.0

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Start and stop the profiler and the clock."""
        del outputs, batch, batch_idx
        step = trainer.global_step
        if step not in (self.warmup, self.warmup + self.steps, self.warmup + 2 * self.steps):
            return
        synchronise(pl_module.device)
        now = time.perf_counter()
        if step == self.warmup:
            cuda = [ProfilerActivity.CUDA] if pl_module.device.type == "cuda" else []
            self.profiler = profile(activities=[ProfilerActivity.CPU, *cuda])
            self.profiler.start()
        elif step == self.warmup + self.steps:
            self.profiler.stop()
            self.profiled_seconds = now - self.started
        else:
            self.seconds = (now - self.started) / self.steps
        self.started = time.perf_counter()


def summary(callback: Profile, device: torch.device) -> dict[str, Any]:
    """Return the figures of one step."""
    calls: Counter[str] = Counter()
    kernels = 0.0
    for event in callback.profiler.events() or ():
        calls[event.name] += 1
        if event.device_type == DeviceType.CUDA:
            kernels += event.self_device_time_total / 1e6
    steps = callback.steps

    def each(names: tuple[str, ...]) -> float:
        return sum(n for call, n in calls.items() if any(x in call for x in names)) / steps

    return {
        "seconds_per_step": round(callback.seconds, 4),
        "launches": each(LAUNCHES),
        "waits": each(WAITS),
        "gpu_busy": round(kernels / steps / callback.seconds, 3),
        "peak_gib": round(peak_memory(device) / 2**30, 3),
    }


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", default="32-true", choices=["32-true", "bf16-mixed"])
    parser.add_argument("--compile", default="none", choices=["none", "parts", "step"])
    parser.add_argument("--batch", type=int, default=64, help="utterances")
    parser.add_argument("--symbols", type=int, default=181, help="of the longest utterance")
    parser.add_argument("--frames", type=int, default=560, help="of the longest utterance")
    parser.add_argument("--warmup", type=int, default=8, help="steps before the profiler starts")
    parser.add_argument("--steps", type=int, default=5, help="steps to profile, and to time")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def main() -> int:
    """Train, profile and print."""
    args = parse()
    config, device = VitsConfig(), torch.device(args.device)
    batch = random_batch(config, args.batch, args.symbols, args.frames)
    callback = Profile(args.warmup, args.steps)
    trainer = pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        precision=args.precision,
        max_steps=args.warmup + 2 * args.steps,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Ema(0.999), SkippedSteps(), Health(), callback],
    )
    recipe = TrainingConfig(compile=args.compile)
    trainer.fit(VitsModule(config, recipe, corpus_of(config, batch)), endless(batch))
    row = summary(callback, device)
    for name, value in row.items():
        print(f"{name:20s}{value:>12}")
    if args.json:
        settings = {k: v for k, v in vars(args).items() if k != "json"}
        args.json.write_text(json.dumps({"settings": settings, **row}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
