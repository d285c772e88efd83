"""The recipe that fine-tuning begins with goes on where the voice's left off."""

import dataclasses

import pytest

from vits.cli.base_voice import read_base
from vits.config import AdversarialConfig, AlignmentConfig, TrainingConfig
from vits.training.finetuning.base_voice import WARMUP_STEPS, starting_recipe


def test_a_voice_folder_brings_no_recipe_and_no_discriminators(duo):
    base = read_base(str(duo.voice))
    assert starting_recipe(base) == TrainingConfig(
        adversarial=AdversarialConfig(warmup_steps=WARMUP_STEPS)
    )


def test_a_checkpoint_brings_its_own(duo):
    base = read_base(str(duo.checkpoint))
    assert base.step == 3
    assert starting_recipe(base) == base.training
    assert base.training.optimizer.learning_rate == 3e-3


@pytest.mark.parametrize(
    ("step", "start", "guide", "steps"), [(0, 100, 8, 40), (10, 90, 6, 30), (200, 0, 0, 1000)]
)
def test_what_is_counted_from_the_first_step_goes_on(duo, step, start, guide, steps):
    recipe = TrainingConfig(
        adversarial=AdversarialConfig(start=100, warmup_steps=7, duration_start=100),
        alignment=AlignmentConfig(guide=8.0, guide_steps=40, noise=0.5, noise_steps=20),
        freeze="text",
    )
    base = dataclasses.replace(read_base(str(duo.checkpoint)), training=recipe, step=step)
    noise = {"noise": 0.5 * (20 - step) / 20, "noise_steps": 20 - step} if step < 20 else {}
    assert starting_recipe(base) == TrainingConfig(
        adversarial=AdversarialConfig(start=start, duration_start=start),
        alignment=AlignmentConfig(guide=guide, guide_steps=steps, **noise),
    )
