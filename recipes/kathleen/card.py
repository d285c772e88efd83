"""Evaluate the voice on its three test sets and write the figures of its card.

    python recipes/kathleen/card.py VOICE --val data/kathleen_val
        --held-out data/kathleen_held_out --hours 1.5 --hardware "two CPU cores" -o card.json

The test sets are val.csv, held_out.txt and everyday.txt; ``vits evaluate`` measures them with its
defaults. ``vits bundle --card card.json`` puts the figures on the card.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FIT = "OMP_NUM_THREADS=1 vits fit -c configs/small.yaml -c recipes/kathleen/small.yaml"


def finetune_command(base: str, *options: str) -> str:
    """Return the command of a run that continues from another one."""
    command = f"OMP_NUM_THREADS=1 vits finetune runs/kathleen_{base} data/kathleen_fit"
    return " ".join([command, "-c recipes/kathleen/spoken.yaml", *options])


COMMANDS = (  # the first steps had a faster learning rate decay
    f"{FIT} --model.training.optimizer.decay_steps 200 --model.training.ema_decay 0.999"
    " --trainer.max_steps 2338",
    f"{FIT} --resume auto",
    "vits align runs/kathleen_small data/kathleen_fit data/kathleen_val",
    finetune_command("small"),
    finetune_command("spoken", "-c recipes/kathleen/last.yaml"),
    finetune_command(
        "last",
        "-c recipes/kathleen/last.yaml --model.training.optimizer.decay_steps 48",
        "--trainer.max_steps 1200 --trainer.default_root_dir runs/kathleen_more",
    ),
    finetune_command(
        "more",
        "-c recipes/kathleen/natural.yaml --model.training.loss_weights.envelope 0",
        "--model.training.loss_weights.mel 15 --model.training.loss_weights.feature 2",
        "--model.training.optimizer.decay_steps 2000",
        "--trainer.max_steps 700 --trainer.default_root_dir runs/kathleen_free",
    ),
    finetune_command(
        "free",
        "-c recipes/kathleen/natural.yaml --model.training.optimizer.decay_steps 2000",
        "--trainer.max_steps 481 --trainer.default_root_dir runs/kathleen_formants",
    ),
    finetune_command("formants", "-c recipes/kathleen/natural.yaml"),
    "vits bundle runs/kathleen_natural -o voices/kathleen --name kathleen --licence CC0-1.0"
    " --noise-scale 0.25 --noise-scale-duration 0.3 --length-scale 1.06"
    " --compact --card card.json",
)
NAMES = {
    "word_error_rate": "word error rate",
    "character_error_rate": "character error rate",
    "aligned": "share of utterances with all words aligned",
    "naturalness": "naturalness that DNSMOS P.835 predicts (1 to 5)",
    "mcd": "mel-cepstral distortion (dB)",
    "mel_l1": "mel L1",
    "f0_ratio": "median F0 over the recordings'",
    "rate_ratio": "speaking rate over the recordings'",
    "real_time_factor": "real-time factor, one thread",
}
OF_RECORDINGS = ("word_error_rate", "character_error_rate", "aligned", "naturalness")


def measure(voice: Path, manifest: Path) -> dict[str, Any]:
    """Run ``vits evaluate`` and return its results."""
    command = [sys.executable, "-m", "vits", "evaluate", str(voice), str(manifest), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def name_figures(test_set: str, measured: dict[str, Any]) -> dict[str, float]:
    """Return the figures of the card, named after their test set."""
    figures: dict[str, float] = {}
    summary = measured["voices"][0]["summary"]
    for key, name in NAMES.items():
        if summary[key] is not None:
            figures[f"{test_set}: {name}"] = round(summary[key], 4)
    recordings = (measured["recordings"] or {}).get("summary", {})
    for key in OF_RECORDINGS:
        if recordings.get(key) is not None:
            figures[f"{test_set}: the recordings' {NAMES[key]}"] = round(recordings[key], 4)
    return figures


def main() -> None:
    """Evaluate the three test sets and write the card."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voice", type=Path, help="a voice folder")
    parser.add_argument("--val", type=Path, required=True, help="val.csv, prepared")
    parser.add_argument("--held-out", type=Path, required=True, help="held_out.csv, prepared")
    parser.add_argument("--hours", type=float, required=True, help="hours of training")
    parser.add_argument("--hardware", required=True, help="hardware of the training")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the JSON to write")
    args = parser.parse_args()
    figures: dict[str, float] = {}
    for test_set, manifest in (
        ("val", args.val),
        ("held out", args.held_out),
        ("everyday", HERE / "everyday.txt"),
    ):
        figures |= name_figures(test_set, measure(args.voice, manifest))
        print(test_set, json.dumps(figures, indent=1), flush=True)
    card = {
        "hardware": args.hardware,
        "hours": args.hours,
        "commands": list(COMMANDS),
        "figures": figures,
    }
    args.output.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
