"""The table of a comparison in Markdown."""

from collections.abc import Mapping
from typing import Any

from vits.evaluation.report.tables import show

__all__ = ["markdown"]

NAMES = {
    "recordings": "recordings",
    "griffin_lim": "Tacotron 2 + Griffin-Lim",
    "waveglow": "Tacotron 2 + WaveGlow",
    "hifigan": "Tacotron 2 + HiFi-GAN",
    "vits_deterministic": "VITS, deterministic durations",
    "vits_stochastic": "VITS, stochastic durations",
    "vits2": "VITS2",
}
JUDGED = (
    ("word_error_rate", "word errors", "%"),
    ("character_error_rate", "character errors", "%"),
    ("naturalness", "naturalness", "2"),
    ("mcd", "cepstral distortion", "dB"),
    ("log_f0_rmse", "ln F0 RMSE", "3"),
    ("rate_ratio", "rate", "2"),
)
MEASURED = (
    "sentences cut",
    "real-time factor",
    "million weights",
    "training steps",
    "CPU minutes",
)


def markdown(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of the results by system, or a line that says there are none."""
    if not results:
        return "nothing has been judged yet"
    head = ["system", *(title for _, title, _ in JUDGED), *MEASURED]
    lines = [head, ["---"] * len(head)]
    for name, result in results.items():
        summary = result["summary"]
        cells = [show(summary[key], unit) for key, _, unit in JUDGED]
        lines.append([NAMES[name], *cells, *_measured(result)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _measured(result: Mapping[str, Any]) -> list[str]:
    """Return the cells that no judge is needed for; recordings have none."""
    if "parameters" not in result:
        return ["–"] * len(MEASURED)
    cut = result["cut"]
    return [
        "–" if cut is None else str(cut),
        f"{result['summary']['real_time_factor']:.3f}",
        f"{result['parameters'] / 1e6:.2f}",
        " + ".join(f"{steps:,}" for steps in result["steps"]),
        " + ".join(f"{minutes:g}" for minutes in result["cpu_minutes"]),
    ]
