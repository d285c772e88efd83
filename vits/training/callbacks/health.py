"""Health monitoring: warns about known failure modes of VITS training."""

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim import Optimizer

from vits.data.prepared.batch import Batch
from vits.errors import TrainingWarning
from vits.training.module import VitsModule
from vits.training.step.metrics import StepOutput

__all__ = ["Health"]


class Metrics(NamedTuple):
    """Training metrics, averaged over a window of steps.

    Attributes:
        symbols: symbols per utterance.
        largest_share: fraction of an utterance's frames assigned to its longest symbol, in [0, 1].
        blank_share: fraction of all frames assigned to blanks, in [0, 1]; 0 without blanks.
        kl: KL divergence (nats per frame); None if no recordings are encoded.
        discriminator: loss per discriminator; None before adversarial training has started.
    """

    symbols: float
    largest_share: float
    blank_share: float
    kl: float | None
    discriminator: float | None


class Symptom(NamedTuple):
    """A failure mode of training: its name, its criterion, and diagnosis with remedy."""

    name: str
    is_present: Callable[[Metrics], bool]
    message: str


SYMPTOMS = (
    Symptom(
        "alignment collapse",
        lambda v: v.largest_share > 0.5 and v.symbols >= 8,
        "on average the longest symbol takes {0.largest_share:.0%} of an utterance's frames; "
        "restart with model.training.alignment.guide 100, and check that the transcripts match the "
        "recordings",
    ),
    Symptom(
        "blanks dominate the alignment",
        lambda v: v.blank_share > 0.9,
        "blanks take {0.blank_share:.0%} of the frames, so the phonemes are not aligned; restart "
        "with model.training.alignment.guide 100, or prepare the data with --no-blanks",
    ),
    Symptom(
        "posterior collapse",
        lambda v: v.kl is not None and v.kl < 0.05,
        "the KL divergence is {0.kl:.3f} nats per frame, so the latent carries no information "
        "beyond the text; lower model.training.loss_weights.kl",
    ),
    Symptom(
        "discriminators too strong",
        lambda v: v.discriminator is not None and v.discriminator < 0.05,
        "the loss per discriminator is {0.discriminator:.3f} (0.5 is chance level), so they detect "
        "every generated wave and give the generator little gradient; raise "
        "model.training.loss_weights.feature, or resume from an earlier checkpoint with a later "
        "model.training.adversarial.start",
    ),
    Symptom(
        "discriminators too weak",
        lambda v: v.discriminator is not None and v.discriminator > 0.6,
        "the loss per discriminator is {0.discriminator:.3f} (0.5 is chance level), so they do not "
        "separate real from generated waves; lower model.training.optimizer.learning_rate",
    ),
)


