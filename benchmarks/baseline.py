"""The training step as the reference recipe has it, to time ours against.

Written from the recipe of the original VITS, over the plain modules and the same weights as ours
(which uses ``vits.fast``), with what the original does and ours leaves out:

- real and generated waves in two passes, in both steps, so four passes of the discriminators;
- the generator's step keeps the graph of the real pass and computes the discriminators' gradients;
- spectrograms one utterance at a time on the host; the mel of whole recordings, then cut;
- scores as the sum of four terms; the alignment on the host and back as a path; the prior
  stretched by multiplying with that path;
- torch's default AdamW, and a norm that is read off each parameter in turn.

The randomness is drawn in the order of ours, so that one seed gives both the same losses.
"""

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.audio.mel import MelSpectrogram
from vits.audio.spectrogram import Spectrogram
from vits.config import TrainingConfig, VitsConfig
from vits.data.prepared.batch import Batch
from vits.models.discriminators import Discriminators
from vits.models.outputs import DiscriminatorOutput
from vits.models.vits import Vits
from vits.training.step.seeding import seed_step

__all__ = ["Baseline"]

Part = Callable[[str], AbstractContextManager[None]]


class Generated(NamedTuple):
    """What the generator's training pass leaves for the losses."""

    wave: Tensor
    starts: Tensor
    kl: tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
    duration: Tensor


