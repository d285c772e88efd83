"""The trained vocoders as Lightning modules: WaveGlow, and the HiFi-GAN decoder of VITS."""

from abc import ABC, abstractmethod
from typing import cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from recipes.baselines.mel import NormalizedMel
from recipes.baselines.waveglow import WaveGlow, WaveGlowSizes
from vits.config import AudioConfig, TrainingConfig, VitsConfig
from vits.data.prepared.batch import Batch
from vits.fast import optimize_for_training
from vits.layers.masking import random_segment_starts, slice_segments
from vits.losses import mel_loss
from vits.models.decoders import build_decoder
from vits.models.discriminators import build_discriminators
from vits.training.step.discriminator_losses import adversarial_losses, discriminator_losses
from vits.training.step.seeding import seed_step

__all__ = ["HifiGanVocoder", "Vocoder", "WaveGlowVocoder"]

CLIP = 1.0  # norm of the gradients of WaveGlow


class Vocoder(pl.LightningModule, ABC):
    """Mel spectrograms to waves, trained on segments of recordings.

    Args:
        audio: of the data.
        segment_frames: frames of a segment.
        seed: of segments and noise; the step is mixed into it.
    """

    def __init__(self, audio: AudioConfig, segment_frames: int, seed: int) -> None:
        super().__init__()
        self.mel, self.segment_frames, self.seed = NormalizedMel(audio), segment_frames, seed

    @abstractmethod
    def speak(self, mel: Tensor) -> Tensor:
        """Map a normalized mel spectrogram (B, M, T) to a wave (B, 1, T * hop_length)."""

    def draw_segments(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Draw one segment of each utterance: waves (B, 1, L) and normalized mels (B, M, T)."""
        seed_step(self.seed, self.global_step, 0)
        hop, length = self.mel.hop_length, self.segment_frames
        mel = self.mel(batch.wave, batch.wave_lengths)
        starts = random_segment_starts(batch.wave_lengths // hop, length)
        wave = slice_segments(batch.wave, starts * hop, length * hop)
        return wave, slice_segments(mel, starts, length)


class WaveGlowVocoder(Vocoder):
    """WaveGlow, trained by maximum likelihood."""

    def __init__(
        self,
        audio: AudioConfig,
        sizes: WaveGlowSizes,
        *,
        segment_frames: int = 32,
        learning_rate: float = 1e-3,
        seed: int = 1234,
    ) -> None:
        super().__init__(audio, segment_frames, seed)
        self.learning_rate = learning_rate
        self.network = WaveGlow(audio.n_mels, audio.hop_length, sizes)
        optimize_for_training(self.network)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Create Adam."""
        return torch.optim.Adam(self.network.parameters(), self.learning_rate)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the negative log-likelihood of the segments, a scalar in nats per sample."""
        del batch_idx
        loss = -self.network.log_likelihood(*self.draw_segments(batch)).mean()
        self.log("train/nats", loss.detach())
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Limit the norm of the gradients."""
        del optimizer
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)

    @torch.no_grad()
    def speak(self, mel: Tensor) -> Tensor:
        """Draw a wave (B, 1, T * hop_length) for a normalized mel spectrogram (B, M, T)."""
        return self.network.sample(mel)


class HifiGanVocoder(Vocoder):
    """The decoder of VITS with its discriminators and losses, reading mel bands for the latent.

    Source: Kong et al. 2020, arXiv:2010.05646.

    Args:
        config: decoder, discriminators and audio of the VITS that it is compared with.
        recipe: its weights, learning rate and start of the discriminators.
    """

    def __init__(self, config: VitsConfig, recipe: TrainingConfig) -> None:
        super().__init__(config.audio, config.segment_frames, recipe.seed)
        self.automatic_optimization = False
        self.recipe = recipe
        audio = config.audio
        self.decoder = build_decoder(config.decoder, audio.n_mels, audio.hop_length, 0)
        self.discriminators = build_discriminators(config)
        optimize_for_training(self.decoder)
        optimize_for_training(self.discriminators)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Create AdamW for the discriminators and for the decoder, as VITS has it."""
        self.discriminators.requires_grad_(True)  # the last step of an earlier run froze them
        settings = self.recipe.optimizer
        return [
            torch.optim.AdamW(
                part.parameters(),
                settings.learning_rate,
                settings.betas,
                settings.eps,
                settings.weight_decay,
                fused=True,
            )
            for part in (self.discriminators, self.decoder)
        ]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Update the discriminators, from their start on, and the decoder."""
        del batch_idx
        wave, mel = self.draw_segments(batch)
        weights, fake = self.recipe.loss_weights, self.decoder(mel)
        of_mel = mel_loss(self.mel.mel(fake), self.mel.mel(wave))
        loss = weights.mel * of_mel
        # Lightning's wrapper counts a global step: the decoder's only
        judge, optimizer = cast("list[LightningOptimizer]", self.optimizers())
        if self.global_step >= self.recipe.adversarial.start:
            self._step_discriminators(wave, fake, judge.optimizer)
            found = adversarial_losses(
                self.discriminators.members,
                wave,
                fake,
                adversarial_weight=weights.adversarial,
                feature_weight=weights.feature,
            )
            loss = loss + found.weighted
        self.manual_backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        self.log("train/mel", of_mel.detach())

    def _step_discriminators(
        self, wave: Tensor, fake: Tensor, optimizer: torch.optim.Optimizer
    ) -> None:
        """Update the discriminators, and freeze them for the decoder's losses."""
        self.discriminators.requires_grad_(True)
        for loss in discriminator_losses(self.discriminators.members, wave, fake):
            self.manual_backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        self.discriminators.requires_grad_(False)

    @torch.no_grad()
    def speak(self, mel: Tensor) -> Tensor:
        """Decode a normalized mel spectrogram (B, M, T) to a wave (B, 1, T * hop_length)."""
        return self.decoder(mel)
