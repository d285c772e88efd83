"""The work itself: chunks done in this process or in several."""

import contextlib
import functools
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch

from vits.data.prepare.checks import Reason, RejectedError
from vits.data.prepare.chunks import Chunk, ChunkResult, Task
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.utterance import PreparedUtterance, prepare_utterance
from vits.data.prepared.atomic_write import atomic_write
from vits.errors import DataError
from vits.text.frontend import Frontend

__all__ = ["process_chunks"]


def process_chunks(
    chunks: Sequence[Chunk],
    work: Path,
    config: PrepareConfig,
    frontend: Frontend,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Make the chunks that are not done yet.

    Args:
        chunks: this machine's share.
        work: folder for the front end that the worker processes read.
        config: what to do.
        frontend: makes the symbols.
        workers: processes; 1 works in this one.
        progress: called with the rows done so far and the rows of this share.

    Raises:
        DataError: a worker process died.
    """
    total, done = sum(len(chunk.tasks) for chunk in chunks), 0
    waiting = [chunk for chunk in chunks if not chunk.is_done()]
    done = total - sum(len(chunk.tasks) for chunk in waiting)
    if progress is not None:
        progress(done, total)
    made = (
        _in_this_process(waiting, config, frontend)
        if workers == 1 or len(waiting) < 2
        else _in_processes(waiting, work, config, frontend, min(workers, len(waiting)))
    )
    for rows in made:
        done += rows
        if progress is not None:
            progress(done, total)


def _in_this_process(
    chunks: Sequence[Chunk], config: PrepareConfig, frontend: Frontend
) -> Iterator[int]:
    """Make chunks one after another; yield the rows of each."""
    for chunk in chunks:
        with _one_thread():
            rows = _make(chunk, config, frontend)
        yield rows


def _in_processes(
    chunks: Sequence[Chunk], work: Path, config: PrepareConfig, frontend: Frontend, workers: int
) -> Iterator[int]:
    """Make chunks in parallel; yield the rows of each as it is done."""
    text = json.dumps(frontend.to_dict(), sort_keys=True)
    path = work / f"frontend-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
    context = multiprocessing.get_context("spawn")  # fork would copy torch's locked threads
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        try:
            futures = [pool.submit(_work, chunk, config, str(path)) for chunk in chunks]
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise DataError(
                "a worker process died, perhaps for lack of memory; run the same command again, "
                f"finished chunks are kept, with fewer than {workers} workers"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Set a worker process up: one thread, no interrupts, and no life beyond its parent's."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool in good order
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """Wait for the parent's end; a killed parent cannot tell its workers to stop."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _work(chunk: Chunk, config: PrepareConfig, frontend: str) -> int:
    """Make a chunk in a worker process."""
    return _make(chunk, config, _frontend(frontend))


@functools.lru_cache(maxsize=1)
def _frontend(path: str) -> Frontend:
    """Build a worker's front end once."""
    return Frontend.from_dict(json.loads(Path(path).read_bytes()))


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread, as in the workers, so that sums come out the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _make(chunk: Chunk, config: PrepareConfig, frontend: Frontend) -> int:
    """Do the rows of a chunk, write its result and return the number of rows."""
    waves: list[bytes] = []
    result = ChunkResult([], [])
    for position, task in enumerate(chunk.tasks):
        try:
            take = _take(task, config, frontend)
        except RejectedError as error:
            fault = {"reason": error.reason.value, "detail": error.detail}
            result.rejected.append({"position": position, **fault})
            continue
        waves.append(take.wave.astype("<i2").tobytes())
        result.kept.append(
            {
                "position": position,
                "phonemes": take.phonemes,
                "ids": list(take.ids),
                "samples": len(take.wave),
                "dropped": take.dropped,
                "speech_seconds": take.speech_seconds,
            }
        )
    chunk.write(b"".join(waves), result)
    return len(chunk.tasks)


def _take(task: Task, config: PrepareConfig, frontend: Frontend) -> PreparedUtterance:
    """Do one row."""
    if task.first is not None:
        raise RejectedError(Reason.DUPLICATE_ID, f"the id belongs to {task.first}")
    return prepare_utterance(task.row, config, frontend)
