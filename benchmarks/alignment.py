"""Measure the alignment: every search backend, the scores, and the expansion of the prior.

    python benchmarks/alignment.py --threads 2 --rounds 7 --output alignment.json

All variants run in turn, so that a busy machine affects them alike; the ratio of each to the first
of its block (the original's way) is the median over the rounds. All backends must find the same
durations.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from vits.alignment import (
    BACKENDS,
    Backend,
    durations_to_index,
    durations_to_path,
    monotonic_alignment_search,
    prior_log_likelihood,
)
from vits.errors import AlignmentError
from vits.layers.masking import expand_by_index

SHAPES = ((16, 100, 400), (32, 200, 800), (64, 400, 1600))
CHANNELS = 192
Call = Callable[[], Any]


def make(shape: tuple[int, int, int], device: str) -> dict[str, Tensor]:
    """Make the tensors of one batch (B, S, T), with lengths from half to full."""
    b, s, t = shape
    torch.manual_seed(0)
    symbols = torch.randint(s // 2, s + 1, (b,))
    frames = torch.maximum(torch.randint(t // 2, t + 1, (b,)), symbols)
    symbols[0], frames[0] = s, t
    tensors = {
        "z": torch.randn(b, CHANNELS, t),
        "mean": torch.randn(b, CHANNELS, s),
        "log_std": 0.1 * torch.randn(b, CHANNELS, s),
        "symbols": symbols,
        "frames": frames,
    }
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def four_terms(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Score as the original does: four terms, two matrix products of half the depth."""
    precision = (-2 * log_std).exp()
    constant = (-0.5 * torch.log(torch.tensor(2 * torch.pi)) - log_std).sum(1, keepdim=True)
    square = torch.matmul((-0.5 * z.square()).transpose(1, 2), precision)
    cross = torch.matmul(z.transpose(1, 2), mean * precision)
    last = (-0.5 * mean.square() * precision).sum(1, keepdim=True)
    return constant + square + cross + last


def searches(x: dict[str, Tensor], scores: Tensor) -> dict[str, Call]:
    """Return every backend that works here; the package, which the original calls, first."""
    found: dict[str, Call] = {}
    names = sorted(BACKENDS, key=lambda name: name != "monotonic_align")
    for name in cast("list[Backend]", names):

        def call(name: Backend = name) -> Tensor:
            return monotonic_alignment_search(
                scores, x["symbols"], x["frames"], backend=name, check=False
            )

        try:
            call()
        except (AlignmentError, ImportError, RuntimeError) as error:
            print(f"  without {name}: {error}", file=sys.stderr)
            continue
        found[name] = call
    return found


def blocks(x: dict[str, Tensor]) -> dict[str, dict[str, Call]]:
    """Return the three blocks to be timed, each with its variants."""
    z, mean, log_std = x["z"], x["mean"], x["log_std"]
    scores = prior_log_likelihood(z, mean, log_std)
    torch.testing.assert_close(four_terms(z, mean, log_std), scores, rtol=1e-4, atol=1e-2)
    search = searches(x, scores)
    durations = next(iter(search.values()))()
    for name, call in search.items():
        if not torch.equal(call(), durations):
            sys.exit(f"{name} finds different durations")
    n_frames = z.shape[2]
    path = durations_to_path(durations, n_frames)
    return {
        "search": search,
        "scores": {
            "four terms": lambda: four_terms(z, mean, log_std),
            "one product": lambda: prior_log_likelihood(z, mean, log_std),
        },
        "expansion of the prior": {
            "product with the path": lambda: [
                torch.matmul(path, p.transpose(1, 2)).transpose(1, 2) for p in (mean, log_std)
            ],
            "gather": lambda: [
                expand_by_index(p, durations_to_index(durations, n_frames)) for p in (mean, log_std)
            ],
        },
    }


def measure(calls: dict[str, Call], rounds: int, device: str) -> dict[str, dict[str, float]]:
    """Time the calls in turn; return milliseconds and the ratio to the first."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if device == "cuda":
                torch.cuda.synchronize()
            times[name].append(1000 * (time.perf_counter() - started))
    first = times[next(iter(calls))]
    return {
        name: {
            "ms": statistics.median(mine),
            "ratio": statistics.median(a / b for a, b in zip(first, mine, strict=True)),
        }
        for name, mine in times.items()
    }


def main() -> None:
    """Measure every shape, print a table, write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--output", type=Path, help="write the results to this JSON file")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found: dict[str, Any] = {}
    for shape in SHAPES:
        print(f"batch {shape[0]}, {shape[1]} symbols, {shape[2]} frames; {args.threads} threads")
        for block, calls in blocks(make(shape, args.device)).items():
            rows = measure(calls, args.rounds, args.device)
            found.setdefault(block, {})["x".join(map(str, shape))] = rows
            for name, row in rows.items():
                print(f"  {block:24s}{name:24s}{row['ms']:9.2f} ms {row['ratio']:7.2f} x")
    if args.output:
        args.output.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
