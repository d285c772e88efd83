"""Launcher of the ranks on one machine, which lets the first rank save before it exits."""

import contextlib
import subprocess
import threading
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies import ParallelStrategy
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher

from vits.errors import Preempted, VitsError
from vits.training.preemption.signals import GRACE_S, PREEMPTED, StopRequest

__all__ = ["Launcher", "launch_with"]

POLL_S = 0.2
SHUTDOWN_S = 8.0  # time for the other ranks to exit after the first one has finished


class Launcher(_SubprocessScriptLauncher):
    """Starts the other ranks as Lightning does, but replaces its process observer.

    Lightning's observer kills the first rank as soon as another one exits with a nonzero status,
    even while the first rank saves the run.
    """

    def __init__(
        self, original: _SubprocessScriptLauncher, request: StopRequest, resume_command: str
    ) -> None:
        super().__init__(original.cluster_environment, original.num_processes, original.num_nodes)
        self.request, self.resume_command = request, resume_command
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(
        self, function: Any, *args: Any, trainer: pl.Trainer | None = None, **kwargs: Any
    ) -> Any:
        """Start the other ranks, run ``function`` as the first rank, and wait for the others."""
        try:
            return super().launch(function, *args, trainer=trainer, **kwargs)
        except RuntimeError as error:
            rank = None if isinstance(error, VitsError) else self._find_stopped()
            if rank is None:
                raise
            raise Preempted(self._message(rank, PREEMPTED)) from error
        finally:
            self.request.exiting = True
            self._shut_down()

    def kill(self, signum: int) -> None:
        """Send a signal to the other ranks."""
        for process in self.processes:
            process.send_signal(signum)

    def _call_children_scripts(self) -> None:
        self.request.on_exit = self._kill
        super()._call_children_scripts()
        # Lightning's observer gets self.procs after this and stops if the list is empty
        self.processes, self.procs = self.procs, []
        threading.Thread(target=self._watch, name="rank-watcher", daemon=True).start()

    def _watch(self) -> None:
        """Exit when another rank has failed and this rank has not noticed after a grace period."""
        while not self.request.exiting:
            time.sleep(POLL_S)
            for rank, process in enumerate(self.processes, start=1):
                status = process.poll()
                if status:
                    time.sleep(GRACE_S)
                    self._exit(rank, status)

    def _exit(self, rank: int, status: int) -> None:
        """Exit with the status of a failed rank, unless this rank is exiting already."""
        if self.request.exiting:
            return
        self.request.exit_now(max(status, 1), self._message(rank, status))

    def _message(self, rank: int, status: int) -> str:
        """Return the message for a rank that has exited."""
        message = f"rank {rank} exited with status {status}, so the run was stopped"
        if status == PREEMPTED:
            message = f"rank {rank} was stopped before its first step"
        return f"{message}; resume with: {self.resume_command}"

    def _find_stopped(self) -> int | None:
        """Return a rank that a signal has stopped, which explains an error of this rank."""
        end = time.monotonic() + GRACE_S
        while self.processes and time.monotonic() < end:
            for rank, process in enumerate(self.processes, start=1):
                if process.poll() == PREEMPTED:
                    return rank
            time.sleep(POLL_S)
        return None

    def _shut_down(self) -> None:
        """Wait for the other ranks, then kill those that are left."""
        end = time.monotonic() + SHUTDOWN_S
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
        self._kill()

    def _kill(self) -> None:
        """Kill the other ranks."""
        for process in self.processes:
            process.kill()


def launch_with(trainer: pl.Trainer, request: StopRequest, resume_command: str) -> None:
    """Make a trainer that starts further ranks use ``Launcher``."""
    strategy = trainer.strategy
    if isinstance(strategy, ParallelStrategy) and isinstance(
        strategy.launcher, _SubprocessScriptLauncher
    ):
        strategy._launcher = Launcher(strategy.launcher, request, resume_command)
