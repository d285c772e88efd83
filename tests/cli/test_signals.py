"""Signals to training commands, before the run begins and after it is saved."""

import os
import signal
import subprocess
import sys

import pytest

from vits.cli.signals import training_signals
from vits.errors import Preempted

# sends the signal when the import of vits.training begins
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
    ("environment", "prints"),
    [({}, True), ({"RANK": "0", "LOCAL_RANK": "0"}, True), ({"RANK": "1"}, False)],
)
def test_a_signal_before_the_run_begins_ends_it(arguments, number, environment, prints):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(number=int(number), arguments=arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 75
    message = "vits: stopped before the run began; start again with the same command\n"
    assert done.stderr == (message if prints else "")


def test_the_handlers_are_restored_unless_the_run_was_preempted():
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
