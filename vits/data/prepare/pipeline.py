"""The preparation pipeline: parallel, resumable and distributed over machines."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vits.data.prepare.assemble import assemble
from vits.data.prepare.chunks import Chunk, clear, plan
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.report import Report
from vits.data.prepare.utterance import extend_symbols
from vits.data.prepare.workers import process_chunks
from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.manifest import Row
from vits.errors import DataError
from vits.text.frontend import Frontend

__all__ = ["PrepareResult", "prepare"]

_CHUNK_ROWS = 64  # about a second of work: the most that a killed run loses per worker

_FILES = ("audio.i16", "manifest.jsonl", "rejected.jsonl", "report.json")


class PrepareResult(NamedTuple):
    """Result of a call of ``prepare``.

    Attributes:
        report: report on the whole corpus; None while chunks of other shards are missing.
        missing: number of unfinished chunks.
        chunks: number of chunks of the corpus.
    """

    report: Report | None
    missing: int
    chunks: int


def prepare(
    rows: Sequence[Row],
    folder: Path,
    config: PrepareConfig,
    frontend: Frontend,
    *,
    workers: int = 1,
    shard: tuple[int, int] = (1, 1),
    merge: bool = False,
    keep_chunks: bool = False,
    progress: Callable[[int, int], None] | None = None,
    chunk_rows: int = _CHUNK_ROWS,
) -> PrepareResult:
    """Check, convert and encode a corpus.

    Finished chunks are stored in ``folder/chunks``; calling ``prepare`` again resumes a run that
    was stopped or killed. The result is byte-identical for any number of workers, shards and
    interruptions.

    Args:
        rows: the whole corpus, even for a single shard.
        folder: the prepared folder; created if necessary.
        config: configuration of the preparation.
        frontend: text front end that encodes the texts.
        workers: number of processes; 1 uses the current process.
        shard: ``(i, n)``: this machine processes shard i of n, from 1. The machine that finds all
            chunks finished assembles the folder; chunks are kept, as another machine may be
            assembling as well.
        merge: only assemble the folder; all chunks must be finished.
        keep_chunks: keep the chunks, so that after a change of the corpus only the affected chunks
            are prepared again.
        progress: called with the finished rows and all rows of this shard.
        chunk_rows: rows per chunk; must be equal for all shards.

    Raises:
        DataError: there are no rows, no row was kept, a chunk is missing with ``merge``, or a
            worker process died.
        TextError: the front end cannot run: unknown language, or espeak-ng is not installed.
    """
    work = folder / "chunks"
    _check_call(rows, folder, work, workers=workers, chunk_rows=chunk_rows)
    for language in range(len(frontend.config.languages)) or (None,):
        frontend.for_language(language).transcribe("a")  # report an unknown language at once
    if config.unknown == "extend":
        frontend = extend_symbols(frontend, rows)
    chunks = plan(rows, work, _made_with(config, frontend), chunk_rows)
    report = _existing_report(folder, _key(chunks, config))
    if report is not None:
        return PrepareResult(report, 0, len(chunks))
    work.mkdir(parents=True, exist_ok=True)
    if not merge:
        process_chunks(chunks[shard[0] - 1 :: shard[1]], work, config, frontend, workers, progress)
    shared = merge or shard[1] > 1
    missing = sum(not chunk.is_finished() for chunk in chunks) if shared else 0
    if missing and merge:
        raise DataError(
            f"{missing} of {len(chunks)} chunks are missing in {work} or were made from other "
            "inputs; run their shards first, with the same options"
        )
    if missing:
        return PrepareResult(None, missing, len(chunks))
    report = _finish(chunks, folder, config, frontend)
    if not keep_chunks and (merge or not shared):
        clear(work)
    return PrepareResult(report, 0, len(chunks))


def _finish(
    chunks: Sequence[Chunk], folder: Path, config: PrepareConfig, frontend: Frontend
) -> Report:
    """Assemble the folder and store the hash of its inputs."""
    (folder / "prepare.json").unlink(missing_ok=True)
    report = assemble(chunks, folder, config, frontend)
    with atomic_write(folder / "prepare.json", chunks[0].folder) as path:
        path.write_text(json.dumps({"key": _key(chunks, config)}) + "\n", encoding="utf-8")
    return report


def _made_with(config: PrepareConfig, frontend: Frontend) -> list[Any]:
    """Return the options that chunks depend on; duration outliers are found after them."""
    options = config.to_dict()
    del options["limits"]["max_deviation"]
    return [options, frontend.to_dict(), frontend.fingerprint()]


def _key(chunks: Sequence[Chunk], config: PrepareConfig) -> str:
    """Return the hash of everything that the prepared folder depends on."""
    parts = [config.to_dict(), [chunk.key for chunk in chunks]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _check_call(
    rows: Sequence[Row], folder: Path, work: Path, *, workers: int, chunk_rows: int
) -> None:
    """Check the arguments; raise DataError rather than overwrite files of other origin."""
    if not rows:
        raise DataError("the corpus has 0 rows; it must have at least 1")
    for name, value in (("workers", workers), ("chunk_rows", chunk_rows)):
        if value < 1:
            raise DataError(f"{name} {value} must be at least 1")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; choose a folder to write to")
    prepared = work.is_dir() or (folder / "dataset.json").exists()
    foreign = [name for name in _FILES if (folder / name).exists()]
    if foreign and not prepared:
        raise DataError(
            f"{folder} has {', '.join(foreign)} but no dataset.json, so it was not written by "
            "this command; choose another folder"
        )


def _existing_report(folder: Path, key: str) -> Report | None:
    """Return the report of a folder already prepared from the same inputs, otherwise None."""
    try:
        if json.loads((folder / "prepare.json").read_bytes())["key"] != key:
            return None
        samples = json.loads((folder / "dataset.json").read_bytes())["samples"]
        if (folder / "audio.i16").stat().st_size != 2 * samples:
            return None
        return Report.from_dict(json.loads((folder / "report.json").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
