"""Choice of the checkpoint to resume from, and changes of the configuration."""

import dataclasses

import pytest
import torch
from torch.optim.lr_scheduler import StepLR

from vits.config import OptimizerConfig, TrainingConfig, to_dict
from vits.errors import CheckpointError, ConfigError, MissingFileError
from vits.training.checkpoints.checkpoint_io import link_checkpoint, write_checkpoint
from vits.training.checkpoints.resume import (
    apply_training_config,
    differences,
    find_resume_checkpoint,
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "ada" / "checkpoints"


def write(folder, step):
    path = folder / f"step-{step:07d}.ckpt"
    write_checkpoint({"global_step": step}, path)
    link_checkpoint(path, "last.ckpt")
    return path


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


def test_without_resume_a_run_needs_an_empty_folder(folder):
    assert find_resume_checkpoint(None, folder, pytest.fail) is None
    write(folder, 1)
    with pytest.raises(ConfigError, match="ada already has checkpoints: add --resume auto"):
        find_resume_checkpoint(None, folder, pytest.fail)


def test_auto_uses_the_newest_and_reports_skipped_files(folder):
    lines = []
    first, second = write(folder, 1), write(folder, 2)
    assert find_resume_checkpoint("auto", folder, lines.append) == second
    assert lines == []
    damage(second)
    assert find_resume_checkpoint("auto", folder, lines.append) == first
    assert [line.split(":")[0] for line in lines] == [f"skipped {second}"]


def test_auto_starts_a_run_in_an_empty_folder_but_not_if_all_files_are_damaged(folder):
    lines = []
    assert find_resume_checkpoint("auto", folder, lines.append) is None
    assert lines == [f"no checkpoint in {folder} yet: starting from step 0"]
    damage(write(folder, 1))
    with pytest.raises(CheckpointError, match="is intact; move them away to start from step 0"):
        find_resume_checkpoint("auto", folder, lines.append)


def test_a_given_path_is_checked(folder, tmp_path):
    first, second = write(folder, 1), write(folder, 2)
    assert find_resume_checkpoint(str(second), folder, pytest.fail) == second
    assert find_resume_checkpoint(str(second), tmp_path / "new", pytest.fail) == second
    with pytest.raises(MissingFileError, match=r"gone.ckpt does not exist"):
        find_resume_checkpoint(str(tmp_path / "gone.ckpt"), folder, pytest.fail)
    with pytest.raises(ConfigError, match=r"has step-0000002.ckpt, which is later than .*0001"):
        find_resume_checkpoint(str(first), folder, pytest.fail)
    damage(second)
    assert find_resume_checkpoint(str(first), folder, pytest.fail) == first
    with pytest.raises(CheckpointError, match=r"step-0000002.ckpt is damaged"):
        find_resume_checkpoint(str(second), folder, pytest.fail)


def test_differences_have_both_values():
    old = {"a": 1, "b": {"c": [1, 2], "d": None}, "gone": 3}
    new = {"a": 1, "b": {"c": (1, 2), "d": 4.0}, "new": "x"}
    assert differences(old, new, "model.") == [
        "model.b.d: None in the checkpoint, 4.0 now",
        "model.gone: 3 in the checkpoint, None now",
        "model.new: None in the checkpoint, x now",
    ]


class Restored:
    """A trainer as Lightning leaves it: everything as it was in the run before."""

    def __init__(self, recipe, steps, tensor=False):
        weight = torch.nn.Parameter(torch.ones(1))
        recipe = recipe.optimizer
        rate = torch.tensor(recipe.learning_rate) if tensor else recipe.learning_rate
        options = {"betas": recipe.betas, "eps": recipe.eps, "weight_decay": recipe.weight_decay}
        self.optimizers = [torch.optim.AdamW([weight], lr=rate, **options)]
        scheduler = StepLR(self.optimizers[0], recipe.decay_steps, recipe.decay)
        weight.grad = torch.ones(1)
        for _ in range(steps):
            self.optimizers[0].step()
            scheduler.step()
        self.lr_scheduler_configs = [type("Config", (), {"scheduler": scheduler})]

    def rates(self, steps):
        rates = []
        for _ in range(steps):
            rates.append(float(self.optimizers[0].param_groups[0]["lr"]))
            self.optimizers[0].step()
            self.lr_scheduler_configs[0].scheduler.step()
        return rates


OLD = TrainingConfig(optimizer=OptimizerConfig(learning_rate=0.4, decay=0.5, decay_steps=2))


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.1},
        {"decay": 0.9},
        {"decay_steps": 3},
        {"learning_rate": 0.1, "decay": 0.9, "decay_steps": 3},
    ],
)
def test_the_rate_equals_that_of_the_new_configuration_alone(changes, tensor):
    new = TrainingConfig(optimizer=dataclasses.replace(OLD.optimizer, **changes))
    resumed = Restored(OLD, 5, tensor)
    apply_training_config(resumed, to_dict(OLD), new)
    assert resumed.rates(6) == pytest.approx(Restored(new, 5).rates(6), rel=1e-6)


def test_the_optimizer_takes_its_new_settings():
    new = TrainingConfig(
        optimizer=dataclasses.replace(OLD.optimizer, betas=(0.5, 0.6), eps=1e-3, weight_decay=0.5)
    )
    resumed = Restored(OLD, 1)
    apply_training_config(resumed, to_dict(OLD), new)
    group = resumed.optimizers[0].param_groups[0]
    assert (group["betas"], group["eps"], group["weight_decay"]) == ((0.5, 0.6), 1e-3, 0.5)


def test_the_same_configuration_changes_nothing():
    resumed, left = Restored(OLD, 5), Restored(OLD, 5)
    apply_training_config(resumed, to_dict(OLD), OLD)
    assert resumed.rates(6) == left.rates(6)
