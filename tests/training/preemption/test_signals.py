"""Signals: what they do before the first step, after it, and the second time."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import vits

# by its path: the module needs no torch, and a process that imports none starts at once
PRELUDE = f"""
import importlib.util, os, signal, sys, threading, time
spec = importlib.util.spec_from_file_location(
    "signals", {str(Path(vits.__file__).parent / "training" / "preemption" / "signals.py")!r})
stop_signals = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stop_signals)
"""
# The main thread waits for a lock, where Python runs no signal handlers of its own accord.
STUCK = """
lock = threading.Lock(); lock.acquire()
lock.acquire()
"""


@pytest.fixture
def start():
    """Run a program; wait until it says that it is ready."""
    started = []

    def run(*program, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + "".join(map(textwrap.dedent, program))],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def end(process):
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors.splitlines()


SETUP = """
request = stop_signals.StopRequest(first={first}).__enter__()
{steps}
print("ready", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("first", [True, False])
def test_before_the_first_step_a_signal_ends_the_process(start, number, first):
    process = start(SETUP.format(first=first, steps=""), STUCK)
    process.send_signal(number)
    status, lines = end(process)
    assert status == 75
    assert len(lines) == (1 if first else 0)
    if first:
        assert lines[0].startswith("vits: stopped before the first step, with nothing new to save")


def test_after_the_first_step_a_signal_only_sets_the_request(start):
    steps = "request.defer_to_step_end()"
    process = start(
        SETUP.format(first=True, steps=steps),
        """
        while not request.requested:
            time.sleep(0.01)
        print("asked", flush=True)
        time.sleep(0.5)
        sys.exit(3)
        """,
    )
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    assert end(process) == (3, [])


def test_a_second_interrupt_ends_the_process_at_once(start):
    process = start(SETUP.format(first=True, steps="request.defer_to_step_end()"), STUCK)
    process.send_signal(signal.SIGINT)
    assert "interrupt again to stop without saving" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    status, lines = end(process)
    assert status == 130
    assert lines == ["vits: interrupted twice: stopped at once without saving"]


@pytest.mark.parametrize(("environment", "status"), [({"SLURM_JOB_ID": "7"}, 75), ({}, -10)])
def test_slurm_announces_its_limit(start, monkeypatch, environment, status):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    process = start(SETUP.format(first=True, steps=""), STUCK, **environment)
    process.send_signal(signal.SIGUSR1)
    assert end(process)[0] == status


def test_exit_now_calls_on_exit(start):
    process = start(
        SETUP.format(first=True, steps='request.on_exit = lambda: print("the others", flush=True)'),
        STUCK,
    )
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "the others\n"
    assert end(process)[0] == 75


def test_the_handlers_are_restored(start):
    process = start("""
    with stop_signals.StopRequest():
        taken = signal.getsignal(signal.SIGTERM)
    assert taken is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.set_wakeup_fd(-1) == -1
    assert threading.active_count() == 1
    print("ready", flush=True)
    time.sleep(20)
    """)
    process.send_signal(signal.SIGTERM)
    assert end(process) == (-signal.SIGTERM, [])


def test_outside_the_main_thread_no_handler_is_installed(start):
    process = start("""
    def work():
        with stop_signals.StopRequest() as request:
            assert not request.requested
        print("ready", flush=True)
    thread = threading.Thread(target=work); thread.start(); thread.join()
    """)
    assert end(process) == (0, [])


def test_loader_processes_outlive_the_signals_of_their_group(start):
    process = start("""
    stop_signals.ignore_signals()
    print("ready", flush=True)
    time.sleep(0.5)
    """)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert end(process) == (0, [])
