"""Measure the voice on its three lists of sentences and write the figures of its card.

    python recipes/kathleen/card.py VOICE --val data/kathleen_val
        --held-out data/kathleen_held_out --hours 1.5 --hardware "two processors" -o card.json

The lists are val.csv, held_out.txt and everyday.txt; everything is measured by ``vits evaluate``
with its defaults. ``vits bundle --card card.json`` puts the figures on the card.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FIT = "OMP_NUM_THREADS=1 vits fit -c configs/small.yaml -c recipes/kathleen/small.yaml"


def go_on(before: str, *more: str) -> str:
    """Write the command of a run that goes on from another one."""
    command = f"OMP_NUM_THREADS=1 vits finetune runs/kathleen_{before} data/kathleen_fit"
    return " ".join([command, "-c recipes/kathleen/spoken.yaml", *more])


COMMANDS = (  # the first steps were made with a faster decay of the learning rate
    f"{FIT} --model.training.learning_rate_decay_steps 200 --model.training.ema_decay 0.999"
    " --trainer.max_steps 2338",
    f"{FIT} --resume auto",
    "vits align runs/kathleen_small data/kathleen_fit data/kathleen_val",
    go_on("small"),
    go_on("spoken", "-c recipes/kathleen/last.yaml"),
    go_on(
        "last",
        "-c recipes/kathleen/last.yaml --model.training.learning_rate_decay_steps 48",
        "--trainer.max_steps 1200 --trainer.default_root_dir runs/kathleen_more",
    ),
    go_on(
        "more",
        "-c recipes/kathleen/natural.yaml --model.training.envelope_weight 0",
        "--model.training.mel_weight 15 --model.training.feature_weight 2",
        "--model.training.learning_rate_decay_steps 2000",
        "--trainer.max_steps 700 --trainer.default_root_dir runs/kathleen_free",
    ),
    go_on(
        "free",
        "-c recipes/kathleen/natural.yaml --model.training.learning_rate_decay_steps 2000",
        "--trainer.max_steps 481 --trainer.default_root_dir runs/kathleen_formants",
    ),
    go_on("formants", "-c recipes/kathleen/natural.yaml"),
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
    """Run ``vits evaluate`` and return what it measured."""
    command = [sys.executable, "-m", "vits", "evaluate", str(voice), str(manifest), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def name_figures(where: str, measured: dict[str, Any]) -> dict[str, float]:
    """Pick the card's figures and name them after their list."""
    figures: dict[str, float] = {}
    summary = measured["voices"][0]["summary"]
    for key, name in NAMES.items():
        if summary[key] is not None:
            figures[f"{where}: {name}"] = round(summary[key], 4)
    recordings = (measured["recordings"] or {}).get("summary", {})
    for key in OF_RECORDINGS:
        if recordings.get(key) is not None:
            figures[f"{where}: the recordings' {NAMES[key]}"] = round(recordings[key], 4)
    return figures


def main() -> None:
    """Measure the three lists and write the card."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voice", type=Path, help="a voice folder")
    parser.add_argument("--val", type=Path, required=True, help="val.csv, prepared")
    parser.add_argument("--held-out", type=Path, required=True, help="held_out.csv, prepared")
    parser.add_argument("--hours", type=float, required=True, help="of training")
    parser.add_argument("--hardware", required=True, help="that it was trained on")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the JSON to write")
    args = parser.parse_args()
    figures: dict[str, float] = {}
    for where, manifest in (
        ("val", args.val),
        ("held out", args.held_out),
        ("everyday", HERE / "everyday.txt"),
    ):
        figures |= name_figures(where, measure(args.voice, manifest))
        print(where, json.dumps(figures, indent=1), flush=True)
    card = {
        "hardware": args.hardware,
        "hours": args.hours,
        "commands": list(COMMANDS),
        "figures": figures,
    }
    args.output.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
