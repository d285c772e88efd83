"""The Lightning module: two optimizers and the training step."""

from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from vits.audio.mel import MelSpectrogram
from vits.audio.spectrogram import Spectrogram
from vits.config import TrainingConfig, VitsConfig, to_dict
from vits.data.prepared.batch import Batch
from vits.errors import CheckpointError
from vits.fast import optimize_for_training
from vits.layers.masking import slice_segments
from vits.memory import keep_freed_memory
from vits.models.discriminators import Discriminators
from vits.models.outputs import TrainingOutput
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments
from vits.models.vits import Vits
from vits.training.dataset_info import DatasetInfo
from vits.training.step.discriminator_losses import discriminator_losses, judge
from vits.training.step.distributed import Passes, Shares
from vits.training.step.freezing import freeze
from vits.training.step.generator_losses import generator_terms, optional_losses, weigh
from vits.training.step.metrics import Outcome, Record
from vits.training.step.seeding import seed_step
from vits.training.step.segments import Segments, prior_segments_at
from vits.training.step.validation import measure_utterances

__all__ = ["CHECKPOINT_FORMAT", "VitsModule"]

CHECKPOINT_FORMAT = 1


class VitsModule(pl.LightningModule):
    """Trains generator and discriminators in turn.

    Each batch is one step: the discriminators step on the generated segment, then the generator
    steps against the updated discriminators, as in the original. ``global_step`` counts batches.
    On several devices the gradients are those of one device with all their utterances.

    A step in which a loss or a gradient is not finite changes neither weights nor the optimizers'
    moments: the decision stays on the device, and it is the same on every rank.

    Source: VITS sections 2.3 and 3.

    Args:
        config: the model; the numbers of symbols and speakers are taken from ``dataset_info``.
        training: the recipe.
        dataset_info: facts about the data, kept in every checkpoint.
    """

    def __init__(
        self, config: VitsConfig, training: TrainingConfig, dataset_info: DatasetInfo
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = dataset_info.fit_model(config)
        if training.alignment.source == "data":
            dataset_info.require_durations()
        self.training_config = training
        self.dataset_info = dataset_info
        self.generator = Vits(self.config)
        optimize_for_training(self.generator)
        freeze(self.generator, training.freeze)
        self.discriminators = Discriminators(**vars(self.config.discriminator))
        optimize_for_training(self.discriminators)
        self.spectrogram = Spectrogram(self.config.audio)
        self.mel = MelSpectrogram(self.config.audio)
        self.optional = optional_losses(self.config, training, self.mel)
        self.passes = Passes.plain(self.generator, self.discriminators)

    @property
    def monitor(self) -> str:
        """The name of what the best checkpoint has least of."""
        return "val/spoken" if self.training_config.prior_only else "val/mel"

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Give the discriminators and the generator an AdamW and a step-wise decay each."""
        recipe = self.training_config.optimizer
        self.discriminators.requires_grad_(True)  # an earlier run's last step has frozen them
        optimizers = [
            torch.optim.AdamW(
                [p for p in part.parameters() if p.requires_grad],
                lr=recipe.learning_rate,
                betas=recipe.betas,
                eps=recipe.eps,
                weight_decay=recipe.weight_decay,
                fused=True,
            )
            for part in (self.discriminators, self.generator)
        ]
        schedulers = [
            torch.optim.lr_scheduler.StepLR(optimizer, recipe.decay_steps, recipe.decay)
            for optimizer in optimizers
        ]
        return cast(OptimizerLRScheduler, (optimizers, schedulers))

    def on_fit_start(self) -> None:
        """Keep the memory that a step frees, where steps are a processor's."""
        if self.device.type == "cpu":
            keep_freed_memory()

    def training_step(self, batch: Batch, batch_idx: int) -> Outcome:
        """Run one step: both updates and the log."""
        del batch_idx  # it starts over on resuming; global_step does not
        recipe, step = self.training_config, self.global_step
        seed_step(recipe.seed, step, self.global_rank)
        adversarial = step >= recipe.adversarial.start
        warming = 0 <= step - recipe.adversarial.start < recipe.adversarial.warmup_steps
        guide = recipe.alignment.guide * max(0.0, 1 - step / recipe.alignment.guide_steps)
        with torch.set_grad_enabled(not warming):
            prior_segments = prior_segments_at(recipe, step)
            out, spectrogram = self._generate(batch, guide, prior_segments)
            segments = self._segments(batch, spectrogram, out)
        shares = Shares.of(batch.id_lengths, batch.wave_lengths // self.config.audio.hop_length)
        record = Record(self.device)
        terms = generator_terms(out, segments, shares, self.optional)
        loss = weigh(terms, recipe, self.generator, out, apart=prior_segments.share == 0)
        terms = {name: term.detach() for name, term in terms.items()}
        if adversarial:
            self._step_discriminators(segments, shares, terms, record)
            if not warming:
                loss = loss + self._judge(segments, shares, terms)
        if warming:
            self._rest_generator(terms, record)
        else:
            self.manual_backward(loss)
            self._update(1, {"generator": loss, **terms}, record)
        self._log_training(record.logs)
        return Outcome(
            skipped=record.skipped,
            suspect=record.suspect,
            durations=out.durations,
            logs=record.logs,
        )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure whole utterances: see ``measure_utterances``."""
        seed_step(self.training_config.seed, batch_idx, 0)
        prior_only = self.training_config.prior_only
        prior_segments = (
            prior_segments_at(self.training_config, 0) if prior_only else NO_PRIOR_SEGMENTS
        )
        out, spectrogram = self._generate(batch, prior_segments=prior_segments, training=False)
        speaker = self.generator.speaker_conditioning(batch.speakers)
        found = measure_utterances(self.generator, self.mel, batch, spectrogram, out, speaker)
        values = {f"val/{name}": value for name, value in found.items()}
        self.log_dict(values, batch_size=len(batch.names), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what ``vits bundle`` needs, as plain values."""
        checkpoint.setdefault("vits", {}).update(
            {
                "format": CHECKPOINT_FORMAT,
                "model": to_dict(self.config),
                "training": to_dict(self.training_config),
                "frontend": self.dataset_info.frontend,
                "fingerprint": self.dataset_info.fingerprint,
                "speakers": list(self.dataset_info.speakers),
                "data": {
                    "name": self.dataset_info.name,
                    "utterances": self.dataset_info.utterances,
                    "seconds": self.dataset_info.seconds,
                },
            }
        )
        checkpoint["vits"].setdefault("ema", None)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse another ``freeze``: the optimizer's state would belong to other parameters."""
        before = checkpoint.get("vits", {}).get("training", {}).get("freeze")
        if before != self.training_config.freeze:
            raise CheckpointError(
                f"freeze {self.training_config.freeze!r} must be the run's {before!r}: to change "
                "it, begin a run of its own with `vits finetune CHECKPOINT DATA`"
            )

    def _generate(
        self,
        batch: Batch,
        guide: float = 0.0,
        prior_segments: PriorSegments = NO_PRIOR_SEGMENTS,
        *,
        training: bool = True,
    ) -> tuple[TrainingOutput, Tensor]:
        """Run the generator's training pass; return it with the spectrogram (B, F, T)."""
        spectrogram = self.spectrogram(batch.wave, batch.wave_lengths)
        frame_lengths = batch.wave_lengths // self.config.audio.hop_length
        run = self.passes.generator if training else self.generator
        out = run(
            batch.ids,
            batch.id_lengths,
            spectrogram,
            frame_lengths,
            batch.speakers,
            batch.languages,
            durations=self._given(batch),
            alignment_guide=guide,
            prior_segments=prior_segments,
        )
        return out, spectrogram

    def _given(self, batch: Batch) -> Tensor | None:
        """Return the data's durations, where the alignment is theirs."""
        return batch.durations if self.training_config.alignment.source == "data" else None

    def _segments(self, batch: Batch, spectrogram: Tensor, out: TrainingOutput) -> Segments:
        hop, length = self.config.audio.hop_length, self.config.segment_frames
        target = slice_segments(spectrogram, out.segment_starts, length)
        return Segments(
            real=slice_segments(batch.wave, out.segment_starts * hop, length * hop),
            fake=out.wave,
            real_mel=self.mel.from_linear(target),
            fake_mel=self.mel(out.wave.float()),
        )

    def _step_discriminators(
        self, segments: Segments, shares: Shares, terms: dict[str, Tensor], record: Record
    ) -> None:
        """Update the discriminators; each goes backwards before the next one comes.

        The generator's ``terms`` are recorded here: where they are not finite, nothing may step.
        """
        self.discriminators.requires_grad_(True)
        found: list[Tensor] = []
        for loss in discriminator_losses(self.passes.discriminators, segments.real, segments.fake):
            self.manual_backward(loss * shares.utterances)
            found.append(loss.detach())
        loss = torch.stack(found).sum() * shares.utterances
        self._update(0, {"discriminator": loss, **terms}, record)

    def _judge(self, segments: Segments, shares: Shares, terms: dict[str, Tensor]) -> Tensor:
        """Return what the updated discriminators say to the generator, and add it to its terms.

        They take no gradient, and the features of recordings have no graph.
        """
        self.discriminators.requires_grad_(False)
        verdict = judge(
            self.discriminators.members,
            segments.real,
            segments.fake,
            adversarial_weight=self.training_config.loss_weights.adversarial,
            feature_weight=self.training_config.loss_weights.feature,
        )
        terms |= {
            "adversarial": verdict.adversarial * shares.utterances,
            "feature": verdict.feature * shares.utterances,
        }
        return verdict.weighted * shares.utterances

    def _rest_generator(self, terms: dict[str, Tensor], record: Record) -> None:
        """Count a step in which the generator stands still; its losses are only measured."""
        record.add("generator", torch.zeros((), device=self.device), terms)
        optimizer = cast("list[LightningOptimizer]", self.optimizers())[1]
        optimizer._on_before_step()
        optimizer._on_after_step()

    def _update(self, index: int, terms: dict[str, Tensor], record: Record) -> None:
        """Step optimizer ``index`` along its gradients, unless the record says to skip."""
        optimizer = cast("list[LightningOptimizer]", self.optimizers())[index]
        if index == 0:
            # Lightning counts optimizer steps; only the generator's shall be a global step
            optimizer._on_before_step = optimizer._on_after_step = _do_nothing
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad for p in weights if p.grad is not None]
        # the fused form over many small tensors is 15 times slower on a processor
        norm = torch.nn.utils.get_total_norm(gradients, foreach=self.device.type != "cpu")
        record.add(("discriminator", "generator")[index], norm, terms)
        clip = self.training_config.optimizer.gradient_clip
        if clip is not None:
            scale = (clip / (norm + 1e-6)).clamp(max=1.0)
            for gradient in gradients:
                gradient.mul_(scale.to(gradient.device))
        # the fused optimizer looks at this on the device; where it is 1, it changes nothing
        fused = cast(Any, optimizer.optimizer)
        fused.grad_scale, fused.found_inf = None, record.skipped
        optimizer.step()
        optimizer.zero_grad()  # at once: the next pass finds their memory free
        self._schedulers()[index].step()

    def _schedulers(self) -> list[torch.optim.lr_scheduler.LRScheduler]:
        return cast("list[torch.optim.lr_scheduler.LRScheduler]", self.lr_schedulers())

    def _log_training(self, logs: dict[str, Tensor]) -> None:
        values = {f"train/{name}": value.detach() for name, value in logs.items()}
        rate = self._schedulers()[1].get_last_lr()[0]
        self.log_dict({**values, "train/learning_rate": rate})
        shown = {
            name: logs[name].detach()
            for name in ("mel", "kl", "duration", "discriminator")
            if name in logs
        }
        self.log_dict(shown, prog_bar=True, logger=False)


def _do_nothing() -> None:
    """Stand in for Lightning's step counter."""
