"""Which memory layout is fastest for the discriminators, and do joined passes pay?

    python benchmarks/discriminators.py --device cuda --precision bf16-mixed --batch 64

Training computes the period discriminators along the last axis, the fastest layout on CPUs, and
real and generated waves in one pass. Each variant runs the discriminators' step forward and
backward, in turn; the ratio to training's form is the median over the rounds. All variants must
find the same loss.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import torch
from measure import synchronise
from torch import Tensor, nn

from vits import losses
from vits.config import VitsConfig
from vits.fast import optimize_for_training
from vits.models import Discriminators

TOLERANCE = 2e-2  # of the loss: bfloat16, and TF32 on a GPU
Layout = Callable[[nn.Module], nn.Module]
LAYOUTS: dict[str, Layout] = {
    "training": optimize_for_training,
    "plain": lambda network: network,
    "channels last": lambda network: cast(Any, network).to(memory_format=torch.channels_last),
}


def joined(member: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return a discriminator's loss, a scalar, from one pass over waves (B, 1, L)."""
    scores = member(torch.cat([real, fake])).score.chunk(2)
    return losses.discriminator_loss(scores[:1], scores[1:])


def separate(member: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the same from two passes."""
    return losses.discriminator_loss([member(real).score], [member(fake).score])


PASSES = {"joined": joined, "separate": separate}


def step(network: Any, passes: Any, waves: tuple[Tensor, Tensor], mixed: bool) -> float:
    """Run a step of the discriminators; return the sum of their losses."""
    total = torch.zeros((), device=waves[0].device)
    for member in network.members:
        with torch.autocast(waves[0].device.type, torch.bfloat16, enabled=mixed):
            loss = passes(member, *waves)
        loss.backward()
        total += loss.detach()
    network.zero_grad()
    return float(total)


def compare(args: argparse.Namespace, config: VitsConfig) -> list[dict[str, Any]]:
    """Time all variants in turn."""
    torch.manual_seed(0)
    device, mixed = torch.device(args.device), args.precision == "bf16-mixed"
    plain = Discriminators(**vars(config.discriminator)).to(device)
    length = config.segment_frames * config.audio.hop_length
    real, fake = torch.randn(2, args.batch, 1, length, device=device).unbind()
    variants = {
        f"{layout}, {name}": (change(deepcopy(plain)), passes)
        for layout, change in LAYOUTS.items()
        for name, passes in PASSES.items()
    }
    found = {name: step(*variant, (real, fake), mixed) for name, variant in variants.items()}
    first = next(iter(found.values()))
    wrong = [name for name, loss in found.items() if abs(loss - first) > TOLERANCE * abs(first)]
    if wrong:
        sys.exit(f"not the same computation: {', '.join(wrong)}")
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(args.rounds):
        for name, variant in variants.items():
            synchronise(device)
            started = time.perf_counter()
            step(*variant, (real, fake), mixed)
            synchronise(device)
            seconds[name].append(time.perf_counter() - started)
    base = next(iter(seconds.values()))
    return [
        {
            "variant": name,
            "ms": round(1e3 * statistics.median(times), 2),
            "speedup": round(statistics.median(a / b for a, b in zip(base, times, strict=True)), 3),
        }
        for name, times in seconds.items()
    ]


def main() -> int:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", default="32-true", choices=["32-true", "bf16-mixed"])
    parser.add_argument("--batch", type=int, default=4, help="utterances")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    rows = compare(args, VitsConfig())
    for row in rows:
        print("{variant:26s}{ms:10.2f} ms{speedup:8.3f}".format(**row))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
