"""The ranks that Lightning starts: watched without a hasty kill, ended with the first."""

import subprocess
import sys
import time

import pytest
from pytorch_lightning.plugins.environments import LightningEnvironment
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher

from vits.errors import Preempted
from vits.training import children
from vits.training.stopping import StopRequest


@pytest.fixture
def launcher(monkeypatch):
    """Make a launcher whose second rank runs a program given to it."""
    monkeypatch.setattr(children, "GRACE_S", 0.3)
    monkeypatch.setattr(children, "PARTING_S", 0.5)
    request = StopRequest()
    request.left = []
    request.leave = lambda *told: request.left.append(told)
    plain = _SubprocessScriptLauncher(LightningEnvironment(), num_processes=2, num_nodes=1)
    made = children.Launcher(plain, request, "vits fit --resume auto")

    def start(self):
        self.procs = [subprocess.Popen([sys.executable, "-c", self.program])]

    monkeypatch.setattr(_SubprocessScriptLauncher, "_call_children_scripts", start)
    yield made
    request.leaving = True
    for child in made.children:
        child.kill()
        child.wait()


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize(
    ("status", "words"),
    [(3, "rank 1 ended with status 3, and"), (75, "rank 1 was stopped before its first step")],
)
def test_the_run_ends_with_a_rank_that_ends_badly(launcher, status, words):
    launcher.program = f"raise SystemExit({status})"
    launcher._call_children_scripts()
    assert launcher.procs == []  # what Lightning's observer, which kills, would look at
    assert wait_for(lambda: launcher.request.left)
    assert launcher.request.left[0][0] == status
    assert launcher.request.left[0][1].startswith(words)
    assert launcher.request.left[0][1].endswith("; go on with: vits fit --resume auto")


def test_a_rank_that_ends_while_this_one_does_is_left_alone(launcher):
    launcher.program = "raise SystemExit(75)"
    launcher.request.leaving = True
    launcher._call_children_scripts()
    launcher.children[0].wait()
    time.sleep(0.8)
    assert launcher.request.left == []


def test_the_others_end_with_the_first(launcher):
    launcher.program = "import time; time.sleep(60)"
    launcher._call_children_scripts()
    (child,) = launcher.children
    assert child.poll() is None
    launcher._part()
    assert child.wait(20) == -9


def test_what_leaves_takes_the_others_along(launcher):
    launcher.program = "import time; time.sleep(60)"
    launcher._call_children_scripts()
    launcher.request.on_leaving()
    assert launcher.children[0].wait(20) == -9


def test_a_trainer_of_one_process_keeps_its_launcher(make_trainer):
    trainer = make_trainer(1)
    children.launch_with(trainer, StopRequest(), "")
    assert trainer.strategy.launcher is None


def test_a_trainer_that_starts_ranks_gets_this_launcher(make_trainer):
    trainer = make_trainer(1, devices=2, strategy="ddp")
    children.launch_with(trainer, StopRequest(), "")
    assert isinstance(trainer.strategy.launcher, children.Launcher)
    assert trainer.strategy.launcher.num_processes == 2


def fail(program, error):
    """Be a first rank whose collective fails when the second, which runs a program, is gone."""

    def run(self, function, *args, trainer=None, **options):
        self.program = program
        self._call_children_scripts()
        assert wait_for(lambda: self.children[0].poll() is not None)
        raise error

    return run


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (75, RuntimeError("closed by peer"), "rank 1 was stopped before its first step; go on"),
        (3, RuntimeError("closed by peer"), "closed by peer"),
        (75, Preempted("stopped at step 3"), "stopped at step 3"),
    ],
)
def test_what_fails_for_a_rank_that_was_stopped_is_a_stop(
    launcher, monkeypatch, status, error, raised
):
    run = fail(f"raise SystemExit({status})", error)
    monkeypatch.setattr(_SubprocessScriptLauncher, "launch", run)
    with pytest.raises(RuntimeError, match=raised) as caught:
        launcher.launch(None)
    assert isinstance(caught.value, Preempted) == (status == 75)
    assert launcher.request.leaving