class Baseline:
    """Generator, discriminators and their optimizers, with ``step`` to train on one batch.

    Args:
        config: of the model.
        recipe: of the optimisation.
        device: where it trains.
        precision: ``32-true`` or ``bf16-mixed``.
        part: names what is being timed; called with a part's name around it.
    """

    def __init__(
        self,
        config: VitsConfig,
        recipe: TrainingConfig,
        device: torch.device | str = "cpu",
        precision: str = "32-true",
        part: Part = lambda name: nullcontext(),
    ) -> None:
        self.config, self.recipe, self.part = config, recipe, part
        self.device = torch.device(device)
        self.mixed = precision == "bf16-mixed"
        self.generator = Vits(config).to(self.device)
        self.discriminators = Discriminators(**vars(config.discriminator)).to(self.device)
        self.spectrogram = Spectrogram(config.audio)
        self.mel = MelSpectrogram(config.audio).to(self.device)
        self.optimizers = [
            torch.optim.AdamW(
                module.parameters(),
                lr=recipe.optimizer.learning_rate,
                betas=recipe.optimizer.betas,
                eps=recipe.optimizer.eps,
                weight_decay=recipe.optimizer.weight_decay,
            )
            for module in (self.discriminators, self.generator)
        ]
        self.steps = 0

    def step(self, batch: Batch) -> dict[str, float]:
        """Train on one batch (on the host); return the losses and the norms."""
        recipe, part = self.recipe, self.part
        weights = recipe.loss_weights
        seed_step(recipe.seed, self.steps, 0)
        self.steps += 1
        with part("spectrogram, mel"):
            spectrogram = self._spectrograms(batch)
        with self._autocast():
            out = self._generate(batch, spectrogram)
            with part("spectrogram, mel"):
                whole = self.mel.from_linear(spectrogram)
                segment = self.config.segment_frames
                real_mel = cut(whole, out.starts, segment)
                fake_mel = self.mel(out.wave)
            hop = self.config.audio.hop_length
            real = cut(batch.wave.to(self.device), out.starts * hop, segment * hop)
            with part("D passes, D step"):
                real_judged = self.discriminators(real)
                fake_judged = self.discriminators(out.wave.detach())
        losses = {"discriminator": discriminator_loss(real_judged, fake_judged)}
        norm_d = self._update(0, losses["discriminator"], self.discriminators, "D")
        del real_judged, fake_judged
        with self._autocast(), part("D passes, G step"):
            real_judged, fake_judged = self.discriminators(real), self.discriminators(out.wave)
        losses["mel"] = functional.l1_loss(real_mel, fake_mel)
        losses["kl"] = kl_loss(*out.kl)
        losses["duration"] = out.duration
        losses["feature"] = feature_loss(real_judged, fake_judged)
        losses["adversarial"] = generator_loss(fake_judged)
        losses["generator"] = (
            weights.mel * losses["mel"]
            + weights.kl * losses["kl"]
            + weights.duration * losses["duration"]
            + weights.feature * losses["feature"]
            + weights.adversarial * losses["adversarial"]
        )
        norm_g = self._update(1, losses["generator"], self.generator, "G")
        norms = {"gradient/discriminator": norm_d, "gradient/generator": norm_g}
        return {name: loss.item() for name, loss in losses.items()} | norms

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed)

    def _spectrograms(self, batch: Batch) -> Tensor:
        """Transform each utterance on the host, pad them into one batch."""
        hop = self.config.audio.hop_length
        frames = batch.wave.shape[2] // hop
        rows = torch.zeros(len(batch.wave), self.config.audio.n_bins, frames)
        for row, wave, length in zip(rows, batch.wave, batch.wave_lengths.tolist(), strict=True):
            one = self.spectrogram(wave[None, :, :length])[0]
            row[:, : one.shape[1]] = one
        return rows.to(self.device)

    def _generate(self, batch: Batch, spectrogram: Tensor) -> Generated:
        """Run the boxes of the paper's figure 1 in order."""
        model, part, device = self.generator, self.part, self.device
        ids, id_lengths = batch.ids.to(device), batch.id_lengths.to(device)
        frame_lengths = (batch.wave_lengths // self.config.audio.hop_length).to(device)
        speakers = model.speaker_conditioning(batch.speakers.to(device))
        with part("text encoder"):
            text = model.text_encoder(ids, id_lengths)
        with part("posterior encoder"):
            posterior = model.posterior_encoder(spectrogram, frame_lengths, speakers)
        with part("prior flow"):
            z_prior, _ = model.prior_flow(posterior.z, posterior.mask, speakers)
        mean, log_std = text.prior
        with part("alignment"), torch.no_grad():
            score = four_term_score(z_prior, mean, log_std)
            mask = text.mask * posterior.mask.mT
            path = path_on_host(score, mask)
        with part("duration predictor"):
            durations = path.sum(1).unsqueeze(1)
            summed = model.duration_predictor(text.hidden, text.mask, durations, speakers).loss
            duration = (summed / text.mask.sum()).sum()
        with part("alignment"):
            mean, log_std = (torch.matmul(path, x.mT.to(path.dtype)).mT for x in (mean, log_std))
        segment = self.config.segment_frames
        starts = (torch.rand(len(ids), device=device) * (frame_lengths - segment + 1)).long()
        with part("decoder"):
            wave = model.decoder(cut(posterior.z, starts, segment), speakers)
        log_q = posterior.distribution.log_std
        return Generated(wave, starts, (z_prior, log_q, mean, log_std, posterior.mask), duration)

    def _update(self, index: int, loss: Tensor, module: nn.Module, name: str) -> float:
        optimizer = self.optimizers[index]
        optimizer.zero_grad()
        with self.part(f"{name} backward"):
            loss.backward()
        with self.part(f"{name} norm"):
            norm = norm_one_by_one(module.parameters())
        with self.part(f"{name} optimizer"):
            optimizer.step()
        return norm


def cut(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Copy one segment of each row of (B, C, T) in a loop."""
    rows = torch.zeros_like(x[:, :, :length])
    for i, row in enumerate(x):
        start = int(starts[i])
        rows[i] = row[:, start : start + length]
    return rows


def four_term_score(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Gaussian log-density of each frame under each symbol, (B, T, S), one term at a time.

    Not in half precision, which the original uses there and which overflows.
    """
    with torch.autocast(z.device.type, enabled=False):
        z, mean, log_std = z.float(), mean.float(), log_std.float()
        precision = torch.exp(-2 * log_std)
        constant = torch.sum(-0.5 * math.log(2 * math.pi) - log_std, 1, keepdim=True)
        squares = torch.matmul((-0.5 * z**2).mT, precision)
        products = torch.matmul(z.mT, mean * precision)
        means = torch.sum(-0.5 * mean**2 * precision, 1, keepdim=True)
        return constant + squares + products + means


def path_on_host(score: Tensor, mask: Tensor) -> Tensor:
    """Search on the host as the original calls it; return the path (B, T, S) on the device."""
    try:
        from monotonic_align import maximum_path  # pyright: ignore[reportMissingImports]
    except ImportError:
        return _path_by_loop(score, mask)
    return maximum_path(score, mask)


def _path_by_loop(score: Tensor, mask: Tensor) -> Tensor:
    """Stand in for the package where it is not installed: our compiled search, spelt as a path."""
    from vits.alignment import durations_to_path, monotonic_alignment_search

    host, inside = score.detach().cpu().float(), mask.cpu()
    symbols, frames = inside[:, 0].sum(1).long(), inside[:, :, 0].sum(1).long()
    durations = monotonic_alignment_search(host, symbols, frames)
    path = durations_to_path(durations, host.shape[1]).numpy().astype(np.int32)
    return torch.from_numpy(path).to(device=score.device, dtype=score.dtype)


def discriminator_loss(real: list[DiscriminatorOutput], fake: list[DiscriminatorOutput]) -> Tensor:
    """Least squares, one member after the other."""
    loss = torch.zeros((), device=real[0].score.device)
    for r, f in zip(real, fake, strict=True):
        loss = loss + ((1 - r.score.float()) ** 2).mean() + (f.score.float() ** 2).mean()
    return loss


def generator_loss(fake: list[DiscriminatorOutput]) -> Tensor:
    """Least squares against 1."""
    loss = torch.zeros((), device=fake[0].score.device)
    for f in fake:
        loss = loss + ((1 - f.score.float()) ** 2).mean()
    return loss


def feature_loss(real: list[DiscriminatorOutput], fake: list[DiscriminatorOutput]) -> Tensor:
    """Mean absolute difference of each layer, not doubled (the weight is)."""
    loss = torch.zeros((), device=fake[0].score.device)
    for r, f in zip(real, fake, strict=True):
        for a, b in zip(r.features, f.features, strict=True):
            loss = loss + (a.float().detach() - b.float()).abs().mean()
    return loss


def kl_loss(z: Tensor, log_q: Tensor, mean: Tensor, log_std: Tensor, mask: Tensor) -> Tensor:
    """One-sample KL, averaged over real frames."""
    z, log_q, mean, log_std = z.float(), log_q.float(), mean.float(), log_std.float()
    kl = log_std - log_q - 0.5
    kl = kl + 0.5 * (z - mean) ** 2 * torch.exp(-2.0 * log_std)
    return torch.sum(kl * mask) / torch.sum(mask)


def norm_one_by_one(parameters: Iterable[nn.Parameter]) -> float:
    """Norm of all gradients, each read off before the next."""
    total = 0.0
    for parameter in parameters:
        if parameter.grad is not None:
            total += parameter.grad.norm(2).item() ** 2
    return total**0.5
