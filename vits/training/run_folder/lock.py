"""Lock of a run folder: two runs never write to the same one."""

import contextlib
import errno
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from vits.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["LOCK", "RunLock"]

LOCK = "run.lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class RunLock:
    """A context manager that holds the folder of a run.

    The lock is a POSIX record lock on ``run.lock``, which the system releases when its process
    ends, however it ends, and which NFS passes on to its server. The file says who holds it. It is
    emptied at the end and not removed, because another process may have opened it already.

    On a file system without locks the content alone decides: a process of this machine that no
    longer exists has left the lock, one of another machine holds it until the file is removed.

    Args:
        folder: the run folder; it is created.

    Raises:
        ConfigError: another run holds the folder.
        OSError: the file cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "RunLock":
        """Take the lock."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / LOCK
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        try:
            owner = file.read(500).decode("utf-8", "replace").strip()
            if not _lock(file, owner):
                raise ConfigError(
                    f"run folder {self._folder} is in use by {owner or 'another process'}: wait "
                    "for it or stop it, or choose another folder with --trainer.default_root_dir "
                    f"(if that run has ended, remove {path})"
                )
            with contextlib.suppress(OSError):  # a full disk: the lock holds, but names nobody
                file.truncate(0)
                os.pwrite(file.fileno(), _description().encode(), 0)
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


def _lock(file: IO[bytes], owner: str) -> bool:
    """Lock a file without waiting; return whether this process now holds it."""
    if fcntl is not None:
        try:
            # lockf, not flock: loader processes, which outlive a killed run for a moment, would
            # inherit the latter
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                return False
    return not _is_alive(owner)


def _description() -> str:
    """Return who holds the lock, in the form that ``_is_alive`` reads."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    return f"process {os.getpid()} on {socket.gethostname()} since {now}\n"


def _is_alive(owner: str) -> bool:
    """Return whether the process of a description may still exist."""
    words = owner.split()
    if len(words) < 4 or not words[1].isdecimal():
        return bool(owner)
    if words[3] != socket.gethostname():
        return True
    try:
        os.kill(int(words[1]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return int(words[1]) != os.getpid()
