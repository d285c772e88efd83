"""``vits fit``: Lightning's command line, strict about keys, with this library's callbacks."""

import contextlib
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch.distributed as dist
from pytorch_lightning.callbacks import Timer
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities import rank_zero_only

from vits.config import TrainingConfig
from vits.errors import ConfigError, Preempted, VitsError
from vits.training.arguments import module_class, read_arguments
from vits.training.callbacks import (
    Checkpoints,
    Curves,
    Ema,
    Health,
    Preemption,
    Progress,
    Resumption,
    SampleSynthesis,
    SkippedSteps,
)
from vits.training.checkpoints.checkpoint_io import VerifiedCheckpointIO, step_of
from vits.training.checkpoints.resume import find_resume_checkpoint, require_same_model
from vits.training.datamodule import VitsDataModule
from vits.training.dataset_info import DatasetInfo
from vits.training.module import VitsModule
from vits.training.option_errors import library_error
from vits.training.precision import require_supported
from vits.training.preemption.launcher import launch_with
from vits.training.preemption.signals import GRACE_S, StopRequest, notify
from vits.training.run_folder.lock import RunLock
from vits.training.run_folder.logger import RunConfig, RunLogger, quiet_writer_threads
from vits.training.run_folder.optional_writes import OptionalWrites
from vits.training.step.distributed import choose_devices
from vits.training.yaml_limits import protect_parser

__all__ = ["FitCLI", "fit", "resume_command", "run_training"]

# The stream has no epochs: everything counts steps. No sanity pass: data is checked by prepare.
TRAINER_DEFAULTS: dict[str, Any] = {
    "default_root_dir": "runs/vits",
    "max_steps": 800_000,
    "val_check_interval": 1000,
    "check_val_every_n_epoch": None,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 10,
    "use_distributed_sampler": False,
    "enable_model_summary": False,
}


def fit(arguments: list[str]) -> int:
    """Train a voice by a command line, e.g. ``["-c", "configs/ljspeech.yaml"]``.

    Raises:
        ConfigError: an unknown key or an invalid value.
        Preempted: a signal stopped the run, which has saved a checkpoint.
        VitsError: another error of the data, the model or a checkpoint.
    """

    def train(request: StopRequest, resume_command: str) -> None:
        read = read_arguments(arguments)
        for line in read.renamed:
            rank_zero_only(notify)(line)
        FitCLI(
            module_class(read),
            VitsDataModule,
            args=["fit", *read.words],
            request=request,
            resume_command=resume_command,
            allow_imports=read.allow_imports,
        )

    return run_training(["vits", "fit", *arguments], train)


def run_training(command: list[str], train: Callable[[StopRequest, str], object]) -> int:
    """Run a training command; signals stop it, and its errors become those of this library.

    Args:
        command: the command line.
        train: called with the stop request of signals and the command that resumes the run.

    Raises:
        Preempted: a signal stopped the run, which has saved a checkpoint.
        VitsError: an error of the arguments, the data, the model or a checkpoint.
    """
    _quieten()
    if any(word.split("=")[0] == "--ckpt_path" for word in command):
        raise ConfigError("--ckpt_path is not used here: give --resume auto or --resume PATH")
    first = getattr(rank_zero_only, "rank", 0) == 0
    with quiet_writer_threads(), StopRequest(first=first) as request:
        try:
            train(request, resume_command(command))
            _part()
        except Preempted:
            _part()
            raise
        except Exception as error:
            clear = library_error(error, command, started=request.deferring)
            # a launcher ends the other ranks when one has ended: its signal may arrive late
            if (
                isinstance(error, RuntimeError)
                and not isinstance(error, VitsError)
                and _has_ranks()
                and request.wait(GRACE_S)
            ):
                told = "stopped: another rank had ended before its step; the last save stands"
                raise Preempted(told if request.first else "") from error
            if clear is None or clear is error:
                raise
            raise clear from error
        finally:
            request.exiting = True
    return 0


