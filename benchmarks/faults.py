"""Crash-safety test: kill and stop training runs at random moments, resume, and compare.

    python benchmarks/faults.py --kills 100 --terms 50 --output faults.json
    python benchmarks/faults.py --attack 5

The script creates a toy corpus and a tiny network. Runs on one and two ranks, with 0 and 2 loader
workers, and with TMPDIR on the same and on another file system, are interrupted repeatedly by a
signal to one rank or to all, and resumed with ``--resume auto`` until they have finished. Weights,
moving average, both optimizers and schedulers must then be bit-identical to those of an
uninterrupted run.

A kill is SIGKILL: afterwards every ``*.ckpt`` file must be readable, and no rank may be left. A
term is SIGTERM: every rank must exit with status 75 within ten seconds, print one message with the
command to resume, and save its last step if training had begun. Two ranks are started as torchrun
does (by fork, which avoids the imports at every start) or by Lightning.

With ``--attack`` servers are stopped instead, each by SIGTERM at a random moment while clients
misbehave (``attacks.py``). Each must end with status 0 soon after its grace time, and print nothing
about errors.
"""

import os

# before the import of torch: its threads would compete for the cores and not survive a fork
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import itertools
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import yaml
from attacks import ATTACKS, attack
from matplotlib import figure  # noqa: F401  # imported once, before the forks
from starts import KINDS, Fault, Kind, Start, newest
from toy import make_corpus, settings

from vits.alignment import monotonic_alignment_search
from vits.synthesis.api import DEFAULT_VOICE
from vits.training import command  # noqa: F401
from vits.training.checkpoints.checkpoint_io import read_checkpoint

GRACE, LATE = 5, 6  # seconds: of the server, and what its last bytes may take
COMPARED = ("global_step", "state_dict", "optimizer_states", "lr_schedulers", "vits", "callbacks")


