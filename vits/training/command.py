"""``vits fit``: Lightning's command line, strict about keys, with this library's callbacks."""

import logging
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from jsonargparse import ArgumentError
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import TensorBoardLogger

from vits.config import TrainingConfig
from vits.errors import CheckpointError, ConfigError, MissingFileError, VitsError
from vits.training.callbacks import Curves, Ema, Listening, Progress
from vits.training.corpus import Corpus
from vits.training.datamodule import VitsDataModule
from vits.training.module import VitsModule

__all__ = ["fit"]

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
CHECKPOINT_DEFAULTS: dict[str, Any] = {
    "checkpoint.filename": "{step:07d}",
    "checkpoint.every_n_train_steps": 1000,
    # the newest five and the last; monitor val/mel with mode min to keep the best instead
    "checkpoint.monitor": "step",
    "checkpoint.mode": "max",
    "checkpoint.save_top_k": 5,
    "checkpoint.save_last": True,
    "checkpoint.enable_version_counter": False,
}


def fit(arguments: list[str]) -> int:
    """Train from a command line, e.g. ``["-c", "configs/ljspeech.yaml"]``.

    Raises:
        ConfigError: an unknown key or a value that breaks a rule.
        VitsError: what else goes wrong with data, model or checkpoint.
    """
    _quieten()
    try:
        FitCLI(
            VitsModule,
            VitsDataModule,
            args=["fit", *arguments],
            trainer_defaults=TRAINER_DEFAULTS,
            seed_everything_default=1234,
            save_config_kwargs={"overwrite": True},
            parser_kwargs={"exit_on_error": False, "fit": {"exit_on_error": False}},
        )
    except FileNotFoundError as error:
        raise MissingFileError(" ".join(str(error).split())) from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise _clear(error) from error
    return 0


class FitCLI(LightningCLI):
    """Links data to model, and adds logger, checkpoints and callbacks."""

    model: VitsModule
    datamodule: VitsDataModule

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Offer ``fit`` alone."""
        return {"fit": LightningCLI.subcommands()["fit"]}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add ``checkpoint.*``, and take the corpus from the data."""
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(CHECKPOINT_DEFAULTS)
        parser.link_arguments("data", "model.corpus", _corpus_of, apply_on="instantiate")

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """Log to TensorBoard in the run's folder unless told otherwise."""
        self.trainer_defaults["callbacks"] = _callbacks(self.model.training_config)
        trainer = self.config["fit"]["trainer"]
        if trainer["logger"] in (None, True):
            kwargs["logger"] = TensorBoardLogger(trainer["default_root_dir"], name="", version="")
        return super().instantiate_trainer(**kwargs)

    def _parse_ckpt_path(self) -> None:
        """Look at the checkpoint first: Lightning reads hyper-parameters from it unguarded."""
        _require_readable(self.config["fit"]["ckpt_path"])
        super()._parse_ckpt_path()

    def before_fit(self) -> None:
        """Refuse to mix a new run with an old one's checkpoints."""
        folder = Path(self.trainer.default_root_dir)
        if self.config["fit"]["ckpt_path"] is None and any(folder.glob("checkpoints/*.ckpt")):
            raise ConfigError(
                f"run folder {folder} already holds checkpoints: add --ckpt_path last to go on "
                "with that run, or choose another folder with --trainer.default_root_dir"
            )
        self.config_init["fit"]["weights_only"] = True  # a checkpoint is data, never code

    def after_fit(self) -> None:
        """Keep the end of the run, whatever step it falls on."""
        folder = Path(self.trainer.default_root_dir) / "checkpoints"
        self.trainer.save_checkpoint(folder / "last.ckpt")


def _require_readable(checkpoint: str | None) -> None:
    """Open a checkpoint that was named by its path, before anything else happens."""
    if checkpoint is None or not Path(checkpoint).is_file():
        return  # Lightning's words (last, best), or a path that it will not find
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged file can fail anywhere in torch's reader
        raise CheckpointError(
            f"{checkpoint} is damaged, half-written or no checkpoint; take an earlier one"
        ) from error


def _corpus_of(data: VitsDataModule) -> Corpus:
    return data.corpus


def _callbacks(recipe: TrainingConfig) -> list[pl.Callback]:
    averages = [Ema(recipe.ema_decay)] if recipe.ema_decay else []
    return [*averages, Listening(), Curves(), Progress()]


def _clear(error: Exception) -> VitsError:
    """Find our own message below a parser's, or put the parser's on one line."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, VitsError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ArgumentError):
        return ConfigError(f"{' '.join(str(error).split())} (see `vits fit --help`)")
    raise error


def _quieten() -> None:
    """Silence Lightning's advertisements and the hints that do not apply to an endless stream."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    for message in (
        ".*LightningCLI's args parameter is intended to run from within Python.*",
        ".*isinstance\\(treespec, LeafSpec\\).*",
        ".*does not have many workers.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*You called `self.log.*` in your `training_step`.*",
        # the state after the step is the one to go on from
        "Using ModelCheckpoint with manual optimization.*",
    ):
        warnings.filterwarnings("ignore", message)