def resume_command(command: list[str]) -> str:
    """Return the command that resumes a run, from the one that started it.

    >>> resume_command(["vits", "fit", "-c", "a b.yaml", "--resume", "x.ckpt"])
    "vits fit -c 'a b.yaml' --resume auto"
    """
    words: list[str] = []
    for word in command:
        if words[-1:] == ["--resume"]:
            words.pop()
        elif not word.startswith("--resume="):
            words.append(word)
    return shlex.join([*words, "--resume", "auto"])


class FitCLI(LightningCLI):
    """Lightning's command line with this library's defaults, checkpoints and callbacks.

    Args:
        request: the stop request of signals.
        resume_command: the command that resumes the run.
        callbacks: callbacks besides those of this library.
        allow_imports: whether the configuration may name classes of any package.
        **options: of ``LightningCLI``, instead of those set here.
    """

    model: VitsModule
    datamodule: VitsDataModule

    def __init__(
        self,
        *classes: Any,
        request: StopRequest,
        resume_command: str,
        callbacks: Sequence[pl.Callback] = (),
        allow_imports: bool = False,
        **options: Any,
    ) -> None:
        protect_parser(allow_imports=allow_imports)
        self.request = request
        self.callbacks = callbacks
        self.preemption = Preemption(request, resume_command)
        self.continuation = Resumption()
        self.writes = OptionalWrites()
        parsing = {"exit_on_error": False, "allow_abbrev": False}
        settled = {
            "trainer_defaults": dict(TRAINER_DEFAULTS),
            "seed_everything_default": 1234,
            "save_config_callback": RunConfig,
            "save_config_kwargs": {"overwrite": True, "writes": self.writes},
            "parser_kwargs": {**parsing, "fit": parsing},
        }
        super().__init__(*classes, **{**settled, **options})

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Offer ``fit`` only, without the arguments that ``--resume`` replaces."""
        return {"fit": {*LightningCLI.subcommands()["fit"], "ckpt_path", "weights_only"}}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add ``checkpoint.*`` and ``--resume``, and link the data to the model."""
        parser.add_lightning_class_args(Checkpoints, "checkpoint")
        parser.add_argument(
            "--resume",
            type=str | None,
            default=None,
            help="Resume a run: auto for the newest intact checkpoint of its folder, or a path",
        )
        parser.link_arguments(
            "data", "model.dataset_info", self.dataset_info_of, apply_on="instantiate"
        )

    def dataset_info_of(self, data: VitsDataModule) -> DatasetInfo:
        """Return the facts about the data that the model needs."""
        return data.dataset_info

    def before_instantiate_classes(self) -> None:
        """Refuse numbers of epochs, and precisions in which this recipe does not train."""
        trainer = self.config["fit"]["trainer"]
        for key in ("max_epochs", "min_epochs"):
            if trainer[key] not in (None, -1):
                raise ConfigError(
                    f"trainer.{key} {trainer[key]} has no effect: the stream of batches is endless "
                    "and has no epochs; set trainer.max_steps"
                )
        require_supported(trainer["precision"])

    def after_instantiate_classes(self) -> None:
        """Refuse to train differences to a voice where there is none."""
        if rank := self.model.training_config.lora_rank:
            raise ConfigError(
                f"lora_rank {rank} trains differences to a voice, and a new model is none: take "
                "`vits finetune VOICE DATA`, or leave it at 0"
            )

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """Create the trainer; it logs to TensorBoard in the run folder by default."""
        trainer = self.config_init["fit"]["trainer"]
        self.trainer_defaults["callbacks"] = [
            *_callbacks(self.model.training_config, lambda: self.request.requested, self.writes),
            *([] if trainer["enable_progress_bar"] is False else [Progress()]),
            *self.callbacks,
            self.continuation,
            self.preemption,  # last, so that it saves the state after the other callbacks
        ]
        if trainer["logger"] in (None, True):
            kwargs["logger"] = RunLogger(trainer["default_root_dir"], self.writes)
        kwargs |= choose_devices(trainer, rank_zero_only(notify))
        kwargs["plugins"] = [*_list(trainer["plugins"]), VerifiedCheckpointIO()]
        return super().instantiate_trainer(**kwargs)

    def fit(self, **kwargs: Any) -> None:
        """Train, from the checkpoint of ``--resume`` if there is one."""
        # one of them is 0 on other ranks too, as long as the ranks have not found each other
        is_first = getattr(rank_zero_only, "rank", 0) == self.trainer.global_rank == 0
        run_folder = Path(self.trainer.default_root_dir)
        with RunLock(run_folder) if is_first else contextlib.nullcontext():
            resume, report = self.config["fit"]["resume"], rank_zero_only(notify)
            path = find_resume_checkpoint(resume, run_folder / "checkpoints", report)
            if path is not None:
                require_same_model(path, self.model)
                self._report_finished(path)
            self.continuation.path = path
            launch_with(self.trainer, self.request, self.preemption.resume_command)
            self.trainer.fit(**kwargs, ckpt_path=path, weights_only=True)
        if self.trainer.is_global_zero:
            if failures := self.writes.summary():
                notify(failures)
            self._report_end()

    def _report_finished(self, path: Path) -> None:
        """Say that there is nothing left to train, if that is so."""
        step, last = step_of(path), self.trainer.max_steps
        if 0 < last <= step:
            rank_zero_only(notify)(
                f"the run is finished: {path} has step {step}, trainer.max_steps is {last}; to go "
                "on, raise trainer.max_steps"
            )

    def _report_end(self) -> None:
        """Say where the run ended, why, and which command makes a voice of it."""
        step, last = self.trainer.global_step, self.trainer.max_steps
        if not step or getattr(self.trainer, "fast_dev_run", False):
            return
        ended = f"finished at step {step}"
        if step < last:
            timers = [c for c in self.trainer.callbacks if isinstance(c, Timer)]  # pyright: ignore[reportAttributeAccessIssue]
            left = [timer.time_remaining() for timer in timers]
            is_over = any(seconds is not None and seconds <= 0 for seconds in left)
            reason = "trainer.max_time is over" if is_over else "a callback ended the run"
            longer = " and a longer trainer.max_time" * is_over
            ended = (
                f"ended at step {step} of {last}, because {reason}; go on with: "
                f"{self.preemption.resume_command}{longer}"
            )
        command = f"vits bundle {self.trainer.default_root_dir} -o DIR"
        sys.stdout.write(f"{ended}; make a voice of it with: {command}\n")


