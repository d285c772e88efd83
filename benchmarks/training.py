"""How fast is a training step? The reference recipe's loop and this library's, in turn.

    python benchmarks/training.py --batch 4 --threads 2 --rounds 7 --json training.json

The two start from the same weights, the LJSpeech model, and train on the same made-up batch, each
in a process of its own, so that memory is theirs alone. They take one step each in turn, and the
speed-up is the median of the rounds' ratios: a machine that slows down slows both. The losses of
the first step must agree to 1e-5 in float32, or the comparison is refused.

Steps in which more than 4 % of the time was taken by other programs are left out where cleaner ones
exist, and counted. Peak memory is the whole process' (on a GPU, torch's).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from vits.config import VitsConfig
from vits.models import Discriminators, Vits

HERE = Path(__file__).resolve().parent
CLEAN = 0.04  # share of stolen time up to which a step counts as undisturbed
TOLERANCE = 1e-5


class Engine:
    """A process that trains one step for each word it is sent."""

    def __init__(self, name: str, kind: str, tree: Path, settings: dict[str, Any]) -> None:
        self.name = name
        self.first: dict[str, Any] = {}
        self.parts: dict[str, Any] = {}
        self.answers: list[dict[str, Any]] = []
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        environment["OMP_NUM_THREADS"] = str(settings["threads"])
        self.process = subprocess.Popen(
            [sys.executable, str(tree / "benchmarks" / "engines.py"), kind, json.dumps(settings)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def step(self, word: str = "step") -> dict[str, Any]:
        """Train once and return what the process measured."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"{self.name} ended with {self.process.wait()}, see above")

    def close(self) -> None:
        """Let the process end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def write_weights(path: Path) -> None:
    """Draw the LJSpeech model once for all engines."""
    torch.manual_seed(0)
    config = VitsConfig()
    generator, discriminators = Vits(config), Discriminators(**vars(config.discriminator))
    for coupling in generator.prior_flow.couplings:  # zero at first, which would hide its work
        for name, parameter in coupling.named_parameters():
            if name == "post.weight":
                torch.nn.init.normal_(parameter, 0.0, 0.01)
    torch.save(
        {"generator": generator.state_dict(), "discriminators": discriminators.state_dict()}, path
    )


def disagreement(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    """Relative difference of every loss and norm that both engines tell."""
    return {
        name: abs(value - second[name]) / max(abs(value), 1e-12)
        for name, value in first.items()
        if name in second
    }


def clean(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The undisturbed steps, or all where there are none."""
    return [step for step in steps if step["stolen"] <= CLEAN] or steps


def ratio(base: list[dict[str, Any]], other: list[dict[str, Any]]) -> float:
    """Median over the rounds of how much faster ``other`` was; clean rounds first."""
    rounds = list(zip(base, other, strict=True))
    kept = [pair for pair in rounds if all(step["stolen"] <= CLEAN for step in pair)] or rounds
    return statistics.median(a["seconds"] / b["seconds"] for a, b in kept)


def measure(engines: list[Engine], rounds: int) -> None:
    """Warm every engine up and compare it, time the parts, then take steps in turn."""
    for engine in engines:
        engine.first = engine.step("check")
    for engine in engines:
        engine.step()  # its memory is warm from here on
    for engine in engines:
        engine.parts = engine.step("parts")
    for number in range(rounds):
        order = engines if number % 2 == 0 else engines[::-1]
        for engine in order:
            engine.answers.append(engine.step())


def summary(engine: Engine, base: Engine, audio_seconds: float) -> dict[str, Any]:
    """The figures of one engine."""
    steps = clean(engine.answers)
    seconds = statistics.median(step["seconds"] for step in steps)
    peak = max(step["peak"] for step in engine.answers)
    return {
        "engine": engine.name,
        "seconds_per_step": round(seconds, 4),
        "speedup": round(ratio(base.answers, engine.answers), 3),
        "audio_seconds_per_second": round(audio_seconds / seconds, 3),
        "peak_gib": round(peak / 2**30, 3),
        "peak_share": round(peak / max(step["peak"] for step in base.answers), 3),
        "rounds": len(engine.answers),
        "clean_rounds": sum(step["stolen"] <= CLEAN for step in engine.answers),
        "largest_disagreement": max(
            disagreement(base.first["values"], engine.first["values"]).values()
        ),
        "disagreement": disagreement(base.first["values"], engine.first["values"]),
        "parts_ms": {k: round(v * 1000, 1) for k, v in engine.parts["parts"].items()},
        "parts_step_ms": round(engine.parts["seconds"] * 1000, 1),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the figures as two tables."""
    names = [name for name, value in rows[0].items() if not isinstance(value, dict)]
    for name in names:
        print(f"{name:28s}" + "".join(f"{row[name]!s:>24.23s}" for row in rows))
    print()
    parts = dict.fromkeys(part for row in rows for part in row["parts_ms"])
    print(f"{'part, ms of one step':28s}" + "".join(f"{row['engine']:>24s}" for row in rows))
    for part in parts:
        cells = (f"{row['parts_ms'].get(part, 0.0):24.1f}" for row in rows)
        print(f"{part:28s}" + "".join(cells))
    rest = (f"{row['parts_step_ms'] - sum(row['parts_ms'].values()):24.1f}" for row in rows)
    print(f"{'everything else':28s}" + "".join(rest))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--precision",
        nargs="+",
        default=["32-true"],
        choices=["32-true", "bf16-mixed"],
        help="of this library's step, each an engine",
    )
    parser.add_argument("--baseline-precision", default="32-true")
    parser.add_argument("--batch", type=int, default=4, help="utterances")
    parser.add_argument("--symbols", type=int, default=181, help="of the longest utterance")
    parser.add_argument("--frames", type=int, default=560, help="of the longest utterance")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--trees", type=Path, nargs="*", default=[], help="other checkouts to time beside this one"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and judge that both computed the same."""
    args = parse()
    shared = {k: vars(args)[k] for k in ("device", "batch", "symbols", "frames", "threads")}
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.pt"
        write_weights(weights)
        shared["weights"] = str(weights)
        base = {**shared, "precision": args.baseline_precision}
        engines = [Engine("baseline", "baseline", HERE.parent, base)]
        for tree in (HERE.parent, *(tree.resolve() for tree in args.trees)):
            for precision in args.precision:
                name = "ours" if tree == HERE.parent else tree.name
                settings = {**shared, "precision": precision}
                engines.append(Engine(f"{name} {precision}", "ours", tree, settings))
        measure(engines, args.rounds)
        for engine in engines:
            engine.close()
    audio = VitsConfig().audio
    shares = torch.linspace(1.0, 0.8, args.batch)
    seconds = float((shares * args.frames).long().sum()) * audio.hop_length / audio.sample_rate
    rows = [summary(engine, engines[0], seconds) for engine in engines]
    show(rows)
    if args.json:
        settings = {k: str(v) if isinstance(v, Path) else v for k, v in shared.items()}
        args.json.write_text(json.dumps({"settings": settings, "engines": rows}, indent=2) + "\n")
    same = [row for row, e in zip(rows, engines, strict=True) if e.name.endswith("32-true")]
    wrong = [row["engine"] for row in same if row["largest_disagreement"] > TOLERANCE]
    if args.baseline_precision == "32-true" and wrong:
        print(f"not the same computation: {', '.join(wrong)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
