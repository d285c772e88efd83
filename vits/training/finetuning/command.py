"""``vits finetune``: the command line of ``vits fit`` around a voice."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningArgumentParser
from pytorch_lightning.utilities import rank_zero_only

from vits.config import TrainingConfig, to_dict
from vits.errors import ConfigError
from vits.models.posterior_encoder import leave_out_posterior
from vits.training.arguments import Arguments, module_class, read_arguments
from vits.training.callbacks.checkpoints import path_of
from vits.training.checkpoints.checkpoint_io import link_checkpoint
from vits.training.checkpoints.resume import find_resume_checkpoint
from vits.training.command import FitCLI, run_training
from vits.training.dataset_info import DatasetInfo
from vits.training.finetuning.base_voice import BaseVoice, starting_recipe
from vits.training.finetuning.compatibility import require_same_shape, require_same_tensors
from vits.training.finetuning.datamodule import FinetuneDataModule
from vits.training.finetuning.optimizer_state import CarriedOptimizerStates
from vits.training.finetuning.summary import describe
from vits.training.finetuning.vocabulary import Vocabulary
from vits.training.finetuning.weights import gains_pitch, start_from
from vits.training.preemption.signals import StopRequest, notify

__all__ = ["FinetuneCLI", "finetune"]

FOLDER = "runs/finetune"
MAX_STEPS = 20_000


def finetune(
    voice: str,
    data: str,
    arguments: list[str],
    *,
    read: Callable[[str], BaseVoice],
    report: Callable[[str], None],
    callbacks: Sequence[pl.Callback] = (),
) -> int:
    """Fine-tune a voice by a command line.

    Args:
        voice: a voice folder, a checkpoint, or the folder of a run.
        data: folder that ``vits prepare`` wrote.
        arguments: as for ``fit``.
        read: reads a voice.
        report: called with each line for the user.
        callbacks: callbacks besides those of ``fit``.

    Raises:
        ConfigError: an unknown key, an invalid value, or one that contradicts the voice.
        VitsError: another error of the voice, the data or a checkpoint.
    """

    def train(request: StopRequest, resume_command: str) -> None:
        FinetuneCLI(
            voice,
            [*arguments, "--data.train", data],
            read=read,
            report=rank_zero_only(report),
            request=request,
            resume_command=resume_command,
            callbacks=callbacks,
        )

    return run_training(["vits", "finetune", voice, data, *arguments], train)


class FinetuneCLI(FitCLI):
    """Takes default keys, model sizes and weights from a voice.

    A resumed run takes them from its own checkpoint and no longer needs the voice.

    Args:
        voice: what to fine-tune.
        words: the command line.
        read: reads a voice.
        report: called with each line for the user.
        options: of ``FitCLI``.
    """

    def __init__(
        self,
        voice: str,
        words: list[str],
        *,
        read: Callable[[str], BaseVoice],
        report: Callable[[str], None],
        **options: Any,
    ) -> None:
        arguments = read_arguments(words)
        for line in arguments.renamed:
            rank_zero_only(notify)(line)
        self._report = report
        self._vocabulary: Vocabulary | None = None
        self._resumed = resumed_checkpoint(arguments)
        self._base: BaseVoice | None = None
        if not {"-h", "--help"} & set(words):
            self._base = read(voice if self._resumed is None else str(self._resumed))
            require_same_shape(self._base, arguments.get("model.config", {}))
        super().__init__(
            module_class(arguments, self._base and self._base.config),
            FinetuneDataModule,
            args=["fit", *arguments.words],
            allow_imports=arguments.allow_imports,
            **options,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the arguments of ``fit`` with another run folder and number of steps."""
        super().add_arguments_to_parser(parser)
        parser.set_defaults({"trainer.default_root_dir": FOLDER, "trainer.max_steps": MAX_STEPS})

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the command line with the voice's sizes and recipe as defaults."""
        if self._base is not None:
            recipe = (
                starting_recipe(self._base)
                if self._resumed is None
                else self._base.training or TrainingConfig()
            )
            model = to_dict(self._base.config)
            for counted in ("n_symbols", "n_speakers", "n_languages"):
                del model[counted]  # voice and data together say how many
            self._parser("fit").set_defaults(
                {"model.config": model, "model.training": to_dict(recipe)}  # pyright: ignore[reportArgumentType]
            )
        super().parse_arguments(parser, args)

    def dataset_info_of(self, data: Any) -> DatasetInfo:
        """Map the data to the voice, report it, and return the facts about the data."""
        assert isinstance(data, FinetuneDataModule)
        assert self._base is not None
        self._vocabulary = data.adopt(self._base)
        if self._resumed is not None:
            _require_nothing_new(self._vocabulary, self._resumed)
            return data.dataset_info
        parts = (data.train_data, data.validation_data)
        for line in describe(self._base, self._vocabulary, [part for part in parts if part]):
            self._report(line)
        return data.dataset_info

    def after_instantiate_classes(self) -> None:
        """Start the model from the voice."""
        assert self._vocabulary is not None
        base, self._base = self._base, None  # only the optimizers' start needs it from here on
        assert base is not None
        if base.is_compact:
            _require_prior_only(base, self.model.training_config)
            leave_out_posterior(self.model.generator)
        if self._resumed is not None:
            return
        if self.model.training_config.lora_rank:
            require_same_tensors(base, self._vocabulary, self.model.config)
        start_from(base, self._vocabulary, self.model.generator, self.model.discriminators)
        carried = CarriedOptimizerStates(base, self._vocabulary)
        self.trainer.callbacks.append(carried)  # pyright: ignore[reportAttributeAccessIssue]
        if gains_pitch(base, self.model.generator):
            self._report(
                "pitch: new, the voice has none; the phase of a ConvNeXt decoder starts anew"
            )
        self._report_warmup()
        self._report_posterior(base)

    def after_fit(self) -> None:
        """Save the extended voice if the run has no steps."""
        if self.trainer.global_step > 0:
            return
        path = path_of(self.trainer)
        self.trainer.save_checkpoint(path)
        if self.trainer.is_global_zero:
            link_checkpoint(path, "last.ckpt")

    def _report_posterior(self, base: BaseVoice) -> None:
        """Report if the run leaves the posterior encoder out, and what that means."""
        if base.is_compact:
            self._report(
                "posterior encoder: none, the voice is compact: only prior segments are trained"
            )
        elif self.model.training_config.prior_only:
            without = base.training is not None and base.training.prior_only
            whole = "the voice that this one came from" if without else base.source
            self._report(
                "posterior encoder: left out (alignment.source 'data', prior_segments.share 1); "
                f"to align, to convert voices or to begin another run take {whole}"
            )

    def _report_warmup(self) -> None:
        """Report when the discriminators train alone, and if that is the whole run."""
        recipe = self.model.training_config.adversarial
        if not recipe.warmup_steps:
            return
        first = recipe.start
        end = first + recipe.warmup_steps
        steps = self.trainer.max_steps
        whole = first == 0 and 0 < steps <= end
        self._report(
            f"warm-up: from step {first} to {end} the discriminators train alone "
            "(model.training.adversarial.warmup_steps)"
            + f": the generator does not train in a run of {steps} steps"
            * whole
        )


