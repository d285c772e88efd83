"""Assembly of the prepared folder from finished chunks."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vits.config import to_dict
from vits.data.prepare.checks import Reason
from vits.data.prepare.chunks import Chunk, ChunkResult
from vits.data.prepare.duration_outliers import Deviation, deviations, speech_units
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pitch import estimator
from vits.data.prepare.report import Report, make_report
from vits.data.prepare.utterance import language_index
from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.index import PCM16, PITCH
from vits.data.prepared.manifest import Row
from vits.data.prepared.stored_pitch import pitch_digest, write_pitch
from vits.errors import DataError
from vits.text.frontend import Frontend

__all__ = ["assemble"]

_FORMAT = 1
_BYTES = 2

T = TypeVar("T")


@dataclass
class _Corpus:
    """The corpus after all checks, in its original order.

    Attributes:
        kept: manifest lines.
        rejected: lines of ``rejected.jsonl``.
        ranges: for each chunk, the sample ranges [start, end) to copy.
        dropped: counts of unknown symbols that were dropped.
        samples: total samples of the kept rows.
        pitch: pitch of the frames of each kept row, if it was measured.
    """

    kept: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, str]] = field(default_factory=list)
    ranges: list[list[tuple[int, int]]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    samples: int = 0
    pitch: list[np.ndarray] = field(default_factory=list)


def assemble(
    chunks: Sequence[Chunk], folder: Path, config: PrepareConfig, frontend: Frontend
) -> Report:
    """Write the prepared folder from finished chunks.

    ``dataset.json`` is removed first and written last, so a folder that has one is complete.

    Args:
        chunks: all chunks of the corpus, finished.
        folder: the prepared folder.
        config: the configuration that the chunks were made with.
        frontend: the text front end that the chunks were made with.

    Raises:
        DataError: a chunk is missing or was changed, or no row was kept.
    """
    scratch = chunks[0].folder
    results = [_require(chunk, chunk.result()) for chunk in chunks]
    scores = _scores(chunks, results, config)
    corpus, remaining = _Corpus(), iter(scores)
    for chunk, result in zip(chunks, results, strict=True):
        _add_chunk(chunk, result, remaining, config, frontend, corpus)
    report = make_report(
        corpus.kept,
        corpus.rejected,
        rows=sum(len(chunk.tasks) for chunk in chunks),
        sample_rate=config.audio.sample_rate,
        symbols=frontend.symbols.to_list(),
        dropped=corpus.dropped,
        compared=sum(score is not None for score in scores),
    )
    (folder / "dataset.json").unlink(missing_ok=True)
    _write_lines(folder / "rejected.jsonl", corpus.rejected, scratch)
    if not corpus.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in report.rejected.items())
        first = corpus.rejected[0]
        raise DataError(
            f"none of {report.rows} rows was kept: {reasons}; the first is {first['audio']}: "
            f"{first['detail']}; see {folder / 'rejected.jsonl'}"
        )
    _write_audio(folder / "audio.i16", chunks, corpus, scratch)
    _write_pitch(folder / PITCH, corpus, scratch)
    _write_lines(folder / "manifest.jsonl", corpus.kept, scratch)
    _write_json(folder / "report.json", report.to_dict(), scratch)
    _write_json(folder / "dataset.json", _info(corpus, config, frontend), scratch)
    return report


def _scores(
    chunks: Sequence[Chunk], results: Sequence[ChunkResult], config: PrepareConfig
) -> list[Deviation | None]:
    """Return the duration deviation of every kept row; None if it was not compared."""
    rows = [
        (outcome["speech_seconds"], outcome["phonemes"], chunk.tasks[outcome["position"]].row)
        for chunk, result in zip(chunks, results, strict=True)
        for outcome in result.kept
    ]
    if config.limits.max_deviation == 0:
        return [None] * len(rows)
    return deviations(
        [seconds for seconds, _, _ in rows],
        [speech_units(phonemes) for _, phonemes, _ in rows],
        [row.speaker for _, _, row in rows],
    )


def _add_chunk(
    chunk: Chunk,
    result: ChunkResult,
    scores: Iterator[Deviation | None],
    config: PrepareConfig,
    frontend: Frontend,
    corpus: _Corpus,
) -> None:
    """Add the rows of a chunk, in order, to the kept or the rejected rows of the corpus."""
    kept = {outcome["position"]: outcome for outcome in result.kept}
    faults = {outcome["position"]: outcome for outcome in result.rejected}
    ranges, end = [], 0
    for position, task in enumerate(chunk.tasks):
        if position in faults:
            fault = faults[position]
            corpus.rejected.append(_rejection(task.row, fault["reason"], fault["detail"]))
            continue
        outcome, deviation = kept[position], next(scores)
        start, end = end, end + outcome["samples"]
        if deviation is not None and deviation.score > config.limits.max_deviation:
            reason, detail = Reason.ODD_DURATION.value, _outlier_detail(deviation, config)
            corpus.rejected.append(_rejection(task.row, reason, detail))
            continue
        entry = {key: outcome[key] for key in ("phonemes", "ids", "samples")}
        row = {**task.row.to_dict(), **_model_language(task.row, frontend)}
        corpus.kept.append({**row, **entry, "offset": corpus.samples})
        corpus.dropped.update(outcome["dropped"])
        corpus.samples += outcome["samples"]
        if config.pitch:
            corpus.pitch.append(np.array(outcome["pitch"], dtype=PCM16).reshape(-1, 2))
        ranges.append((start, end))
    corpus.ranges.append(ranges)


def _model_language(row: Row, frontend: Frontend) -> dict[str, str]:
    """Return the model's name of the row's language; empty for a model with one language."""
    language = language_index(row, frontend)
    return {} if language is None else {"language": frontend.config.languages[language][0]}


def _outlier_detail(deviation: Deviation, config: PrepareConfig) -> str:
    """Describe a duration outlier for ``rejected.jsonl``."""
    return (
        f"{deviation.seconds:.3f} s per phoneme, the median is {deviation.median:.3f} s: "
        f"{deviation.score:.1f} deviations, at most {config.limits.max_deviation:g}"
    )


def _rejection(row: Row, reason: str, detail: str) -> dict[str, str]:
    """Return a line of ``rejected.jsonl``."""
    return {"id": row.id, "audio": row.audio, "reason": reason, "detail": detail}


def _info(corpus: _Corpus, config: PrepareConfig, frontend: Frontend) -> dict[str, Any]:
    """Return the content of ``dataset.json``; ``speakers`` is empty for one unnamed speaker."""
    speakers = sorted({row["speaker"] for row in corpus.kept})
    pitch = {}
    if config.pitch:
        pitch["pitch"] = {**estimator(), "sha256": pitch_digest(corpus.pitch)}
    return {
        "format": _FORMAT,
        "audio": to_dict(config.audio),
        "frontend": frontend.to_dict(),
        "fingerprint": frontend.fingerprint(),
        "speakers": [] if speakers == [""] else speakers,
        "utterances": len(corpus.kept),
        "samples": corpus.samples,
        "preparation": {k: v for k, v in config.to_dict().items() if k != "audio"},
        **pitch,
    }


def _require(chunk: Chunk, value: T | None) -> T:
    """Return a value read from a finished chunk; raise DataError if it is missing."""
    if value is None:
        raise DataError(f"{chunk.result_path} was changed or deleted meanwhile; prepare again")
    return value


def _write_audio(path: Path, chunks: Sequence[Chunk], corpus: _Corpus, scratch: Path) -> None:
    """Write the concatenated waves of the kept rows."""
    with atomic_write(path, scratch) as partial, partial.open("wb") as file:
        for chunk, ranges in zip(chunks, corpus.ranges, strict=True):
            waves = _require(chunk, chunk.waves()) if ranges else b""
            for start, end in ranges:
                file.write(waves[start * _BYTES : end * _BYTES])


def _write_pitch(path: Path, corpus: _Corpus, scratch: Path) -> None:
    """Write the pitch of the kept rows, or remove that of an earlier preparation."""
    if not corpus.pitch:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path, scratch) as partial:
        write_pitch(partial, corpus.pitch)


def _write_lines(path: Path, rows: Iterable[dict[str, Any]], scratch: Path) -> None:
    """Write a JSONL file."""
    with (
        atomic_write(path, scratch) as partial,
        partial.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_json(path: Path, value: dict[str, Any], scratch: Path) -> None:
    """Write a JSON file."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    with atomic_write(path, scratch) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