def _callbacks(
    recipe: TrainingConfig, stopping: Callable[[], bool], writes: OptionalWrites
) -> list[pl.Callback]:
    averages = [Ema(recipe.ema_decay)] if recipe.ema_decay else []
    return [
        *averages,
        SkippedSteps(writes=writes),
        Health(),
        SampleSynthesis(stopping=stopping, writes=writes),
        Curves(stopping=stopping, writes=writes),
    ]


def _list(value: Any) -> list[Any]:
    """Return a list of one value, several or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _has_ranks() -> bool:
    """Return whether this process is one of several ranks, or about to become one."""
    return dist.is_available() and (dist.is_initialized() or "WORLD_SIZE" in os.environ)


def _part() -> None:
    """Leave the process group, which otherwise warns at exit."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def _quieten() -> None:
    """Silence Lightning's advertisements and hints that do not apply to an endless stream."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    for message in (
        ".*LightningCLI's args parameter is intended to run from within Python.*",
        ".*isinstance\\(treespec, LeafSpec\\).*",
        ".*does not have many workers.*",
        # the loaders read mapped files and mostly wait; two of them do not slow down one core
        "This DataLoader will create .*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*You called `self.log.*` in your `training_step`.*",
        # a run resumes from the state after the step
        "Using ModelCheckpoint with manual optimization.*",
    ):
        warnings.filterwarnings("ignore", message)
