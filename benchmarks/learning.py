"""Learning test: train the demo configuration on the demo corpus with several seeds.

    python benchmarks/learning.py --seeds 1 2 3 --output learning.json

For each seed, it reports the mel loss at step 20 and at the end, whether the alignments of training
utterances are monotonic and cover every symbol, and the training time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path) -> str:
    """Run a command in the project root and return its output."""
    environment = {"OMP_NUM_THREADS": "1", **os.environ}  # as the demo does, see its run.sh
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):  # status 1: the run has not learned
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}")
    return done.stdout


def measure(seed: int, folder: Path, config: Path, extra: list[str]) -> dict[str, Any]:
    """Train with one seed and evaluate the run."""
    data, result = folder / "prepared", folder / f"run-{seed}"
    started = time.perf_counter()
    run(
        *(sys.executable, "-m", "vits", "fit", "-c", config, "--data.train", data),
        *("--data.seed", str(seed), "--model.training.seed", str(seed)),
        *("--seed_everything", str(seed), "--trainer.default_root_dir", result),
        *extra,
    )
    seconds = time.perf_counter() - started
    measurements = json.loads(
        run(sys.executable, ROOT / "recipes/demo/check_learning.py", result, data, "--json")
    )
    return {"seed": seed, "seconds": round(seconds), **measurements}


def main() -> int:
    """Measure every seed, print a table and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--folder", type=Path, default=Path("runs/learning"), help="working folder")
    parser.add_argument("--config", type=Path, default=Path("configs/tiny.yaml"))
    parser.add_argument("--output", type=Path, help="write the results to this JSON file")
    parser.add_argument("fit", nargs="*", help="further arguments for `vits fit`, after --")
    args = parser.parse_args()
    folder = args.folder.resolve()
    run(sys.executable, ROOT / "recipes/demo/make_corpus.py", folder / "corpus")
    vits = (sys.executable, "-m", "vits")
    options = ("--sample-rate", "16000", "--no-blanks")
    run(*vits, "prepare", folder / "corpus", "-o", folder / "prepared", *options)
    rows = [measure(seed, folder, args.config.resolve(), args.fit) for seed in args.seeds]
    for name in rows[0]:
        print(f"{name:42s} " + " ".join(f"{row[name]!s:>10s}" for row in rows))
    if args.output:
        args.output.write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(row["learned"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