def resumed_checkpoint(given: Arguments) -> Path | None:
    """Return the checkpoint to resume from; None for a new run."""
    folder = Path(given.get("trainer.default_root_dir") or FOLDER)
    return find_resume_checkpoint(given.get("resume"), folder / "checkpoints", lambda line: None)


def _require_prior_only(base: BaseVoice, recipe: TrainingConfig) -> None:
    """Require that the recipe for a compact voice does without the posterior encoder."""
    if not recipe.prior_only:
        raise ConfigError(
            f"alignment.source {recipe.alignment.source!r} and prior_segments.share "
            f"{recipe.prior_segments.share} must be 'data' and 1 for voice {base.source}: it is "
            "compact and has no posterior encoder; leave them out, or take the whole voice or its "
            "checkpoint"
        )


def _require_nothing_new(vocabulary: Vocabulary, checkpoint: Path) -> None:
    """Require that a resumed run has no new symbols or speakers in its data."""
    for what, rows in (("symbols", vocabulary.symbols), ("speakers", vocabulary.speakers)):
        if rows.new:
            raise ConfigError(
                f"the run of {checkpoint} does not know the {what} "
                f"{', '.join(repr(name) for name in rows.new[:10])} of the data: go on with the "
                "data it began with, or start a new run from this checkpoint"
            )
