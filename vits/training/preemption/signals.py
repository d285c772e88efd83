"""Handling of signals that stop a run."""

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
GRACE_S = 2.0  # time to find out why other ranks have exited
POLL_S = 0.05


class StopRequest:
    """Handles SIGTERM and SIGINT, and SIGUSR1 under SLURM, while the context is active.

    Before ``defer_to_step_end`` there is nothing to save, so the first signal ends the process at
    once with status 75. Afterwards a signal only sets ``requested``, which the training loop reads;
    a second SIGINT ends the process at once with status 130.

    A separate thread receives the signals: Python's handlers need the main thread, which may be
    blocked in a collective operation.

    Args:
        first: whether this is the first rank, which prints the messages.

    Attributes:
        requested: a signal asked to stop.
        exiting: this rank is about to exit.
        on_exit: called by ``exit_now`` before the process exits.
    """

    def __init__(self, *, first: bool = True) -> None:
        self.first = first
        self.requested = False
        self.exiting = False
        self.on_exit: Callable[[], object] = _nothing
        self._deferring = False
        self._interrupts = 0
        self._old_handlers: dict[signal.Signals, Any] = {}
        self._pipe: tuple[int, int] | None = None
        self._old_wakeup_fd = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "StopRequest":
        """Install the handlers; do nothing outside the main thread, where Python forbids it."""
        if threading.current_thread() is not threading.main_thread():
            return self
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[1], False)
        self._old_handlers = {number: signal.signal(number, _handler) for number in _signals()}
        self._old_wakeup_fd = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="stop-request", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the previous handlers."""
        if self._pipe is None or self._thread is None:
            return
        signal.set_wakeup_fd(self._old_wakeup_fd)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        os.write(self._pipe[1], b"\0")
        self._thread.join()
        for end in self._pipe:
            os.close(end)
        self._pipe = None

    @property
    def deferring(self) -> bool:
        """Whether there was a step, which a signal would save."""
        return self._deferring

    def defer_to_step_end(self) -> None:
        """Defer signals to the end of the training step from now on, as there is a run to save."""
        self._deferring = True

    def wait(self, seconds: float) -> bool:
        """Wait up to ``seconds`` (s) for a request; return whether there is one.

        Before the first step a request ends the process, so this call does not return then.
        """
        end = time.monotonic() + seconds
        while not self.requested and time.monotonic() < end:
            time.sleep(POLL_S)
        return self.requested

    def exit_now(self, status: int, line: str) -> None:
        """Exit the process at once with a status; print a message on the first rank."""
        self.exiting = True
        if self.first:
            notify(line)
        with contextlib.suppress(Exception):
            self.on_exit()
        for worker in multiprocessing.active_children():
            worker.kill()
        os._exit(status)

    def _watch(self) -> None:
        """Read signal numbers from the pipe until 0 arrives."""
        assert self._pipe is not None
        while numbers := os.read(self._pipe[0], 16):
            for number in numbers:
                if number == 0:
                    return
                if number in _signals():
                    self._receive(number)

    def _receive(self, number: int) -> None:
        """Act on one signal."""
        self._interrupts += number == signal.SIGINT
        if not self._deferring:
            self.exit_now(
                PREEMPTED,
                "stopped before the first step, with nothing new to save; "
                "start again with the same command",
            )
        if self._interrupts > 1:
            self.exit_now(INTERRUPTED, "interrupted twice: stopped at once without saving")
        if number == signal.SIGINT and self.first and not self.requested:
            notify("stopping after this step; interrupt again to stop without saving")
        self.requested = True


def ignore_signals(worker: int = 0) -> None:
    """Ignore stop signals in a data loader worker, which receives those of its process group.

    The trainer needs its workers until it has saved, and shuts them down itself.
    """
    del worker
    for number in _signals():
        signal.signal(number, signal.SIG_IGN)


def notify(line: str) -> None:
    """Print a message to stderr in the format of the command line."""
    sys.stderr.write(f"vits: {line}\n")
    sys.stderr.flush()


def _signals() -> list[signal.Signals]:
    """Return the signals to handle; SLURM announces the time limit by SIGUSR1 if asked to."""
    numbers = [signal.SIGTERM, signal.SIGINT]
    return [*numbers, signal.SIGUSR1] if "SLURM_JOB_ID" in os.environ else numbers


def _handler(number: int, frame: FrameType | None) -> None:
    """Do nothing; Python only writes signal numbers to the pipe if a handler is installed."""


def _nothing() -> None:
    """Do nothing."""
