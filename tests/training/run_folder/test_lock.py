"""Two runs never hold one folder, and a lock ends with its process, however that ends."""

import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

from vits.errors import ConfigError
from vits.training.run_folder import lock
from vits.training.run_folder.lock import LOCK, RunLock

# without the package's other modules, which take seconds to import
HOLD = f"""
import os, pathlib, runpy, signal, sys
held = runpy.run_path({lock.__file__!r})["RunLock"](pathlib.Path(sys.argv[1]))
held.__enter__()
"""


def start(code, folder):
    """Start a process that prints a line and stays until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD + code, folder], stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline()


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_refused_until_the_first_has_died(tmp_path):
    owner, _ = start("print(1, flush=True); signal.pause()", tmp_path / "run")
    name = rf"run folder .*run is in use by process {owner.pid} on {socket.gethostname()} since 20"
    for _ in range(2):  # a refused run changes nothing
        with pytest.raises(ConfigError, match=name), RunLock(tmp_path / "run"):
            pass
    end(owner)
    with RunLock(tmp_path / "run"):
        assert f"process {os.getpid()} on" in (tmp_path / "run" / LOCK).read_text()
    assert (tmp_path / "run" / LOCK).read_bytes() == b""


def test_a_loader_process_does_not_keep_the_lock_of_a_dead_run(tmp_path):
    code = """
loader = os.fork()
if loader == 0:
    os.close(1)
    signal.pause()
print(loader, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    owner, line = start(code, tmp_path)
    end(owner)
    os.kill(int(line), 0)  # the loader still exists
    try:
        with RunLock(tmp_path):
            pass
    finally:
        os.kill(int(line), signal.SIGKILL)


@pytest.mark.parametrize(
    ("owner", "held"),
    [
        ("", False),
        ("process {dead} on {here} since 2026-01-01 10:00:00", False),
        ("process {alive} on {here} since 2026-01-01 10:00:00", True),
        ("process {alive} on elsewhere since 2026-01-01 10:00:00", True),
        ("process 99999999999999999999 on {here} since 2026-01-01", False),
        ("something else", True),
    ],
)
def test_without_locks_of_the_file_system_the_content_decides(tmp_path, monkeypatch, owner, held):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock.fcntl, "lockf", refuse)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = {"dead": dead.pid, "alive": os.getppid(), "here": socket.gethostname()}
    (tmp_path / LOCK).write_text(owner.format(**names))
    if held:
        with pytest.raises(ConfigError, match=r"if that run has ended, remove .*run\.lock"):
            RunLock(tmp_path).__enter__()
    else:
        with RunLock(tmp_path):
            pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), RunLock(tmp_path / "file"):
        pass
