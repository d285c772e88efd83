"""How long steps take, and the end of the time for them."""

import pytest

from vits.training.callbacks import pace as module
from vits.training.callbacks.pace import SETTLING_STEPS, Pace


@pytest.fixture
def ticking(monkeypatch):
    """A clock that counts its calls: a step takes one second."""
    calls = iter(range(10_000))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(calls)))


def test_steps_are_timed_after_the_first_ones(make_run, ticking):
    reports = []
    pace = Pace(report=lambda step, seconds: reports.append((step, seconds)))
    make_run(SETTLING_STEPS + 2, callbacks=[pace])
    first = [(step, None) for step in range(1, SETTLING_STEPS + 1)]
    assert reports == [*first, (SETTLING_STEPS + 1, 1.0), (SETTLING_STEPS + 2, 1.0)]
    assert (pace.seconds_per_step, pace.expired) == (1.0, False)


def test_the_end_of_the_time_ends_the_run_after_its_step(make_run):
    left = iter([2.0, 1.0, 0.0])
    pace = Pace(lambda: next(left))
    trainer, _, _ = make_run(9, callbacks=[pace])
    assert (trainer.global_step, pace.expired) == (3, True)
