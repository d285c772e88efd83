"""Resuming a run: choice of the checkpoint, and changes of the configuration."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import StepLR

from vits.config import OptimizerConfig, TrainingConfig, to_dict
from vits.errors import CheckpointError, ConfigError, MissingFileError
from vits.training.checkpoints.checkpoint_io import newest_valid, step_of
from vits.training.checkpoints.checksum import verify
from vits.training.datamodule import VitsDataModule
from vits.training.module import VitsModule

__all__ = [
    "apply_training_config",
    "differences",
    "find_resume_checkpoint",
    "require_same_model",
    "run_facts",
]


def find_resume_checkpoint(
    resume: str | None, folder: Path, report: Callable[[str], None]
) -> Path | None:
    """Return the checkpoint to resume from; None for a new run.

    Args:
        resume: ``auto`` for the newest intact checkpoint of ``folder``, a path, or None.
        folder: folder of the run's checkpoints.
        report: called with one line for each damaged file that is skipped.

    Raises:
        ConfigError: the run would mix with the checkpoints of another run.
        CheckpointError: the file is damaged, or all files of the folder are.
        MissingFileError: the file does not exist.
    """
    has_checkpoints = any(folder.glob("*.ckpt"))
    if resume is None:
        if has_checkpoints:
            raise ConfigError(
                f"run folder {folder.parent} already has checkpoints: add --resume auto to resume "
                "that run, or choose another folder with --trainer.default_root_dir"
            )
        return None
    if resume != "auto":
        return _check_path(Path(resume), folder)
    path = newest_valid(folder, report)
    if path is None and has_checkpoints:
        raise CheckpointError(
            f"no checkpoint in {folder} is intact; move them away to start from step 0"
        )
    if path is None:
        report(f"no checkpoint in {folder} yet: starting from step 0")
    return path


def require_same_model(path: Path, module: VitsModule) -> None:
    """Check that the weights of a checkpoint fit the module.

    Raises:
        CheckpointError: the weights do not fit, or the file is not a training checkpoint.
    """
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    try:
        theirs, model = state["state_dict"], state["vits"]["model"]
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of `vits fit`; choose another one, or --resume auto"
        ) from error
    mine = module.state_dict()
    if _shapes(theirs) == _shapes(mine):
        return
    keys = ", ".join(differences(model, to_dict(module.config), "model.config."))
    raise CheckpointError(
        f"{path} has a different model ({keys or 'other names or shapes of weights'}): a run must "
        "be resumed with the model it began with"
    )


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return one line for each key of nested mappings whose values differ, with both values.

    >>> differences({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, "x.")
    ['x.b.c: 2 in the checkpoint, 3 now']
    """
    lines: list[str] = []
    for key in [*old, *(key for key in new if key not in old)]:
        before, now = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            lines += differences(before, now, f"{prefix}{key}.")
        elif _plain(before) != _plain(now):
            lines.append(f"{prefix}{key}: {before} in the checkpoint, {now} now")
    return lines


def run_facts(trainer: pl.Trainer) -> dict[str, Any]:
    """Return what determines the numbers of a run besides model and training configuration."""
    data = getattr(trainer, "datamodule", None)
    return {
        "trainer.precision": str(trainer.precision),
        "ranks": trainer.world_size,
        **(data.facts() if isinstance(data, VitsDataModule) else {}),
    }


def apply_training_config(
    trainer: pl.Trainer, old: Mapping[str, Any], recipe: TrainingConfig
) -> None:
    """Apply the current training configuration to restored optimizers and schedulers.

    Only changed values are applied, so without changes the run continues bit for bit.

    Args:
        trainer: trainer with the restored state of a checkpoint.
        old: training configuration of the checkpoint, as plain values.
        recipe: training configuration to continue with.
    """
    before, now = old["optimizer"], to_dict(recipe.optimizer)
    changed = {key for key in now if key in before and _plain(before[key]) != now[key]}
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            group.update({k: getattr(recipe.optimizer, k) for k in OPTIMIZER_KEYS if k in changed})
    if changed & SCHEDULE_KEYS:
        for config in trainer.lr_scheduler_configs:
            scheduler = config.scheduler
            if isinstance(scheduler, StepLR):
                _reschedule(scheduler, recipe.optimizer)


OPTIMIZER_KEYS = ("betas", "eps", "weight_decay")
SCHEDULE_KEYS = {"learning_rate", "decay", "decay_steps"}


def _reschedule(scheduler: StepLR, recipe: OptimizerConfig) -> None:
    """Set the learning rate that this configuration has at the current step."""
    scheduler.base_lrs = [recipe.learning_rate] * len(scheduler.base_lrs)
    scheduler.gamma = recipe.decay
    scheduler.step_size = recipe.decay_steps
    decays = scheduler.last_epoch // scheduler.step_size
    rate = recipe.learning_rate * recipe.decay**decays
    optimizer: Optimizer = scheduler.optimizer
    for group in optimizer.param_groups:
        group["initial_lr"] = recipe.learning_rate
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
    scheduler._last_lr = [rate] * len(optimizer.param_groups)


def _check_path(path: Path, folder: Path) -> Path:
    """Verify a checkpoint given by its path, and that the run folder has no later one."""
    if not path.is_file():
        raise MissingFileError(f"checkpoint {path} does not exist; check the path")
    verify(path)
    newest = newest_valid(folder, lambda line: None)
    if newest is not None and step_of(newest) > step_of(path):
        raise ConfigError(
            f"{folder} has {newest.name}, which is later than {path}: use --resume auto to resume "
            "from it, or choose another folder with --trainer.default_root_dir"
        )
    return path


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Return the shape of every weight."""
    return {name: value.shape for name, value in state.items()}


def _plain(value: Any) -> Any:
    """Convert the tuples of a configuration to lists, as in a file."""
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
