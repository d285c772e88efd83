"""Plans for the time that there is."""

import pytest

from vits.cli.creation.plan import MAX_STEPS, plan_run, reserve


@pytest.mark.parametrize("seconds", [0.0, 1.0, 60.0, 3600.0, 1e9])
@pytest.mark.parametrize("new", [True, False])
def test_a_plan_is_possible_for_any_time(seconds, new):
    plan = plan_run(seconds, 1.5, new_discriminators=new)
    assert 1 <= plan.steps <= MAX_STEPS
    assert plan.steps == 1 or plan.steps * 1.5 <= seconds
    assert 1 <= plan.validate_every <= plan.steps
    assert 1 <= plan.decay_steps <= plan.steps
    assert plan.patience >= 1
    assert 0 <= plan.warmup_steps <= plan.steps / 10


def test_discriminators_of_the_base_need_no_warm_up():
    assert plan_run(1800, 1.5, new_discriminators=False).warmup_steps == 0
    assert plan_run(1800, 1.5, new_discriminators=True).warmup_steps > 0


def test_a_part_of_the_time_is_kept():
    assert 0 < reserve(60) < 60
