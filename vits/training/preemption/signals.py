"""Signals that ask a run to stop."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

__all__ = ["GRACE_S", "INTERRUPTED", "PREEMPTED", "StopRequest", "ignore_signals", "notify"]

PREEMPTED = 75  # EX_TEMPFAIL of sysexits.h: try again
INTERRUPTED = 130
GRACE_S = 2.0  # for a rank to hear why the others are gone
POLL_S = 0.05


class StopRequest:
    """Takes SIGTERM and SIGINT, and SIGUSR1 under SLURM, while it is entered.

    Before ``defer_to_step_end`` there is nothing to save, so the first signal ends the process at
    once with status 75. Afterwards a signal only sets ``requested``, which the training loop reads;
    a second SIGINT ends the process at once with status 130.

    A thread of its own reads the signals: Python's handlers wait for the main thread, which may be
    inside a collective that never ends.

    Args:
        first: whether this rank does the talking.
    """

    def __init__(self, *, first: bool = True) -> None:
        self.first = first
        self.requested = False
        self.exiting = False
        self.on_exit: Callable[[], object] = _nothing
        self._waits = False
        self._interrupts = 0
        self._before: dict[signal.Signals, Any] = {}
        self._pipe: tuple[int, int] | None = None
        self._former_pipe = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "StopRequest":
        """Take the signals; outside the main thread, where Python forbids it, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            return self
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[1], False)
        self._before = {number: signal.signal(number, _handler) for number in _signals()}
        self._former_pipe = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="stop-request", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        if self._pipe is None or self._thread is None:
            return
        signal.set_wakeup_fd(self._former_pipe)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.write(self._pipe[1], b"\0")
        self._thread.join()
        for end in self._pipe:
            os.close(end)
        self._pipe = None

    def defer_to_step_end(self) -> None:
        """From here on a signal waits for the end of a step: there is something to save."""
        self._waits = True

    def wait(self, seconds: float) -> bool:
        """Wait for a request that is on its way; return whether there is one.

        Before the first step it ends the process (see above), and this never returns.
        """
        end = time.monotonic() + seconds
        while not self.requested and time.monotonic() < end:
            time.sleep(POLL_S)
        return self.requested

    def exit_now(self, status: int, line: str) -> None:
        """End the process here and now, with one line on the first rank."""
        self.exiting = True
        if self.first:
            notify(line)
        with contextlib.suppress(Exception):
            self.on_exit()
        for worker in multiprocessing.active_children():
            worker.kill()
        os._exit(status)

    def _watch(self) -> None:
        assert self._pipe is not None
        while numbers := os.read(self._pipe[0], 16):
            for number in numbers:
                if number == 0:
                    return
                if number in _signals():
                    self._receive(number)

    def _receive(self, number: int) -> None:
        self._interrupts += number == signal.SIGINT
        if not self._waits:
            self.exit_now(
                PREEMPTED,
                "stopped before the first step, with nothing new to save; "
                "start again with the same command",
            )
        if self._interrupts > 1:
            self.exit_now(INTERRUPTED, "interrupted twice: stopped at once, without saving")
        if number == signal.SIGINT and self.first and not self.requested:
            notify("stopping after this step; interrupt again to stop without saving")
        self.requested = True


def ignore_signals(worker: int = 0) -> None:
    """Let a loader's process outlive the signals that its whole group gets.

    The trainer needs its workers until it has saved; it ends them itself.
    """
    del worker
    for number in _signals():
        signal.signal(number, signal.SIG_IGN)


def notify(line: str) -> None:
    """Tell the user one thing, as the command line does."""
    sys.stderr.write(f"vits: {line}\n")
    sys.stderr.flush()


def _signals() -> list[signal.Signals]:
    """SLURM announces the end of the time limit by SIGUSR1 (``--signal=USR1@60``)."""
    numbers = [signal.SIGTERM, signal.SIGINT]
    return [*numbers, signal.SIGUSR1] if "SLURM_JOB_ID" in os.environ else numbers


def _handler(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python writes the signal's number to the pipe only if there is a handler."""


def _nothing() -> None:
    """Have nothing to end."""
