"""Plan of a fine-tuning run for the time that there is."""

from dataclasses import dataclass

__all__ = ["DECAY", "LEARNING_RATE", "MAX_STEPS", "Plan", "plan_run", "reserve"]

# As in the runs that made the voice in the box (recipes/kathleen/spoken.yaml).
LEARNING_RATE = 5e-4
DECAY, DECAYS = 0.9, 22
VALIDATIONS = 25
PATIENCE = 3  # validations: 12 % of the planned steps
WARMUP_SHARE, WARMUP_STEPS = 0.05, 1000
MAX_STEPS = 20_000
RESERVE_SHARE, RESERVE_SECONDS = 0.1, 300.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Numbers of a run that follow from its length.

    Attributes:
        steps: steps that fit into the time.
        validate_every: steps between validations, which are also saved.
        patience: validations without gain that end the run.
        warmup_steps: steps in which new discriminators train alone.
        decay_steps: steps between decays of the learning rate.
    """

    steps: int
    validate_every: int
    patience: int
    warmup_steps: int
    decay_steps: int


def plan_run(seconds: float, seconds_per_step: float, *, new_discriminators: bool) -> Plan:
    """Plan a run.

    Args:
        seconds: time for it (s).
        seconds_per_step: duration of a step (s).
        new_discriminators: whether the base has none.

    >>> plan_run(1800, 1.5, new_discriminators=True)
    Plan(steps=1200, validate_every=48, patience=3, warmup_steps=60, decay_steps=54)
    """
    steps = max(1, min(MAX_STEPS, int(seconds / seconds_per_step)))
    warmup = min(WARMUP_STEPS, round(WARMUP_SHARE * steps)) if new_discriminators else 0
    return Plan(
        steps=steps,
        validate_every=max(1, steps // VALIDATIONS),
        patience=PATIENCE,
        warmup_steps=warmup,
        decay_steps=max(1, steps // DECAYS),
    )


def reserve(seconds: float) -> float:
    """Return the part of a time that is kept for evaluating and bundling (s).

    >>> reserve(1800.0), reserve(7200.0)
    (180.0, 300.0)
    """
    return min(RESERVE_SECONDS, RESERVE_SHARE * seconds)
