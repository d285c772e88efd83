"""The Lightning module: two optimizers and the training step."""

from typing import Any, NamedTuple, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from vits.alignment import NO_SCORE_BIAS, choose_backend
from vits.audio.mel import MelSpectrogram
from vits.audio.spectrogram import Spectrogram
from vits.config import TrainingConfig, VitsConfig, to_dict
from vits.data.prepared.batch import Batch
from vits.errors import CheckpointError, ConfigError
from vits.fast import optimize_for_training
from vits.layers.masking import slice_segments
from vits.memory import keep_freed_memory
from vits.models.conditioning import SpeakerVectors
from vits.models.discriminators import build_discriminators
from vits.models.outputs import JudgedDurations, TrainingOutput
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments
from vits.models.vits import Vits
from vits.training.dataset_info import DatasetInfo
from vits.training.step.compilation import begin_step, compile_function, compile_parts
from vits.training.step.converted_weights import generator_weights
from vits.training.step.discriminator_losses import (
    adversarial_losses,
    discriminator_losses,
    member_pass,
    traced_member_pass,
)
from vits.training.step.distributed import BatchWeights, Networks
from vits.training.step.early_backward import scale_together
from vits.training.step.freezing import freeze
from vits.training.step.generator_losses import generator_losses, optional_losses, weighted_sum
from vits.training.step.judged_durations import (
    adversarial_durations,
    judge_durations,
    require_judged,
)
from vits.training.step.metrics import StepMetrics, StepOutput
from vits.training.step.pitch_shift import PitchShift, draw_shift
from vits.training.step.seeding import seed_step
from vits.training.step.segments import Segments, prior_segments_at, score_bias_at
from vits.training.step.validation import measure_utterances

__all__ = ["CHECKPOINT_FORMAT", "VitsModule"]

CHECKPOINT_FORMAT = 1


class Judged(NamedTuple):
    """What the discriminators judge in a step; None: those have not started."""

    segments: Segments | None
    durations: JudgedDurations | None


