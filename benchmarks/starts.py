"""Training runs as processes that receive signals, for ``faults.py``."""

import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vits.cli import main as vits
from vits.errors import VitsError
from vits.training.checkpoints.checkpoint_io import newest_valid, read_checkpoint, step_of

__all__ = ["KINDS", "Fault", "Kind", "Start", "newest"]

LIMIT_S = 10.0  # from SIGTERM to the end of the last rank
HANG_S = 90.0


@dataclass(frozen=True)
class Kind:
    """How a run is started.

    Attributes:
        ranks: number of processes.
        workers: loader workers of each rank.
        other_tmpdir: TMPDIR is on another file system than the run.
        launcher: Lightning starts the second rank, not torchrun.
    """

    ranks: int
    workers: int
    other_tmpdir: bool
    launcher: bool = False

    def __str__(self) -> str:
        starter = "Lightning" if self.launcher else "torchrun" if self.ranks > 1 else "single"
        tmpdir = "/dev/shm" if self.other_tmpdir else "same disk"
        return f"{self.ranks} ranks ({starter}), {self.workers} workers, TMPDIR {tmpdir}"


KINDS = (
    Kind(1, 0, other_tmpdir=True),
    Kind(2, 0, other_tmpdir=False),
    Kind(1, 2, other_tmpdir=False),
    Kind(2, 2, other_tmpdir=True),
    Kind(2, 0, other_tmpdir=True, launcher=True),
)


@dataclass
class Fault:
    """One signal and its effect."""

    kind: str
    term: bool
    target: str
    seconds: float = 0.0
    statuses: list[int] = field(default_factory=list)
    message: str = ""
    unreadable: int = 0
    complaints: list[str] = field(default_factory=list)


class Start:
    """A started run: its processes and their log."""

    def __init__(self, kind: Kind, config: Path, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.log = folder.with_suffix(".log")
        self.log.write_text("")
        self.before = newest(folder)
        words = ["fit", "-c", str(config), "--trainer.default_root_dir", str(folder)]
        words += ["--trainer.devices", str(kind.ranks), "--data.workers", str(kind.workers)]
        words += ["--resume", "auto"]
        port = free_port()
        forks = 1 if kind.launcher else kind.ranks
        self.pids = [os.fork() or self._run_rank(words, rank, port) for rank in range(forks)]
        self.statuses: dict[int, int] = {}

    def _run_rank(self, words: list[str], rank: int, port: int) -> int:
        """Run one rank in this process until it exits."""
        status = 1
        try:
            os.setpgid(0, 0)
            handle = os.open(self.log, os.O_WRONLY | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ["TMPDIR"] = "/dev/shm" if self.kind.other_tmpdir else str(self.folder.parent)
            tempfile.tempdir = None
            if self.kind.launcher:
                os.execv(sys.executable, [sys.executable, "-m", "vits", *words])
            if self.kind.ranks > 1:
                os.environ.update(torchrun_environment(rank, self.kind.ranks, port))
            status = vits(words)
        finally:
            os._exit(status)

    def ranks(self) -> list[int]:
        """Return the process ids of the running ranks."""
        if not self.kind.launcher:
            return [pid for pid in self.pids if pid not in self.statuses]
        return [*self.pids, *launched(self.pids[0])]

    def poll(self) -> bool:
        """Return whether all have ended; if one failed, stop the others as torchrun does."""
        for pid in self.pids:
            if pid not in self.statuses:
                done, raw = os.waitpid(pid, os.WNOHANG)
                if done:
                    self.statuses[pid] = os.waitstatus_to_exitcode(raw)
                    if self.statuses[pid] != 0:
                        send([p for p in self.pids if p not in self.statuses], signal.SIGTERM)
        return len(self.statuses) == len(self.pids)

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until ``done`` or until all have ended; return whether all have ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.poll():
            if done():
                return False
            time.sleep(0.01)
        return self.poll()

    def hit(self, fault: Fault) -> None:
        """Send the signal, wait for the end and check what remains."""
        number = signal.SIGTERM if fault.term else signal.SIGKILL
        ranks = self.ranks()
        began = time.monotonic()
        if fault.target == "all":
            send(ranks, number, group=True)  # with their loader workers
        else:
            send(ranks[int(fault.target) :][:1], number)
        ended = self.wait(lambda: False, HANG_S)
        while [pid for pid in ranks if alive(pid)] and time.monotonic() < began + HANG_S:
            time.sleep(0.01)
        fault.seconds = round(time.monotonic() - began, 2)
        left = [pid for pid in ranks if alive(pid)]
        if left or not ended:
            fault.complaints.append("hang")
            send(left, signal.SIGKILL, group=True)
            self.wait(lambda: False, 10)
        fault.statuses = list(self.statuses.values())
        self._check(fault)

    def _check(self, fault: Fault) -> None:
        """Record what is wrong after the end of the run."""
        fault.unreadable = unreadable(self.folder)
        if newest(self.folder) < self.before:
            fault.complaints.append("lost a checkpoint")
        if not fault.term:
            return
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("vits: ")]
        stopped = [line for line in lines if " stopped " in line]
        fault.message = " | ".join(stopped)
        if set(fault.statuses) != {75}:
            fault.complaints.append(f"exit {fault.statuses}")
        if fault.seconds > LIMIT_S:
            fault.complaints.append(f"took {fault.seconds} s")
        if len({line for line in stopped if "another rank" not in line}) != 1:
            fault.complaints.append(f"{len(stopped)} lines: {fault.message}")
        if any(word in self.log.read_text() for word in ("Traceback", "Warning", "bug:")):
            fault.complaints.append("unexpected output: " + self.log.read_text()[-500:])
        step = re.search(r"stopped at step (\d+), saved as", fault.message)
        if step and newest(self.folder) != int(step[1]):
            fault.complaints.append(f"not saved: {fault.message}")


def torchrun_environment(rank: int, ranks: int, port: int) -> dict[str, str]:
    """Return the environment variables that torchrun sets for a rank."""
    names = {"RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "MASTER_PORT": port}
    names |= {"WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks, "GROUP_WORLD_SIZE": 1}
    words = {"MASTER_ADDR": "127.0.0.1", "TORCHELASTIC_RUN_ID": "faults"}
    return {**words, **{name: str(value) for name, value in names.items()}}


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def launched(pid: int) -> list[int]:
    """Return the ranks that Lightning started from a process, without loader workers."""
    try:
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(p) for p in pids if b"LOCAL_RANK=" in Path(f"/proc/{p}/environ").read_bytes()]
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(pids: list[int], number: int, *, group: bool = False) -> None:
    """Send a signal to processes, some of which may have ended."""
    for pid in pids:
        try:
            os.killpg(os.getpgid(pid), number) if group else os.kill(pid, number)
        except ProcessLookupError:
            continue


def newest(folder: Path) -> int:
    """Return the step of the newest intact checkpoint; -1 if there is none."""
    path = newest_valid(folder / "checkpoints", lambda line: None)
    return -1 if path is None else step_of(path)


def unreadable(folder: Path) -> int:
    """Count the checkpoints that cannot be read."""
    count = 0
    for path in folder.glob("checkpoints/*.ckpt"):
        try:
            read_checkpoint(path)
        except VitsError:
            count += 1
    return count
