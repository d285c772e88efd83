"""Queue, dynamic batching and synthesis threads of the server."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from vits.errors import TextError, VitsError
from vits.server import jobs
from vits.server.errors import ApiError
from vits.server.jobs import Job, JobInTurns, speak_turns
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


class _Turn(NamedTuple):
    """A job that waits for its next sentence."""

    job: JobInTurns
    chunks: "asyncio.Future[list[Speech]]"


class Scheduler:
    """Accepts jobs in the event loop and runs them in a thread pool.

    Jobs for whole files take turns of a sentence each, so a short text does not wait for a long
    one, and a job that nobody waits for ends with its sentence. Turns that wait for the same voice
    run in one batch: either first turns or later ones, which alternate as they come. While all
    threads are busy the next batch fills up. A first turn that finds a thread idle waits
    ``batch_wait`` for others. Chunks of streams take turns with the batches.

    Args:
        voices: voices by name.
        limits: limits of queue, streams and batches.
        metrics: metrics to update.
    """

    def __init__(
        self, voices: Mapping[str, Voice | OnnxVoice], limits: ServerLimits, metrics: Metrics
    ) -> None:
        self._voices, self._limits, self._metrics = voices, limits, metrics
        self._queue: deque[_Turn] = deque()
        self._n_jobs = self._n_streams = 0
        self._batches: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Scheduler":
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._limits.workers, thread_name_prefix="vits-synthesis")
        self._idle_threads = asyncio.Semaphore(self._limits.workers)
        self._turn_queued = asyncio.Event()
        self._batching = asyncio.create_task(self._run_batches())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the threads; queued jobs are not started."""
        self._batching.cancel()
        await asyncio.gather(self._batching, *self._batches, return_exceptions=True)
        self._pool.shutdown(cancel_futures=True)

    async def synthesize(self, job: Job) -> AsyncGenerator[Speech]:
        """Run a job sentence by sentence, each in a batch with others if there are any.

        Raises:
            ApiError: 503 if the queue is full or the timeout is over, 422 if the text contains
                nothing that the voice can speak, 413 if the speech is too long.
        """
        if self._n_jobs >= self._limits.queue:
            raise ApiError(
                503,
                f"{self._n_jobs} requests are queued already; try again soon",
                code="queue_full",
            )
        self._n_jobs += 1
        end, seconds = time.monotonic() + self._limits.timeout, 0.0
        in_turns = JobInTurns(self._voices[job.voice], job)
        turn = self._queue_turn(in_turns)
        try:
            while turn is not None:
                chunks = await self._with_timeout(turn.chunks, end)
                # the next turn waits in the queue while these chunks are encoded
                turn = None if in_turns.done else self._queue_turn(in_turns)
                for speech in chunks:
                    seconds = self._checked(seconds + speech.seconds)
                    self._metrics.audio.labels(job.voice).inc(speech.seconds)
                    yield speech
            self._metrics.characters.labels(job.voice).inc(len(job.text))
        except VitsError as error:
            raise _api_error(error) from error
        finally:
            self._n_jobs -= 1
            if turn is not None and not turn.chunks.cancel() and not turn.chunks.cancelled():
                turn.chunks.exception()  # nobody else asks for it

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
        started, seconds = time.perf_counter(), 0.0
        last: Speech | None = None
        try:
            speech = jobs.stream(self._voices[job.voice], job)
            while True:
                chunk = await self._with_timeout(self._submit(_next_chunk, speech, last))
                if chunk is None:
                    break
                if last is None:
                    self._metrics.first_chunk.observe(time.perf_counter() - started)
                last = chunk.speech
                seconds = self._checked(seconds + chunk.speech.seconds)
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

    def _queue_turn(self, job: JobInTurns) -> _Turn:
        """Let a job wait for its next sentence."""
        turn = _Turn(job, asyncio.get_running_loop().create_future())
        self._queue.append(turn)
        self._metrics.queued.set(len(self._queue))
        self._turn_queued.set()
        return turn

    def _checked(self, seconds: float) -> float:
        """Check the seconds of audio of a request."""
        if seconds > self._limits.audio_seconds:
            raise ApiError(
                413,
                f"the speech lasts longer than {self._limits.audio_seconds:g} s; send a shorter "
                "text, speak faster, or ask for less silence",
                code="speech_too_long",
            )
        return seconds

    async def _with_timeout(self, result: "asyncio.Future[T]", end: float | None = None) -> T:
        """Wait for a result until a time of the monotonic clock, by default for ``timeout``."""
        left = self._limits.timeout if end is None else max(0.0, end - time.monotonic())
        try:
            return await asyncio.wait_for(result, left)
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
                self._turn_queued.clear()
                await self._turn_queued.wait()
                if self._queue and self._queue[0].job.turns is None:
                    await asyncio.sleep(self._limits.batch_wait / 1000)
            batch = self._next_batch()
            self._metrics.queued.set(len(self._queue))
            if not batch:
                self._idle_threads.release()
                continue
            task = asyncio.create_task(self._run_batch(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    def _next_batch(self) -> list[_Turn]:
        """Remove the first turn from the queue, and later ones that can share its batch."""
        batch: list[_Turn] = []
        remaining: deque[_Turn] = deque()
        characters = 0
        for turn in self._queue:
            if turn.chunks.done():  # the client disconnected, or the timeout is over
                continue
            can_join = not batch or (
                len(batch) < self._limits.batch
                and characters + turn.job.size <= self._limits.batch_characters
                and _kind(batch[0]) == _kind(turn)
            )
            (batch if can_join else remaining).append(turn)
            characters += turn.job.size * can_join
        self._queue = remaining
        return batch

    async def _run_batch(self, batch: list[_Turn]) -> None:
        """Speak the turns of a batch and hand the chunks to the waiting requests."""
        results: Sequence[list[Speech] | Exception]
        try:
            results, n_warnings = await self._submit(speak_turns, [turn.job for turn in batch])
        except Exception as error:  # a bug: every request of the batch fails and logs it
            results, n_warnings = [error] * len(batch), 0
        finally:
            self._idle_threads.release()
        self._metrics.batches.observe(len(batch))
        self._metrics.skipped_text.labels(batch[0].job.job.voice).inc(n_warnings)
        for turn, result in zip(batch, results, strict=True):
            if turn.chunks.done():
                continue
            if isinstance(result, Exception):
                turn.chunks.set_exception(result)
            else:
                turn.chunks.set_result(result)


def _kind(turn: _Turn) -> tuple[str, bool]:
    """Return what the turns of a batch have in common: the voice, and whether they are first."""
    return turn.job.job.voice, turn.job.turns is None


def _next_chunk(speech: Iterator[Speech], last: Speech | None) -> StreamChunk | None:
    """Return the chunk of a stream after ``last``, in a thread; None at its end.

    Text left out after the last chunk is told by a chunk without samples.
    """
    with collect_warnings() as messages:
        chunk = next(speech, None)
    if chunk is None and messages and last is not None:
        end = last.start + last.seconds
        chunk = replace(last, samples=last.samples[:0], phonemes=(), words=(), start=end)
    return None if chunk is None else StreamChunk(chunk, messages)


def _api_error(error: VitsError) -> ApiError:
    """Convert an error of synthesis; it is always caused by the client's text or settings."""
    if isinstance(error, TextError):
        return ApiError(422, str(error), param="input", code="not_speakable")
    return ApiError(400, str(error))