def equal(one: Any, other: Any) -> bool:
    """Return whether nested values are equal, tensors bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(v, other[k]) for k, v in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def reference(ranks: int, config: Path, folder: Path) -> dict[str, Any]:
    """Train without interruption and return the last checkpoint."""
    start = Start(Kind(ranks, 0, other_tmpdir=False), config, folder)
    start.wait(lambda: False, 600)
    if set(start.statuses.values()) != {0}:
        sys.exit(f"the uninterrupted run failed: {start.log.read_text()}")
    return read_checkpoint(folder / "checkpoints/last.ckpt")


def interrupted_run(kind: Kind, config: Path, folder: Path, faults: list[Fault]) -> list[Fault]:
    """Train with faults until the run has finished; remove the faults used from the list."""
    happened: list[Fault] = []
    while True:
        start = Start(kind, config, folder)
        ended = _wait_for_moment(start, bool(faults))
        if ended and set(start.statuses.values()) == {0}:
            return happened
        if ended:
            sys.exit(f"{kind}: the run could not be resumed: {start.log.read_text()[-2000:]}")
        fault = faults.pop()
        fault.kind = str(kind)
        fault.target = random.choice(["0", "1", "all"]) if kind.ranks > 1 else "0"
        start.hit(fault)
        if set(fault.statuses) == {0}:
            faults.append(Fault("", fault.term, ""))  # the run had finished before the signal
            return happened
        happened.append(fault)
        for complaint in fault.complaints:
            print(f"  {kind}, {'term' if fault.term else 'kill'} {fault.target}: {complaint}")


def _wait_for_moment(start: Start, fault: bool) -> bool:
    """Wait for a random moment during startup or training; return whether the run has ended."""
    early = random.random() < 0.25
    delay = random.uniform(0, (8.0 if start.kind.launcher else 2.0) if early else 1.0)
    if not fault:
        return start.wait(lambda: False, 600)
    if not early:
        start.wait(lambda: newest(start.folder) > start.before, 600)
    moment = time.monotonic() + delay
    return start.wait(lambda: time.monotonic() > moment, 600)


def report(faults: list[Fault], runs: int, same: int) -> dict[str, Any]:
    """Summarize the faults and the runs."""
    kills, terms = ([f for f in faults if f.term == term] for term in (False, True))
    seconds = sorted(f.seconds for f in terms)
    return {
        "kills": len(kills),
        "unreadable checkpoints": sum(f.unreadable for f in faults),
        "terms": len(terms),
        "terms that exit 75": sum(set(f.statuses) == {75} for f in terms),
        "terms that saved a step": sum("saved as" in f.message for f in terms),
        "hangs": sum("hang" in f.complaints for f in faults),
        "seconds to stop, median": statistics.median(seconds) if seconds else None,
        "seconds to stop, longest": seconds[-1] if seconds else None,
        "complaints": sum(len(f.complaints) for f in faults),
        "runs resumed to the end": runs,
        "runs bit-identical at the end": same,
    }


def stop_under_attack(rounds: int, arguments: list[str]) -> dict[str, Any]:
    """Stop servers while clients misbehave; return the figures."""
    seconds: list[float] = []
    faults: list[str] = []
    outcomes: Counter[str] = Counter()
    for number in range(rounds):
        words = [sys.executable, "-m", "vits", "serve", *arguments, "--port", "0"]
        words += ["--grace", str(GRACE)]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert server.stdout is not None
        line = server.stdout.readline()
        port = int(line.split()[0].rsplit(":", 1)[1])
        end = time.monotonic() + random.uniform(1, 6)
        threads = [
            threading.Thread(target=attack, args=(name, port, end, outcomes))
            for name in (*ATTACKS, *["cancel"] * 8)
        ]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, end - time.monotonic()))
        started = time.monotonic()
        server.terminate()
        try:
            _, said = server.communicate(timeout=GRACE + LATE)
        except subprocess.TimeoutExpired:
            server.kill()
            _, said = server.communicate()
            faults.append(f"round {number}: still there after {GRACE + LATE} s")
        seconds.append(time.monotonic() - started)
        if server.returncode or said:
            faults.append(f"round {number}: status {server.returncode}: {said[-300:]!r}")
        for thread in threads:
            thread.join()
    return {
        "stops": rounds,
        "outcomes": dict(sorted(outcomes.items())),
        "seconds to stop, median": statistics.median(seconds),
        "seconds to stop, longest": max(seconds),
        "faults": faults,
    }


def main() -> int:
    """Interrupt, resume and compare runs; print a table and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="number of SIGKILL (default 20)")
    parser.add_argument("--terms", type=int, default=10, help="number of SIGTERM (default 10)")
    parser.add_argument("--steps", type=int, default=40, help="steps of each run (default 40)")
    kinds = "; ".join(f"{number}: {kind}" for number, kind in enumerate(KINDS))
    every = range(len(KINDS))
    parser.add_argument("--kinds", type=int, nargs="+", choices=every, default=every, help=kinds)
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments and targets")
    parser.add_argument("--folder", type=Path, help="working folder; it must not exist")
    parser.add_argument("--output", type=Path, help="write the results to this JSON file")
    parser.add_argument("--attack", type=int, metavar="N", help="stop N servers under attack")
    args = parser.parse_args()
    random.seed(args.seed)
    if args.attack:
        figures = stop_under_attack(args.attack, [f"soaked={DEFAULT_VOICE}"])
        print(json.dumps(figures, indent=2))
        return int(bool(figures["faults"]))
    folder = (args.folder or Path(tempfile.mkdtemp(prefix="faults-")) / "work").resolve()
    folder.mkdir(parents=True)
    config = folder / "config.yaml"
    data = make_corpus(folder / "corpus")
    # compile and load once, before the forks
    one = torch.ones(1, dtype=torch.int64)
    monotonic_alignment_search(torch.zeros(1, 1, 1), one, one)
    config.write_text(yaml.safe_dump(settings(data, args.steps)))
    references: dict[int, dict[str, Any]] = {}
    faults = [Fault("", term, "") for term in [False] * args.kills + [True] * args.terms]
    random.shuffle(faults)
    happened: list[Fault] = []
    runs = same = 0
    for kind in itertools.cycle(KINDS[number] for number in args.kinds):
        if kind.ranks not in references:
            uninterrupted = folder / f"reference-{kind.ranks}"
            references[kind.ranks] = reference(kind.ranks, config, uninterrupted)
        runs += 1
        run = folder / f"run-{runs}"
        new = interrupted_run(kind, config, run, faults)
        last = read_checkpoint(run / "checkpoints/last.ckpt")
        equals = all(equal(last[key], references[kind.ranks][key]) for key in COMPARED)
        same += equals
        happened += new
        kills = sum(not f.term for f in new)
        result = "bit-identical" if equals else "DIFFERENT"
        print(f"{kind!s:50s} {kills:3d} kills {len(new) - kills:3d} terms  {result}", flush=True)
        if equals:
            shutil.rmtree(run)
        if not faults:
            break
    summary = report(happened, runs, same)
    for name, value in summary.items():
        print(f"{name:32s} {value}")
    if args.output:
        details = [asdict(fault) for fault in happened]
        args.output.write_text(json.dumps({**summary, "faults": details}, indent=2) + "\n")
    bad = summary["unreadable checkpoints"] + summary["complaints"] + runs - same
    return 0 if bad == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
