"""A signal to a command that trains, before anything has begun and after all is saved."""

import os
import signal
import subprocess
import sys

import pytest

from vits.cli.signals import training_signals
from vits.errors import Preempted

# nothing is imported yet, so that the signal comes at a known place
PROGRAM = """
import os, sys
from vits.cli import main
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "vits.training":
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
main({arguments})
"""
COMMANDS = (["fit"], ["finetune", "voice", "data"])


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("environment", "speaks"),
    [({}, True), ({"RANK": "0", "LOCAL_RANK": "0"}, True), ({"RANK": "1"}, False)],
)
def test_a_signal_before_the_run_begins_ends_it(arguments, number, environment, speaks):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(number=int(number), arguments=arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 75
    told = "vits: stopped before the run began; start again with the same command\n"
    assert done.stderr == (told if speaks else "")


def test_the_handlers_come_back_unless_the_process_is_to_end():
    before = signal.getsignal(signal.SIGTERM)
    with training_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(Preempted), training_signals():
            raise Preempted
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, interrupt)
