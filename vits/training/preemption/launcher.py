"""The further ranks that Lightning starts by itself, and what becomes of them at the end."""

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
PARTING_S = 8.0  # for the others to end once this one is done


class Launcher(_SubprocessScriptLauncher):
    """Starts the ranks as Lightning does, and waits for them as Lightning does not.

    Lightning's observer kills the first rank as soon as another one exits with a status that is not
    zero, even while it saves the run.
    """

    def __init__(
        self, like: _SubprocessScriptLauncher, request: StopRequest, resume_command: str
    ) -> None:
        super().__init__(like.cluster_environment, like.num_processes, like.num_nodes)
        self.request, self.resume_command = request, resume_command
        self.children: list[subprocess.Popen[bytes]] = []

    def launch(
        self, function: Any, *args: Any, trainer: pl.Trainer | None = None, **kwargs: Any
    ) -> Any:
        """Start the ranks, run ``function`` as the first, and let the others end before it."""
        try:
            return super().launch(function, *args, trainer=trainer, **kwargs)
        except RuntimeError as error:
            rank = None if isinstance(error, VitsError) else self._find_stopped()
            if rank is None:
                raise
            raise Preempted(self._tell(rank, PREEMPTED)) from error
        finally:
            self.request.exiting = True
            self._part()

    def kill(self, signum: int) -> None:
        """Send a signal to the other ranks."""
        for child in self.children:
            child.send_signal(signum)

    def _call_children_scripts(self) -> None:
        self.request.on_exit = self._kill
        super()._call_children_scripts()
        # Lightning's observer is given self.procs after this; it ends when there is nobody in it
        self.children, self.procs = self.procs, []
        threading.Thread(target=self._watch, name="children", daemon=True).start()

    def _watch(self) -> None:
        """End the run when another rank has ended badly and this one does not know."""
        while not self.request.exiting:
            time.sleep(POLL_S)
            for rank, child in enumerate(self.children, start=1):
                status = child.poll()
                if status:
                    time.sleep(GRACE_S)
                    self._end(rank, status)

    def _end(self, rank: int, status: int) -> None:
        if self.request.exiting:
            return
        self.request.exit_now(max(status, 1), self._tell(rank, status))

    def _tell(self, rank: int, status: int) -> str:
        told = f"rank {rank} ended with status {status}, and the run with it"
        if status == PREEMPTED:
            told = f"rank {rank} was stopped before its first step"
        return f"{told}; go on with: {self.resume_command}"

    def _find_stopped(self) -> int | None:
        """Return a rank that was asked to stop and did: what failed here has failed for that."""
        end = time.monotonic() + GRACE_S
        while self.children and time.monotonic() < end:
            for rank, child in enumerate(self.children, start=1):
                if child.poll() == PREEMPTED:
                    return rank
            time.sleep(POLL_S)
        return None

    def _part(self) -> None:
        end = time.monotonic() + PARTING_S
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, end - time.monotonic()))
        self._kill()

    def _kill(self) -> None:
        for child in self.children:
            child.kill()


def launch_with(trainer: pl.Trainer, request: StopRequest, resume_command: str) -> None:
    """Have a trainer that starts further ranks itself start them with ``Launcher``."""
    strategy = trainer.strategy
    if isinstance(strategy, ParallelStrategy) and isinstance(
        strategy.launcher, _SubprocessScriptLauncher
    ):
        strategy._launcher = Launcher(strategy.launcher, request, resume_command)
