"""The ranks that Lightning starts are watched, and exit with the first rank."""

import subprocess
import sys
import time

import pytest
from pytorch_lightning.plugins.environments import LightningEnvironment
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher

from vits.errors import Preempted
from vits.training.preemption import launcher
from vits.training.preemption.signals import StopRequest


@pytest.fixture
def started(monkeypatch):
    """Make a launcher whose second rank runs a program given to it."""
    monkeypatch.setattr(launcher, "GRACE_S", 0.3)
    monkeypatch.setattr(launcher, "SHUTDOWN_S", 0.5)
    request = StopRequest()
    request.left = []
    request.exit_now = lambda *reason: request.left.append(reason)
    plain = _SubprocessScriptLauncher(LightningEnvironment(), num_processes=2, num_nodes=1)
    made = launcher.Launcher(plain, request, "vits fit --resume auto")

    def start(self):
        self.procs = [subprocess.Popen([sys.executable, "-c", self.program])]

    monkeypatch.setattr(_SubprocessScriptLauncher, "_call_children_scripts", start)
    yield made
    request.exiting = True
    for process in made.processes:
        process.kill()
        process.wait()


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize(
    ("status", "words"),
    [(3, "rank 1 exited with status 3, so"), (75, "rank 1 was stopped before its first step")],
)
def test_the_run_ends_when_a_rank_fails(started, status, words):
    started.program = f"raise SystemExit({status})"
    started._call_children_scripts()
    assert started.procs == []  # what Lightning's observer, which kills, would look at
    assert wait_for(lambda: started.request.left)
    assert started.request.left[0][0] == status
    assert started.request.left[0][1].startswith(words)
    assert started.request.left[0][1].endswith("; resume with: vits fit --resume auto")


def test_a_rank_that_exits_with_this_one_is_ignored(started):
    started.program = "raise SystemExit(75)"
    started.request.exiting = True
    started._call_children_scripts()
    started.processes[0].wait()
    time.sleep(0.8)
    assert started.request.left == []


def test_the_other_ranks_end_with_the_first(started):
    started.program = "import time; time.sleep(60)"
    started._call_children_scripts()
    (process,) = started.processes
    assert process.poll() is None
    started._shut_down()
    assert process.wait(20) == -9


def test_on_exit_kills_the_other_ranks(started):
    started.program = "import time; time.sleep(60)"
    started._call_children_scripts()
    started.request.on_exit()
    assert started.processes[0].wait(20) == -9


def test_a_trainer_of_one_process_keeps_its_launcher(make_trainer):
    trainer = make_trainer(1)
    launcher.launch_with(trainer, StopRequest(), "")
    assert trainer.strategy.launcher is None


def test_a_trainer_that_starts_ranks_gets_this_launcher(make_trainer):
    trainer = make_trainer(1, devices=2, strategy="ddp")
    launcher.launch_with(trainer, StopRequest(), "")
    assert isinstance(trainer.strategy.launcher, launcher.Launcher)
    assert trainer.strategy.launcher.num_processes == 2


def fail(program, error):
    """Be a first rank whose collective fails when the second, which runs a program, is gone."""

    def run(self, function, *args, trainer=None, **options):
        self.program = program
        self._call_children_scripts()
        assert wait_for(lambda: self.processes[0].poll() is not None)
        raise error

    return run


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (75, RuntimeError("closed by peer"), "rank 1 was stopped before its first step; resume"),
        (3, RuntimeError("closed by peer"), "closed by peer"),
        (75, Preempted("stopped at step 3"), "stopped at step 3"),
    ],
)
def test_an_error_caused_by_a_stopped_rank_is_a_stop(started, monkeypatch, status, error, raised):
    run = fail(f"raise SystemExit({status})", error)
    monkeypatch.setattr(_SubprocessScriptLauncher, "launch", run)
    with pytest.raises(RuntimeError, match=raised) as caught:
        started.launch(None)
    assert isinstance(caught.value, Preempted) == (status == 75)
    assert started.request.exiting
