"""Queue, dynamic batching and synthesis threads of the server."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from vits.errors import TextError, VitsError
from vits.server import jobs
from vits.server.errors import ApiError
from vits.server.jobs import Job
from vits.server.limits import ServerLimits
from vits.server.metrics import Metrics
from vits.server.thread_warnings import collect_warnings
from vits.synthesis import OnnxVoice, Speech, Voice

__all__ = ["Scheduler", "StreamChunk"]

T = TypeVar("T")


class StreamChunk(NamedTuple):
    """A chunk of streamed speech.

    Attributes:
        speech: samples, and the timings that start in them.
        warnings: messages about text that was left out because the voice cannot speak it.
    """

    speech: Speech
    warnings: list[str]


class _QueuedJob(NamedTuple):
    job: Job
    result: "asyncio.Future[Speech]"


class Scheduler:
    """Accepts jobs in the event loop and runs them in a thread pool.

    Queued jobs for the same voice run in one batch. While all threads are busy the next batch
    fills up. A job that finds a thread idle waits ``batch_wait`` for others. Chunks of streams
    take turns with the batches.

    Args:
        voices: voices by name.
        limits: limits of queue, streams and batches.
        metrics: metrics to update.
    """

    def __init__(
        self, voices: Mapping[str, Voice | OnnxVoice], limits: ServerLimits, metrics: Metrics
    ) -> None:
        self._voices, self._limits, self._metrics = voices, limits, metrics
        self._queue: deque[_QueuedJob] = deque()
        self._n_jobs = self._n_streams = 0
        self._batches: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Scheduler":
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._limits.workers, thread_name_prefix="vits-synthesis")
        self._idle_threads = asyncio.Semaphore(self._limits.workers)
        self._job_queued = asyncio.Event()
        self._batching = asyncio.create_task(self._run_batches())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the threads; queued jobs are not started."""
        self._batching.cancel()
        await asyncio.gather(self._batching, *self._batches, return_exceptions=True)
        self._pool.shutdown(cancel_futures=True)

    async def synthesize(self, job: Job) -> Speech:
        """Run a job, in a batch with others if there are any.

        Raises:
            ApiError: 503 if the queue is full or the timeout is over, 422 if the text contains
                nothing that the voice can speak.
        """
        if self._n_jobs >= self._limits.queue:
            raise ApiError(
                503,
                f"{self._n_jobs} requests are queued already; try again soon",
                code="queue_full",
            )
        queued = _QueuedJob(job, asyncio.get_running_loop().create_future())
        self._n_jobs += 1
        self._queue.append(queued)
        self._metrics.queued.set(len(self._queue))
        self._job_queued.set()
        try:
            return await self._with_timeout(queued.result)
        except VitsError as error:
            raise _api_error(error) from error
        finally:
            self._n_jobs -= 1
            if queued in self._queue:
                self._queue.remove(queued)

    async def stream(self, job: Job) -> AsyncGenerator[StreamChunk]:
        """Run a job chunk by chunk.

        Raises:
            ApiError: as ``synthesize``, also after the first chunk.
        """
        if self._n_streams >= self._limits.streams:
            raise ApiError(
                503, f"{self._n_streams} streams are open already; try again soon", code="busy"
            )
        self._n_streams += 1
        self._metrics.streams.set(self._n_streams)
        started, first = time.perf_counter(), True
        try:
            speech = jobs.stream(self._voices[job.voice], job)
            while True:
                chunk = await self._with_timeout(self._submit(_next_chunk, speech))
                if chunk is None:
                    break
                if first:
                    self._metrics.first_chunk.observe(time.perf_counter() - started)
                first = False
                self._metrics.audio.labels(job.voice).inc(chunk.speech.seconds)
                if chunk.warnings:
                    self._metrics.skipped_text.labels(job.voice).inc()
                yield chunk
            self._metrics.characters.labels(job.voice).inc(len(job.text))
        except VitsError as error:
            raise _api_error(error) from error
        finally:
            self._n_streams -= 1
            self._metrics.streams.set(self._n_streams)

    async def _with_timeout(self, result: "asyncio.Future[T]") -> T:
        try:
            return await asyncio.wait_for(result, self._limits.timeout)
        except asyncio.TimeoutError:
            message = f"not synthesized within {self._limits.timeout:g} s; try again later"
            raise ApiError(503, message, code="timeout") from None

    def _submit(self, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    async def _run_batches(self) -> None:
        """Form batches and start them, until cancelled."""
        while True:
            await self._idle_threads.acquire()
            while not self._queue:
                self._job_queued.clear()
                await self._job_queued.wait()
                await asyncio.sleep(self._limits.batch_wait / 1000)
            batch = self._next_batch()
            self._metrics.queued.set(len(self._queue))
            if not batch:
                self._idle_threads.release()
                continue
            task = asyncio.create_task(self._run_batch(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    def _next_batch(self) -> list[_QueuedJob]:
        """Remove the first job from the queue, and later ones that can share its batch."""
        batch: list[_QueuedJob] = []
        remaining: deque[_QueuedJob] = deque()
        characters = 0
        for queued in self._queue:
            job = queued.job
            if queued.result.done():  # the client disconnected, or the timeout is over
                continue
            can_join = not batch or (
                len(batch) < self._limits.batch
                and characters + len(job.text) <= self._limits.batch_characters
                and batch[0].job.voice == job.voice
            )
            (batch if can_join else remaining).append(queued)
            characters += len(job.text) * can_join
        self._queue = remaining
        return batch

    async def _run_batch(self, batch: list[_QueuedJob]) -> None:
        """Synthesize a batch and hand the results to the waiting requests."""
        voice = batch[0].job.voice
        results: Sequence[Speech | Exception]
        try:
            results, n_warnings = await self._submit(
                _synthesize_all, self._voices[voice], [queued.job for queued in batch]
            )
        except Exception as error:  # a bug: every request of the batch fails and logs it
            results, n_warnings = [error] * len(batch), 0
        finally:
            self._idle_threads.release()
        self._metrics.batches.observe(len(batch))
        self._metrics.skipped_text.labels(voice).inc(n_warnings)
        for queued, result in zip(batch, results, strict=True):
            if isinstance(result, Speech):
                self._metrics.characters.labels(voice).inc(len(queued.job.text))
                self._metrics.audio.labels(voice).inc(result.seconds)
            if queued.result.done():
                continue
            if isinstance(result, Exception):
                queued.result.set_exception(result)
            else:
                queued.result.set_result(result)


def _synthesize_all(
    voice: Voice | OnnxVoice, batch: list[Job]
) -> tuple[list[Speech | Exception], int]:
    """Synthesize a batch, in a thread. If it fails, run its jobs one by one.

    Returns:
        A result or an error for each job, and the number of warnings.
    """
    with collect_warnings() as messages:
        if len(batch) > 1:
            try:
                return list(jobs.synthesize_batch(voice, batch)), len(messages)
            except VitsError:
                messages.clear()
        results: list[Speech | Exception] = []
        for job in batch:
            try:
                results.append(jobs.synthesize(voice, job))
            except VitsError as error:
                results.append(error)
        return results, len(messages)


def _next_chunk(speech: Iterator[Speech]) -> StreamChunk | None:
    """Return the next chunk of a stream, in a thread; None at its end."""
    with collect_warnings() as messages:
        chunk = next(speech, None)
    return None if chunk is None else StreamChunk(chunk, messages)


def _api_error(error: VitsError) -> ApiError:
    """Convert an error of synthesis; it is always caused by the client's text or settings."""
    if isinstance(error, TextError):
        return ApiError(422, str(error), param="input", code="not_speakable")
    return ApiError(400, str(error))