class VitsModule(pl.LightningModule):
    """Trains the generator and the discriminators in turn.

    Each batch is one step: the discriminators step on the generated segment, then the generator
    steps against the updated discriminators, as in the original. ``global_step`` counts batches.
    On several devices the gradients equal those of one device with all the utterances.

    A step with a loss or gradient that is not finite changes neither weights nor optimizer states.
    The decision is made on the device and is the same on every rank.

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
        if config.pitch is not None:
            dataset_info.require_pitch()
        elif training.pitch_shift.share > 0:
            raise ConfigError(
                f"pitch_shift.share {training.pitch_shift.share} has no effect on a model without "
                "pitch: leave it out, or give the model config.pitch"
            )
        require_judged(self.config, training)
        self.training_config = training
        self.dataset_info = dataset_info
        self.generator = Vits(self.config)
        if isinstance(self.generator.speaker_embedding, SpeakerVectors):
            assert dataset_info.speaker_means is not None
            self.generator.speaker_embedding.vectors.copy_(dataset_info.speaker_means)
        optimize_for_training(self.generator)
        freeze(self.generator, training.freeze, training.lora_rank)
        self.discriminators = build_discriminators(self.config)
        optimize_for_training(self.discriminators)
        self.spectrogram = Spectrogram(self.config.audio)
        self.mel = MelSpectrogram(self.config.audio)
        self.optional = optional_losses(self.config, training, self.mel)
        self.networks = Networks.unwrapped(self.generator, self.discriminators)
        self.member_pass = member_pass

    @property
    def monitor(self) -> str:
        """The name of the metric that the best checkpoint minimises."""
        return "val/spoken" if self.training_config.prior_only else "val/mel"

    def is_warming(self, step: int) -> bool:
        """Return whether the discriminators train alone in the step that ends at ``step``."""
        first = self.training_config.adversarial.start
        return first < step <= first + self.training_config.adversarial.warmup_steps

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Create AdamW and a step-wise decay for the discriminators and for the generator."""
        recipe = self.training_config.optimizer
        self.discriminators.requires_grad_(True)  # the last step of an earlier run froze them
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
        """Choose the backend of the search, compile, and keep freed memory on a CPU."""
        alignment = self.training_config.alignment
        if alignment.source == "search":
            self.generator.alignment_backend = choose_backend(alignment.backend, self.device)
        compilation = self.training_config.compile
        if compilation != "none":
            compile_parts(self.generator, self.discriminators, replayed=compilation == "step")
        if compilation == "step":
            self.member_pass = compile_function(traced_member_pass)
        if self.device.type == "cpu":
            keep_freed_memory()

    def training_step(self, batch: Batch, batch_idx: int) -> StepOutput:
        """Run one step: update both networks and log the losses."""
        del batch_idx  # it restarts when a run resumes; global_step does not
        recipe, step = self.training_config, self.global_step
        if recipe.compile == "step":
            begin_step(self.device)
        seed_step(recipe.seed, step, self.global_rank)
        warming = self.is_warming(step + 1)
        with torch.set_grad_enabled(not warming):
            prior_segments = prior_segments_at(recipe, step)
            shift = draw_shift(recipe.pitch_shift, batch.pitch)
            out, spectrogram = self._generate(batch, prior_segments, shift, training=True)
            segments = self._segments(batch, spectrogram, out, shift)
        batch_weights = self._batch_weights(batch, out)
        losses = generator_losses(out, segments, batch_weights, self.optional)
        loss = weighted_sum(
            losses, recipe, self.generator, out, free_prior=prior_segments.share == 0
        )
        losses = {name: value.detach() for name, value in losses.items()}
        metrics = StepMetrics(self.device)
        judged = Judged(
            segments if step >= recipe.adversarial.start else None,
            out.judged_durations if step >= recipe.adversarial.duration_start else None,
        )
        if any(part is not None for part in judged):
            self._step_discriminators(judged, batch_weights, losses, metrics)
            if not warming:
                loss = loss + self._adversarial_loss(judged, batch_weights, losses)
        if warming:
            self._skip_generator(losses, metrics)
        else:
            self.manual_backward(loss)
            self._update(1, {"generator": loss, **losses}, metrics)
        self._log_training(metrics.logs)
        return StepOutput(
            skipped=metrics.skipped,
            suspect=metrics.suspect,
            durations=out.durations,
            logs=metrics.logs,
        )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the losses of whole utterances (``measure_utterances``)."""
        seed_step(self.training_config.seed, batch_idx, 0)
        prior_only = self.training_config.prior_only
        prior_segments = (
            prior_segments_at(self.training_config, 0) if prior_only else NO_PRIOR_SEGMENTS
        )
        out, spectrogram = self._generate(batch, prior_segments=prior_segments, training=False)
        speaker = self.generator.speaker_conditioning(self._speakers(batch))
        found = measure_utterances(self.generator, self.mel, batch, spectrogram, out, speaker)
        values = {f"val/{name}": value for name, value in found.items()}
        self.log_dict(values, batch_size=len(batch.names), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what ``vits bundle`` needs, as plain values: configuration and data facts."""
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
        """Refuse another ``freeze`` or rank: the optimizer state would not match the parameters."""
        recipe = checkpoint.get("vits", {}).get("training", {})
        for key, default in (("freeze", None), ("lora_rank", 0)):
            before, now = recipe.get(key, default), getattr(self.training_config, key)
            if before != now:
                raise CheckpointError(
                    f"{key} {now!r} must be the run's {before!r}: to change it, begin a run of its "
                    "own with `vits finetune CHECKPOINT DATA`"
                )

    def _generate(
        self,
        batch: Batch,
        prior_segments: PriorSegments = NO_PRIOR_SEGMENTS,
        shift: PitchShift | None = None,
        *,
        training: bool,
    ) -> tuple[TrainingOutput, Tensor]:
        """Run the generator's training pass; return it and the spectrogram (B, F, T).

        Validation searches without guide and noise.
        """
        spectrogram = self.spectrogram(batch.wave, batch.wave_lengths)
        frame_lengths = batch.wave_lengths // self.config.audio.hop_length
        generator = self.networks.generator if training else self.generator
        bias = NO_SCORE_BIAS
        if training:
            bias = score_bias_at(self.training_config, self.global_step)
        with generator_weights(self.generator, self.device):
            out = generator(
                batch.ids,
                batch.id_lengths,
                spectrogram,
                frame_lengths,
                self._speakers(batch),
                batch.languages,
                durations=self._data_durations(batch),
                pitch=None if self.config.pitch is None else batch.pitch,
                source_pitch=None if shift is None else shift.pitch,
                score_bias=bias,
                prior_segments=prior_segments,
            )
        return out, spectrogram

    def _speakers(self, batch: Batch) -> Tensor:
        """Return the speakers as the model takes them: ids, or vectors of the utterances."""
        return batch.speakers if self.config.speaker_vectors is None else batch.speaker_vectors

    def _data_durations(self, batch: Batch) -> Tensor | None:
        """Return the durations of the data if the alignment comes from there, otherwise None."""
        return batch.durations if self.training_config.alignment.source == "data" else None

    def _segments(
        self, batch: Batch, spectrogram: Tensor, out: TrainingOutput, shift: PitchShift | None
    ) -> Segments:
        hop, length = self.config.audio.hop_length, self.config.segment_frames
        target = slice_segments(spectrogram, out.segment_starts, length)
        if shift is not None:
            pitch = slice_segments(batch.pitch, out.segment_starts, length)
            moved = slice_segments(shift.pitch, out.segment_starts, length)
            target = shift.move(target, pitch, moved, self.spectrogram, self.config.audio)
        return Segments(
            real=slice_segments(batch.wave, out.segment_starts * hop, length * hop),
            fake=out.wave,
            real_mel=self.mel.from_linear(target),
            fake_mel=self.mel(out.wave.float()),
            own_pitch=None if shift is None else shift.others,
        )

    def _batch_weights(self, batch: Batch, out: TrainingOutput) -> BatchWeights:
        """Return the weights of this rank's losses, in the precision of the losses."""
        frame_lengths = batch.wave_lengths // self.config.audio.hop_length
        dtype = torch.promote_types(out.wave.dtype, torch.float32)
        return BatchWeights.of(batch.id_lengths, frame_lengths, dtype)

    def _step_discriminators(
        self,
        judged: Judged,
        batch_weights: BatchWeights,
        losses: dict[str, Tensor],
        metrics: StepMetrics,
    ) -> None:
        """Update the discriminators of ``judged``, with one backward pass for each.

        The generator's ``losses`` are added here: unless they are finite, nothing may step.
        """
        self.discriminators.requires_grad_(True)
        found: dict[str, Tensor] = {}
        networks, (segments, durations) = self.networks, judged
        if segments is not None:
            each: list[Tensor] = []
            for loss in discriminator_losses(networks.discriminators, *segments.waves):
                self.manual_backward(loss * batch_weights.utterances)
                each.append(loss.detach())
            found["discriminator"] = torch.stack(each).sum() * batch_weights.utterances
        if durations is not None:
            assert networks.durations is not None
            loss = judge_durations(networks.durations, durations) * batch_weights.symbols
            self.manual_backward(loss)
            found["duration_discriminator"] = loss.detach()
        self._update(0, {**found, **losses}, metrics)

    def _adversarial_loss(
        self, judged: Judged, batch_weights: BatchWeights, losses: dict[str, Tensor]
    ) -> Tensor:
        """Return the weighted loss against the updated discriminators, and add it to ``losses``.

        The discriminators get no gradient, and the features of recordings have no graph.
        """
        self.discriminators.requires_grad_(False)
        weights, (segments, durations) = self.training_config.loss_weights, judged
        weighted: list[Tensor] = []
        if segments is not None:
            found = adversarial_losses(
                self.discriminators.members,
                *segments.waves,
                adversarial_weight=weights.adversarial,
                feature_weight=weights.feature,
                run=self.member_pass,
            )
            losses["adversarial"] = found.adversarial * batch_weights.utterances
            losses["feature"] = found.feature * batch_weights.utterances
            weighted.append(found.weighted * batch_weights.utterances)
        if durations is not None:
            assert self.discriminators.durations is not None
            loss = adversarial_durations(self.discriminators.durations, durations)
            loss = loss * batch_weights.symbols
            losses["duration_adversarial"] = loss.detach()
            weighted.append(weights.duration_adversarial * loss)
        return torch.stack(weighted).sum()

    def _skip_generator(self, losses: dict[str, Tensor], metrics: StepMetrics) -> None:
        """Count a step in which the generator does not change; its losses are only logged."""
        metrics.add("generator", torch.zeros((), device=self.device), losses)
        optimizer = cast("list[LightningOptimizer]", self.optimizers())[1]
        optimizer._on_before_step()
        optimizer._on_after_step()

    def _update(self, index: int, losses: dict[str, Tensor], metrics: StepMetrics) -> None:
        """Step optimizer ``index`` unless a loss or gradient of the step is not finite."""
        optimizer = cast("list[LightningOptimizer]", self.optimizers())[index]
        if index == 0:
            # Lightning counts optimizer steps; only the generator's counts as a global step
            optimizer._on_before_step = optimizer._on_after_step = lambda: None
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad for p in weights if p.grad is not None]
        # on a CPU foreach is 15 times slower over many small tensors; None: where it is supported
        foreach = False if self.device.type == "cpu" else None
        norm = torch.nn.utils.get_total_norm(gradients, foreach=foreach)
        metrics.add(("discriminator", "generator")[index], norm, losses)
        clip = self.training_config.optimizer.gradient_clip
        if clip is not None:
            scale_together(gradients, (clip / (norm + 1e-6)).clamp(max=1.0))
        # the fused optimizer reads this on the device; if it is 1, nothing changes
        fused = cast(Any, optimizer.optimizer)
        fused.grad_scale, fused.found_inf = None, metrics.skipped
        optimizer.step()
        optimizer.zero_grad()  # at once, so that the next pass can use their memory
        self._schedulers()[index].step()

    def _schedulers(self) -> list[torch.optim.lr_scheduler.LRScheduler]:
        return cast("list[torch.optim.lr_scheduler.LRScheduler]", self.lr_schedulers())

    def _log_training(self, logs: dict[str, Tensor]) -> None:
        """Log what the step computed; the progress bar reads ``StepOutput`` instead."""
        values = {f"train/{name}": value.detach() for name, value in logs.items()}
        # filled on the device: a number of the host would be copied there, which waits for it
        rate = float(self._schedulers()[1].get_last_lr()[0])
        rate = torch.full((), rate, device=self.device)
        self.log_dict({**values, "train/learning_rate": rate})
