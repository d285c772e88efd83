"""Write the report: an HTML page with tables, players and plots, and ``figures.json``."""

import json
import random
from collections.abc import Sequence
from html import escape
from pathlib import Path

from vits.errors import DataError, MissingFileError, name_file
from vits.evaluation.comparison import VoiceComparison
from vits.evaluation.evaluate import EvaluatedUtterance
from vits.evaluation.report.page import BLIND, PAGE
from vits.evaluation.report.tables import show, table, to_figures

__all__ = ["FIGURES", "REPORT", "check_folder", "write_report"]

REPORT, FIGURES = "report.html", "figures.json"

_Side = tuple[str, tuple[EvaluatedUtterance, ...], str]  # name, utterances, folder of the waves


def check_folder(folder: Path) -> None:
    """Require a new or empty folder, or one with an earlier report.

    Raises:
        DataError: it is a file, or contains files but no earlier report.
        MissingFileError: its parent folder does not exist.
    """
    if not folder.parent.is_dir():
        raise MissingFileError(f"folder {folder.parent} does not exist; create it first")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder for the report")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FIGURES).is_file():
        raise DataError(f"{folder} contains files but no earlier report; name another folder")


def write_report(folder: Path, comparison: VoiceComparison, plots: int = 12) -> Path:
    """Write the page, its waves and plots, and the figures; an earlier report is replaced.

    Args:
        folder: folder to create.
        comparison: results of the evaluation.
        plots: number of utterances of each voice to plot.

    Returns:
        The page.

    Raises:
        DataError: the folder contains something else.
        MissingFileError: its parent folder does not exist.
    """
    check_folder(folder)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("audio/*/[0-9][0-9][0-9][0-9].*"):  # an earlier report may be longer
        old.unlink()
    figures = json.dumps(to_figures(comparison), indent=1, ensure_ascii=False, allow_nan=False)
    with name_file(folder / FIGURES):
        (folder / FIGURES).write_text(figures + "\n", encoding="utf-8")
    sides = _sides(comparison)
    for _, utterances, place in sides:
        (folder / place).mkdir(parents=True, exist_ok=True)
        for index, one in enumerate(utterances):
            one.speech.save(folder / place / f"{index:04}.wav")
    page = PAGE.substitute(
        facts=_facts(comparison),
        summary=_table(table(comparison)),
        blind=_blind(sides, comparison.seed),
        utterances="\n".join(_utterances(folder, sides, comparison.recordings, plots)),
    )
    with name_file(folder / REPORT):
        (folder / REPORT).write_text(page, encoding="utf-8")
    return folder / REPORT


def _sides(comparison: VoiceComparison) -> list[_Side]:
    """Return the recordings, then each voice, as far as they have waves."""
    sides: list[_Side] = [("recordings", comparison.recordings, "audio/recordings")]
    sides += [
        (voice.name, voice.utterances, f"audio/voice{number}")
        for number, voice in enumerate(comparison.voices, 1)
    ]
    return [side for side in sides if side[1]]


def _facts(comparison: VoiceComparison) -> str:
    """List what was evaluated and how."""
    facts = [
        f"Test set: {comparison.manifest}, {len(comparison.voices[0].metrics)} utterances, "
        f"seed {comparison.seed} for the first.",
        f"Recogniser: {comparison.recogniser}. Naturalness predictor: {comparison.predictor}.",
        "Real-time factor: one thread, after one warm-up sentence.",
    ]
    model = comparison.model
    if model is not None:
        counts = model.counts
        facts.append(
            f"Language model: bigrams of {counts.sentences} sentences of {model.file}; "
            f"{counts.left_out} sentences left out because they are in the test set, "
            f"{counts.unknown_words} words because the recogniser does not know them; "
            f"{model.absent} of the {model.words} words of the test set are not in it."
        )
    facts += [
        f"{voice.name}: {voice.source}, step {voice.training_steps}" for voice in comparison.voices
    ]
    if len(comparison.voices) > 1 and comparison.best is not None:
        facts.append(f"Best by score: {comparison.best.name}.")
    return "".join(f"<li>{escape(fact)}</li>" for fact in facts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Render a table; the first row and the first column are headers."""
    lines: list[str] = []
    for number, (head, *cells) in enumerate(rows):
        tag = "th" if number == 0 else "td"
        inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        lines.append(f"<tr><th>{escape(head)}</th>{inner}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _utterances(
    folder: Path, sides: Sequence[_Side], recordings: Sequence[EvaluatedUtterance], plots: int
) -> list[str]:
    """Render a section for each utterance, and plot the first ones."""
    from vits.evaluation.report.plots import draw

    sections: list[str] = []
    for index, one in enumerate(sides[0][1] if sides else ()):
        item = one.metrics.item
        cells = [f"<h3>{escape(item.id)}</h3><p>{escape(item.text)}</p>"]
        for name, utterances, place in sides:
            spoken = utterances[index]
            cells.append(_player(name, spoken, f"{place}/{index:04}.wav"))
            if index < plots and not place.endswith("/recordings"):
                picture = f"{place}/{index:04}.png"
                recording = recordings[index] if recordings else None
                with name_file(folder / picture):
                    (folder / picture).write_bytes(draw(spoken, recording))
                cells.append(f'<img src="{picture}" alt="spectrograms" loading="lazy">')
        sections.append(f"<section>{''.join(cells)}</section>")
    return sections


def _player(name: str, utterances: EvaluatedUtterance, source: str) -> str:
    """Render a player, the recognised words, and the metrics of one utterance."""
    metrics = utterances.metrics
    notes = [f"{metrics.seconds:.2f} s"]
    if metrics.recognition is not None:
        errors = metrics.recognition.errors
        notes.append(f"{errors.word_errors} of {errors.words} words wrong")
        notes.append(f"recognised: {metrics.recognition.text}")
        if metrics.recognition.aligned is False:
            notes.append("not all words aligned")
    if metrics.distance is not None:
        notes.append(f"MCD {show(metrics.distance.mcd, 'dB')}")
    return (
        f'<div class="utterance"><b>{escape(name)}</b> <audio controls preload="none" '
        f'src="{source}"></audio> <small>{escape("; ".join(notes))}</small></div>'
    )


def _blind(sides: Sequence[_Side], seed: int) -> str:
    """Render a blind comparison of the first voice with the second, or with the recordings."""
    voices = [side for side in sides if not side[2].endswith("/recordings")]
    pair = voices[:2] if len(voices) > 1 else [*voices, *sides[:1]]
    if len(pair) < 2 or pair[0] is pair[1]:
        return ""
    rng, rows = random.Random(seed), list[str]()
    for index, one in enumerate(pair[0][1]):
        order = rng.sample(pair, 2)
        players = "".join(
            f'<td><audio controls preload="none" src="{place}/{index:04}.wav"></audio>'
            f'<label><input type="radio" name="r{index}" value="{escape(name)}"> better'
            "</label></td>"
            for name, _, place in order
        )
        rows.append(f"<tr><td>{escape(one.metrics.item.text)}</td>{players}</tr>")
    return BLIND.substitute(rows="".join(rows))
