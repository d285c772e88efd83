"""Report page of a creation: what was made of what, and what would make it better."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

__all__ = ["advice", "write_page"]

FEW_MINUTES = 10.0
NOISY_DB = 25.0
LEFT_OUT_SHARE = 0.1

_PAGE = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>$title</title>
<style>body { font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }
td { padding: 0.1em 1em 0.1em 0; vertical-align: top }</style>
<h1>$title</h1>
<table>$stages</table>
$report
<h2>Gain of each 100 steps</h2>
<p>$gains</p>
<h2>For a better voice</h2>
<ul>$advice</ul>
</html>
""")


def advice(prepared: dict[str, Any], checked: dict[str, Any], trained: dict[str, Any]) -> list[str]:
    """Return what would make the voice better, from the results of the stages.

    >>> rows = {"utterances": 90, "rejected": 0}
    >>> advice(rows, {"seconds": 900, "signal_to_noise": 40, "left_out": 0}, {"expired": False})
    ['Record more of the kind of text that the voice is to speak.']
    """
    lines: list[str] = []
    minutes = checked["seconds"] / 60
    if minutes < FEW_MINUTES:
        lines.append(f"Record more: there are {minutes:.1f} minutes to learn from.")
    if checked["signal_to_noise"] < NOISY_DB:
        lines.append(
            f"Record in a quieter room or closer to the microphone: the recordings have "
            f"{checked['signal_to_noise']:.0f} dB signal to noise, 35 dB are usual in a quiet room."
        )
    lost = prepared["rejected"] + checked["left_out"]
    if lost > LEFT_OUT_SHARE * (prepared["utterances"] + prepared["rejected"]):
        lines.append(
            f"{lost} recordings were not used: see prepared/rejected.jsonl and "
            "clean/rejected.jsonl for the reason of each."
        )
    if trained["expired"]:
        lines.append("The time was over first: run the same command with more --minutes.")
    return lines or ["Record more of the kind of text that the voice is to speak."]


def write_page(
    work: Path,
    title: str,
    stages: Sequence[tuple[str, str]],
    trained: dict[str, Any],
    advised: Sequence[str],
) -> Path:
    """Write ``index.html`` into the work folder and return it.

    Args:
        work: the folder.
        title: name of the voice.
        stages: name and result of each stage.
        trained: results of the training stage.
        advised: lines of ``advice``.
    """
    from vits.data.prepared.atomic_write import atomic_write

    report = "<p>No samples: the evaluation was left out.</p>"
    if (work / "report" / "report.html").is_file():
        report = '<p><a href="report/report.html">Samples beside recordings, with figures</a></p>'
    gained = [f"{gain:+.4f} to step {step}" for step, gain in trained["gains"]]
    page = _PAGE.substitute(
        title=escape(title),
        stages="".join(f"<tr><td>{escape(a)}<td>{escape(b)}" for a, b in stages),
        report=report,
        gains=", ".join(gained) or "There was one validation only.",
        advice="".join(f"<li>{escape(line)}" for line in advised),
    )
    with atomic_write(work / "index.html") as partial:
        partial.write_text(page, encoding="utf-8")
    return work / "index.html"
