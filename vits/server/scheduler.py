"""Where orders wait, are put together and are spoken, in few threads."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from vits.errors import TextError, VitsError
from vits.server import jobs
from vits.server.errors import Refusal
from vits.server.jobs import Order
from vits.server.limits import Limits
from vits.server.metrics import Metrics
from vits.server.thread_warnings import collect
from vits.synthesis import OnnxVoice, Speech, Voice

__all__ = ["Desk", "Piece"]


class Piece(NamedTuple):
    """A part of a stream.

    Attributes:
        speech: the samples, and the times that start in them.
        notices: what could not be said so far and was left out.
    """

    speech: Speech
    notices: list[str]


class _Waiting(NamedTuple):
    order: Order
    answer: "asyncio.Future[Speech]"


class Desk:
    """Takes orders in the event loop and has them spoken in threads.

    Orders for whole files that wait at the same time are spoken in one batch, if they fit each
    other. While all threads speak the next batch gathers by itself; an order that finds a thread
    idle waits for ``batch_wait``. The chunks of streams take turns with the batches.

    Args:
        voices: by name.
        limits: of the queue and the batches.
        metrics: where it is counted.
    """

    def __init__(
        self, voices: Mapping[str, Voice | OnnxVoice], limits: Limits, metrics: Metrics
    ) -> None:
        self._voices, self._limits, self._metrics = voices, limits, metrics
        self._waiting: deque[_Waiting] = deque()
        self._n_orders = self._n_streams = 0
        self._batches: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Desk":
        """Open: start the threads."""
        self._pool = ThreadPoolExecutor(self._limits.workers, thread_name_prefix="vits-speaks")
        self._idle = asyncio.Semaphore(self._limits.workers)
        self._arrived = asyncio.Event()
        self._gathering = asyncio.create_task(self._gather())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close: nothing more is begun."""
        self._gathering.cancel()
        await asyncio.gather(self._gathering, *self._batches, return_exceptions=True)
        self._pool.shutdown(cancel_futures=True)

    async def speak(self, order: Order) -> Speech:
        """Speak an order, in one batch with others if there are any.

        Raises:
            Refusal: 503 where the queue is full or the answer takes too long, 422 where there is
                nothing in the text that the voice can say.
        """
        if self._n_orders >= self._limits.queue:
            raise Refusal(
                503, f"{self._n_orders} requests wait already; try again soon", code="queue_full"
            )
        waiting = _Waiting(order, asyncio.get_running_loop().create_future())
        self._n_orders += 1
        self._waiting.append(waiting)
        self._metrics.waiting.set(len(self._waiting))
        self._arrived.set()
        try:
            return await self._in_time(waiting.answer)
        except VitsError as error:
            raise _refusal(error) from error
        finally:
            self._n_orders -= 1
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def stream(self, order: Order) -> AsyncGenerator[Piece]:
        """Speak an order chunk by chunk.

        Raises:
            Refusal: as ``speak``, also in mid-stream.
        """
        if self._n_streams >= self._limits.streams:
            raise Refusal(
                503, f"{self._n_streams} streams are open already; try again soon", code="busy"
            )
        self._n_streams += 1
        self._metrics.streams.set(self._n_streams)
        started, first = time.perf_counter(), True
        try:
            chunks = jobs.stream(self._voices[order.voice], order)
            while True:
                piece = await self._in_time(self._submit(_next_piece, chunks))
                if piece is None:
                    break
                if first:
                    self._metrics.first_chunk.observe(time.perf_counter() - started)
                first = False
                self._metrics.audio.labels(order.voice).inc(piece.speech.seconds)
                if piece.notices:
                    self._metrics.notices.labels(order.voice).inc()
                yield piece
            self._metrics.characters.labels(order.voice).inc(len(order.text))
        except VitsError as error:
            raise _refusal(error) from error
        finally:
            self._n_streams -= 1
            self._metrics.streams.set(self._n_streams)

    async def _in_time(self, answer: "asyncio.Future[Any]") -> Any:
        try:
            return await asyncio.wait_for(answer, self._limits.timeout)
        except asyncio.TimeoutError:
            message = f"not spoken within {self._limits.timeout:g} s; try again later"
            raise Refusal(503, message, code="timeout") from None

    def _submit(self, work: Any, *values: Any) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *values)

    async def _gather(self) -> None:
        """Make batches for ever."""
        while True:
            await self._idle.acquire()
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                await asyncio.sleep(self._limits.batch_wait / 1000)
            batch = self._take()
            self._metrics.waiting.set(len(self._waiting))
            if not batch:
                self._idle.release()
                continue
            task = asyncio.create_task(self._speak_batch(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    def _take(self) -> list[_Waiting]:
        """Take the first order off the queue, and those behind it that fit it."""
        batch: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        characters = 0
        for waiting in self._waiting:
            order = waiting.order
            if waiting.answer.done():  # the client has gone, or waited too long
                continue
            fits = not batch or (
                len(batch) < self._limits.batch
                and characters + len(order.text) <= self._limits.batch_characters
                and batch[0].order.fits(order)
            )
            (batch if fits else left).append(waiting)
            characters += len(order.text) * fits
        self._waiting = left
        return batch

    async def _speak_batch(self, batch: list[_Waiting]) -> None:
        """Speak a batch and give everybody theirs."""
        found = [waiting.order for waiting in batch]
        voice = self._voices[found[0].voice]
        try:
            results, n_notices = await self._submit(_speak_all, voice, found)
        except Exception as error:  # a bug: all who wait are told, and it is logged there
            results, n_notices = [error] * len(batch), 0
        finally:
            self._idle.release()
        self._metrics.batches.observe(len(batch))
        self._metrics.notices.labels(found[0].voice).inc(n_notices)
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, Speech):
                self._metrics.characters.labels(waiting.order.voice).inc(len(waiting.order.text))
                self._metrics.audio.labels(waiting.order.voice).inc(result.seconds)
            if waiting.answer.done():
                continue
            if isinstance(result, Exception):
                waiting.answer.set_exception(result)
            else:
                waiting.answer.set_result(result)


def _speak_all(
    voice: Voice | OnnxVoice, batch: list[Order]
) -> tuple[list[Speech | VitsError], int]:
    """Speak a batch in a thread; where one fails all are spoken one by one, and it fails alone."""
    with collect() as notices:
        if len(batch) > 1:
            try:
                return list(jobs.speak_together(voice, batch)), len(notices)
            except VitsError:
                notices.clear()
        results: list[Speech | VitsError] = []
        for order in batch:
            try:
                results.append(jobs.speak(voice, order))
            except VitsError as error:
                results.append(error)
        return results, len(notices)


def _next_piece(chunks: Any) -> Piece | None:
    """Return the next piece of a stream, in a thread."""
    with collect() as notices:
        chunk = next(chunks, None)
    return None if chunk is None else Piece(chunk, notices)


def _refusal(error: VitsError) -> Refusal:
    """A text without anything to say is a client's mistake; so is a pace out of range."""
    if isinstance(error, TextError):
        return Refusal(422, str(error), param="input", code="not_speakable")
    return Refusal(400, str(error))
