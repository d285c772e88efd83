"""Processing of chunks, in the current process or in a process pool."""

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
from typing import Any

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
    """Process the chunks that are not finished yet.

    Args:
        chunks: the chunks of this machine's shard.
        work: folder for the front end file that the worker processes read.
        config: configuration of the preparation.
        frontend: text front end that encodes the texts.
        workers: number of processes; 1 uses the current process.
        progress: called with the finished rows and all rows of this shard.

    Raises:
        DataError: a worker process died.
    """
    total, done = sum(len(chunk.tasks) for chunk in chunks), 0
    waiting = [chunk for chunk in chunks if not chunk.is_finished()]
    done = total - sum(len(chunk.tasks) for chunk in waiting)
    if progress is not None:
        progress(done, total)
    finished = (
        _in_this_process(waiting, config, frontend)
        if workers == 1 or len(waiting) < 2
        else _in_processes(waiting, work, config, frontend, min(workers, len(waiting)))
    )
    for rows in finished:
        done += rows
        if progress is not None:
            progress(done, total)


def _in_this_process(
    chunks: Sequence[Chunk], config: PrepareConfig, frontend: Frontend
) -> Iterator[int]:
    """Process chunks one after another; yield the number of rows of each."""
    for chunk in chunks:
        with _one_thread():
            rows = _process(chunk, config, frontend)
        yield rows


def _in_processes(
    chunks: Sequence[Chunk], work: Path, config: PrepareConfig, frontend: Frontend, workers: int
) -> Iterator[int]:
    """Process chunks in parallel; yield the number of rows of each as it finishes."""
    text = json.dumps(frontend.to_dict(), sort_keys=True)
    path = work / f"frontend-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
    context = multiprocessing.get_context("spawn")  # fork would copy torch's locked threads
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        try:
            futures = [pool.submit(_process_in_worker, c, config, str(path)) for c in chunks]
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise DataError(
                "a worker process died, perhaps out of memory; run the same command again with "
                f"fewer than {workers} workers, finished chunks are kept"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Set up a worker process: one thread, SIGINT ignored, exit when the parent exits."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent shuts the pool down
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with, args=(parent.sentinel,), daemon=True).start()


def _exit_with(sentinel: int) -> None:
    """Exit when the parent process has exited; a killed parent cannot stop its workers."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _process_in_worker(chunk: Chunk, config: PrepareConfig, frontend: str) -> int:
    """Process a chunk in a worker process; ``frontend`` is the path of its file."""
    return _process(chunk, config, _frontend(frontend))


@functools.lru_cache(maxsize=1)
def _frontend(path: str) -> Frontend:
    """Build the front end once per worker process."""
    return Frontend.from_dict(json.loads(Path(path).read_bytes()))


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Limit torch to one thread, as in the workers, so that sums are bit-identical."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _process(chunk: Chunk, config: PrepareConfig, frontend: Frontend) -> int:
    """Prepare the rows of a chunk, write its result and return the number of rows."""
    waves: list[bytes] = []
    result = ChunkResult([], [])
    for position, task in enumerate(chunk.tasks):
        try:
            utterance = _prepare(task, config, frontend)
        except RejectedError as error:
            fault = {"reason": error.reason.value, "detail": error.detail}
            result.rejected.append({"position": position, **fault})
            continue
        waves.append(utterance.wave.astype("<i2").tobytes())
        outcome: dict[str, Any] = {
            "position": position,
            "phonemes": utterance.phonemes,
            "ids": list(utterance.ids),
            "samples": len(utterance.wave),
            "dropped": utterance.dropped,
            "speech_seconds": utterance.speech_seconds,
        }
        if utterance.pitch is not None:
            outcome["pitch"] = utterance.pitch.tolist()
        result.kept.append(outcome)
    chunk.write(b"".join(waves), result)
    return len(chunk.tasks)


def _prepare(task: Task, config: PrepareConfig, frontend: Frontend) -> PreparedUtterance:
    """Prepare one row; reject a duplicate id."""
    if task.first is not None:
        raise RejectedError(Reason.DUPLICATE_ID, f"the id is already used by {task.first}")
    return prepare_utterance(task.row, config, frontend)
