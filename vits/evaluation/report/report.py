"""The report: a page with tables, players and pictures, beside ``figures.json``."""

import json
import random
from collections.abc import Sequence
from html import escape
from pathlib import Path

from vits.errors import DataError, MissingFileError
from vits.evaluation.comparison import Contest
from vits.evaluation.evaluate import Measured
from vits.evaluation.report.page import BLIND, PAGE
from vits.evaluation.report.tables import show, table, to_figures

__all__ = ["FIGURES", "REPORT", "check_folder", "write_report"]

REPORT, FIGURES = "report.html", "figures.json"

_Side = tuple[str, tuple[Measured, ...], str]  # name, utterances, folder of the waves


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else, before any work is done.

    Raises:
        DataError: it is a file, or holds files but no earlier report.
        MissingFileError: the folder it lies in does not exist.
    """
    if not folder.parent.is_dir():
        raise MissingFileError(f"folder {folder.parent} does not exist; create it first")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder for the report")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FIGURES).is_file():
        raise DataError(f"{folder} holds files but no earlier report; name another folder")


def write_report(folder: Path, contest: Contest, pictures: int = 12) -> Path:
    """Write the page, its waves and pictures, and the figures; an earlier report is replaced.

    Args:
        folder: where; it is made.
        contest: what was found.
        pictures: draw the first so many utterances of each voice.

    Returns:
        The page.

    Raises:
        DataError: the folder holds something else.
        MissingFileError: the folder it lies in does not exist.
    """
    check_folder(folder)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("audio/*/[0-9][0-9][0-9][0-9].*"):  # an earlier report may be longer
        old.unlink()
    figures = json.dumps(to_figures(contest), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / FIGURES).write_text(figures + "\n", encoding="utf-8")
    sides = _sides(contest)
    for _, measured, place in sides:
        (folder / place).mkdir(parents=True, exist_ok=True)
        for index, one in enumerate(measured):
            one.speech.save(folder / place / f"{index:04}.wav")
    page = PAGE.substitute(
        facts=_facts(contest),
        summary=_table(table(contest)),
        blind=_blind(sides, contest.seed),
        utterances="\n".join(_utterances(folder, sides, contest.recordings, pictures)),
    )
    (folder / REPORT).write_text(page, encoding="utf-8")
    return folder / REPORT


def _sides(contest: Contest) -> list[_Side]:
    """Return whoever can be heard, the recordings first."""
    sides: list[_Side] = [("recordings", contest.recordings, "audio/recordings")]
    sides += [
        (voice.name, voice.measured, f"audio/voice{number}")
        for number, voice in enumerate(contest.voices, 1)
    ]
    return [side for side in sides if side[1]]


def _facts(contest: Contest) -> str:
    """Say what was evaluated and how."""
    facts = [
        f"Said: {contest.manifest}, {len(contest.voices[0].takes)} utterances, "
        f"seed {contest.seed} for the first.",
        f"Recogniser: {contest.recogniser}. Naturalness as predicted by: {contest.predictor}.",
        "Real-time factor: one thread, after one sentence that is not counted.",
    ]
    model = contest.model
    if model is not None:
        counted = model.counted
        facts.append(
            f"Language model: bigrams of {counted.sentences} sentences of {model.file}; "
            f"{counted.left_out} sentences left out because they are said here, "
            f"{counted.unknown_words} words because the recogniser does not know them; "
            f"{model.absent} of the {model.words} words said here are not in it."
        )
    facts += [
        f"{voice.name}: {voice.source}, step {voice.training_steps}" for voice in contest.voices
    ]
    if len(contest.voices) > 1 and contest.best is not None:
        facts.append(f"Best by score: {contest.best.name}.")
    return "".join(f"<li>{escape(fact)}</li>" for fact in facts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of cells as a table; the first row and the first cells are heads."""
    lines: list[str] = []
    for number, (head, *cells) in enumerate(rows):
        tag = "th" if number == 0 else "td"
        inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        lines.append(f"<tr><th>{escape(head)}</th>{inner}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _utterances(
    folder: Path, sides: Sequence[_Side], recordings: Sequence[Measured], pictures: int
) -> list[str]:
    """Write one section for each utterance, and draw the first of them."""
    from vits.evaluation.report.plots import draw

    sections: list[str] = []
    for index, one in enumerate(sides[0][1] if sides else ()):
        item = one.take.item
        cells = [f"<h3>{escape(item.id)}</h3><p>{escape(item.text)}</p>"]
        for name, measured, place in sides:
            spoken = measured[index]
            cells.append(_player(name, spoken, f"{place}/{index:04}.wav"))
            if index < pictures and not place.endswith("/recordings"):
                picture = f"{place}/{index:04}.png"
                natural = recordings[index] if recordings else None
                (folder / picture).write_bytes(draw(spoken, natural))
                cells.append(f'<img src="{picture}" alt="spectrograms" loading="lazy">')
        sections.append(f"<section>{''.join(cells)}</section>")
    return sections


def _player(name: str, measured: Measured, source: str) -> str:
    """Write a player, what was heard, and the figures of one utterance."""
    take = measured.take
    notes = [f"{take.seconds:.2f} s"]
    if take.heard is not None:
        errors = take.heard.errors
        notes.append(f"{errors.word_errors} of {errors.words} words wrong")
        notes.append(f"heard: {take.heard.text}")
        if take.heard.aligned is False:
            notes.append("not all words aligned")
    if take.comparison is not None:
        notes.append(f"MCD {show(take.comparison.mcd, 'dB')}")
    return (
        f'<div class="take"><b>{escape(name)}</b> <audio controls preload="none" '
        f'src="{source}"></audio> <small>{escape("; ".join(notes))}</small></div>'
    )


def _blind(sides: Sequence[_Side], seed: int) -> str:
    """Write a blind comparison of the first voice with the second, or with the recordings."""
    voices = [side for side in sides if not side[2].endswith("/recordings")]
    pair = voices[:2] if len(voices) > 1 else [*voices, *sides[:1]]
    if len(pair) < 2 or pair[0] is pair[1]:
        return ""
    chance, rows = random.Random(seed), list[str]()
    for index, one in enumerate(pair[0][1]):
        order = chance.sample(pair, 2)
        players = "".join(
            f'<td><audio controls preload="none" src="{place}/{index:04}.wav"></audio>'
            f'<label><input type="radio" name="r{index}" value="{escape(name)}"> better'
            "</label></td>"
            for name, _, place in order
        )
        rows.append(f"<tr><td>{escape(one.take.item.text)}</td>{players}</tr>")
    return BLIND.substitute(rows="".join(rows))