class Health(pl.Callback):
    """Warns when a failure mode of training persists for several windows of steps.

    The metrics of each window are logged as ``health/...``. A symptom is reported once, and again
    only after it has disappeared. At the end of a window the gradients are checked as well: a
    network part whose gradient is exactly zero is reported as dead.

    Args:
        window: steps per window; the device is synchronised once per window.
        patience: consecutive windows in which a symptom must be present.
    """

    def __init__(self, window: int = 100, patience: int = 5) -> None:
        super().__init__()
        self.window, self.patience = window, patience
        self._sums: Tensor | None = None
        self._counts: dict[str, int] = {}
        self._dead: dict[str, bool] = {}

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """Check the gradients in the last step of a window, before they are cleared."""
        del optimizer
        assert isinstance(pl_module, VitsModule)
        if (trainer.global_step + 1) % self.window == 0 and trainer.is_global_zero:
            self._dead |= _dead_parts(pl_module)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Accumulate the metrics of the step; evaluate them at the end of a window, on rank 0."""
        del batch_idx
        assert isinstance(pl_module, VitsModule)
        step_sums = _step_sums(pl_module, outputs, batch)
        self._sums = step_sums if self._sums is None else self._sums + step_sums
        if trainer.global_step % self.window == 0:
            metrics = self._means(pl_module)
            known = {name: v for name, v in metrics._asdict().items() if v is not None}
            pl_module.log_dict({f"health/{name}": v for name, v in known.items()})
            if trainer.is_global_zero:
                self._evaluate(metrics)

    def _means(self, module: VitsModule) -> Metrics:
        """Return the means of the window and reset the sums."""
        assert self._sums is not None
        *sums, n_discriminator_steps, n_steps = self._sums.tolist()
        self._sums = None
        symbols, largest, blanks, kl, loss = (value / max(1, n_steps) for value in sums)
        n_members = len(module.discriminators.members)
        discriminator = loss / n_members if n_discriminator_steps else None
        return Metrics(symbols, largest, blanks, None if math.isnan(kl) else kl, discriminator)

    def _evaluate(self, metrics: Metrics) -> None:
        """Check all symptoms and dead gradients."""
        for symptom in SYMPTOMS:
            present = symptom.is_present(metrics)
            self._count(symptom.name, present, symptom.message.format(metrics) if present else "")
        for name, dead in self._dead.items():
            message = (
                f"all gradients of {name} are zero, so it does not learn; resume from an earlier "
                "checkpoint with a lower model.training.optimizer.learning_rate"
            )
            self._count(f"dead gradients of {name}", dead, message)
        self._dead = {}

    def _count(self, name: str, present: bool, message: str) -> None:
        """Count consecutive windows with a symptom; warn when ``patience`` is reached."""
        self._counts[name] = self._counts.get(name, 0) + 1 if present else 0
        if self._counts[name] == self.patience:
            steps = self.patience * self.window
            warnings.warn(f"{name} for {steps} steps: {message}", TrainingWarning, stacklevel=2)


@torch.no_grad()
def _step_sums(module: VitsModule, outcome: StepOutput, batch: Batch) -> Tensor:
    """Return (7,): metrics, 1 if the discriminators stepped, 1; zeros for a skipped step."""
    durations, logs = outcome["durations"], outcome["logs"]
    frames = durations.sum(1).clamp_min(1)
    largest = (durations.amax(1) / frames).mean()
    blanks = torch.zeros_like(largest)
    if module.dataset_info.frontend["config"]["blanks"]:
        blanks = (durations * (batch.ids == _blank_id(module))).sum() / frames.sum()
    waiting = "discriminator" not in logs
    loss = torch.zeros_like(largest) if waiting else logs["discriminator"]
    stepped, one = torch.full_like(largest, float(not waiting)), torch.ones_like(largest)
    symbols = batch.id_lengths.float().mean()
    kl = logs.get("kl", torch.full_like(largest, math.nan))
    sums = torch.stack([x.float() for x in (symbols, largest, blanks, kl, loss)])
    sums = torch.cat([sums, torch.stack([stepped, one])])
    return torch.where(outcome["skipped"] > 0, 0.0, sums)


def _blank_id(module: VitsModule) -> int:
    """Return the id of the blank: the last one if the table contains the symbol twice."""
    frontend = module.dataset_info.frontend
    blank, symbols = frontend["config"].get("blank", ""), frontend["symbols"]
    return len(symbols) - 1 - symbols[::-1].index(blank) if blank else 0


def _dead_parts(module: VitsModule) -> dict[str, bool]:
    """Return for each network part with gradients whether all of them are exactly zero."""
    parts = dict(module.generator.named_children())
    parts |= {f"discriminator {i}": m for i, m in enumerate(module.discriminators.members)}
    if module.discriminators.durations is not None:
        parts["duration discriminator"] = module.discriminators.durations
    norms = {}
    for name, part in parts.items():
        gradients = [p.grad for p in part.parameters() if p.grad is not None]
        if gradients:
            norms[name] = torch.nn.utils.get_total_norm(gradients, foreach=False)
    values = torch.stack(list(norms.values())).tolist()
    return {name: value == 0 for name, value in zip(norms, values, strict=True)}
