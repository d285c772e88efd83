"""Watches a run for the known symptoms of VITS training and names them in words."""

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
from vits.training.step.metrics import Outcome

__all__ = ["Health"]


class Metrics(NamedTuple):
    """Means over a window of steps.

    Attributes:
        symbols: number of symbols of an utterance.
        largest_share: part of an utterance's frames that its longest symbol takes.
        blank_share: part of all frames that blanks take; 0 without blanks.
        kl: nats per frame; None where no recording is encoded.
        discriminator: loss for each member; None while the discriminators wait.
    """

    symbols: float
    largest_share: float
    blank_share: float
    kl: float | None
    discriminator: float | None


class Symptom(NamedTuple):
    """A sign to watch for, and what to say of it."""

    name: str
    shows: Callable[[Metrics], bool]
    message: str


SYMPTOMS = (
    Symptom(
        "alignment collapse",
        lambda v: v.largest_share > 0.5 and v.symbols >= 8,
        "one symbol takes {0.largest_share:.0%} of an utterance's frames, so the alignment has "
        "collapsed; start again with model.training.alignment.guide 100, or check that texts and "
        "recordings belong together",
    ),
    Symptom(
        "blanks take all the time",
        lambda v: v.blank_share > 0.9,
        "blanks take {0.blank_share:.0%} of the frames, so the phonemes are not aligned; start "
        "again with model.training.alignment.guide 100, or prepare with --no-blanks",
    ),
    Symptom(
        "posterior collapse",
        lambda v: v.kl is not None and v.kl < 0.05,
        "the KL divergence is {0.kl:.3f} nats a frame, so the latent tells the decoder nothing "
        "beyond the text; lower model.training.loss_weights.kl",
    ),
    Symptom(
        "discriminators win",
        lambda v: v.discriminator is not None and v.discriminator < 0.05,
        "the discriminators' loss is {0.discriminator:.3f} a member, where 0.5 is chance: they "
        "tell every generated wave, and the generator learns little from them; raise "
        "model.training.loss_weights.feature, or resume from before and set adversarial.start "
        "later",
    ),
    Symptom(
        "discriminators lose",
        lambda v: v.discriminator is not None and v.discriminator > 0.6,
        "the discriminators' loss is {0.discriminator:.3f} a member, where 0.5 is chance: they "
        "tell nothing apart; lower model.training.optimizer.learning_rate",
    ),
)


class Health(pl.Callback):
    """Says in one warning what is wrong when a sign has shown for several windows of steps.

    Means over each window are logged as ``health/...``. Each symptom is named once, and again only
    after it had gone. Dead gradients, a whole part of a network whose gradient is exactly zero,
    are looked for at the end of a window.

    Args:
        window: steps to average over; a GPU is waited for once in each.
        patience: windows in a row that must show the sign.
    """

    def __init__(self, window: int = 100, patience: int = 5) -> None:
        super().__init__()
        self.window, self.patience = window, patience
        self._sums: Tensor | None = None
        self._shown: dict[str, int] = {}
        self._dead: dict[str, bool] = {}

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """Look at the gradients of the window's last step, which are gone after it."""
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
        """Add the step's signs up; at the end of a window judge them, on rank 0."""
        del batch_idx
        assert isinstance(pl_module, VitsModule)
        signs = _signs(pl_module, outputs, batch)
        self._sums = signs if self._sums is None else self._sums + signs
        if trainer.global_step % self.window == 0:
            metrics = self._means(pl_module)
            known = {name: v for name, v in metrics._asdict().items() if v is not None}
            pl_module.log_dict({f"health/{name}": v for name, v in known.items()})
            if trainer.is_global_zero:
                self._judge(metrics)

    def _means(self, module: VitsModule) -> Metrics:
        assert self._sums is not None
        *sums, judged, n_steps = self._sums.tolist()
        self._sums = None
        symbols, largest, blanks, kl, loss = (value / max(1, n_steps) for value in sums)
        n_members = len(module.discriminators.members)
        discriminator = loss / n_members if judged else None
        return Metrics(symbols, largest, blanks, None if math.isnan(kl) else kl, discriminator)

    def _judge(self, metrics: Metrics) -> None:
        for symptom in SYMPTOMS:
            shows = symptom.shows(metrics)
            self._count(symptom.name, shows, symptom.message.format(metrics) if shows else "")
        for name, dead in self._dead.items():
            message = (
                f"every gradient of {name} is zero, so it learns nothing; resume from before, with "
                "a lower model.training.optimizer.learning_rate"
            )
            self._count(f"dead gradients of {name}", dead, message)
        self._dead = {}

    def _count(self, name: str, shows: bool, message: str) -> None:
        self._shown[name] = self._shown.get(name, 0) + 1 if shows else 0
        if self._shown[name] == self.patience:
            steps = self.patience * self.window
            warnings.warn(f"{name} for {steps} steps: {message}", TrainingWarning, stacklevel=2)


@torch.no_grad()
def _signs(module: VitsModule, outcome: Outcome, batch: Batch) -> Tensor:
    """Return (7,): metrics, 1 if the discriminators stepped, 1; zeros for a skipped step."""
    durations, logs = outcome["durations"], outcome["logs"]
    frames = durations.sum(1).clamp_min(1)
    largest = (durations.amax(1) / frames).mean()
    blanks = torch.zeros_like(largest)
    if module.dataset_info.frontend["config"]["blanks"]:
        blanks = (durations * (batch.ids == _blank_row(module))).sum() / frames.sum()
    waiting = "discriminator" not in logs
    loss = torch.zeros_like(largest) if waiting else logs["discriminator"]
    judged, one = torch.full_like(largest, float(not waiting)), torch.ones_like(largest)
    symbols = batch.id_lengths.float().mean()
    kl = logs.get("kl", torch.full_like(largest, math.nan))
    signs = torch.stack([x.float() for x in (symbols, largest, blanks, kl, loss)])
    signs = torch.cat([signs, torch.stack([judged, one])])
    return torch.where(outcome["skipped"] > 0, 0.0, signs)


def _blank_row(module: VitsModule) -> int:
    """Return the row of the blank; a table has its last row where a symbol stands twice."""
    frontend = module.dataset_info.frontend
    blank, rows = frontend["config"].get("blank", ""), frontend["symbols"]
    return len(rows) - 1 - rows[::-1].index(blank) if blank else 0


def _dead_parts(module: VitsModule) -> dict[str, bool]:
    """Tell of each box that has gradients now whether all of them are exactly zero."""
    parts = dict(module.generator.named_children())
    parts |= {f"discriminator {i}": m for i, m in enumerate(module.discriminators.members)}
    norms = {}
    for name, part in parts.items():
        gradients = [p.grad for p in part.parameters() if p.grad is not None]
        if gradients:
            norms[name] = torch.nn.utils.get_total_norm(gradients, foreach=False)
    values = torch.stack(list(norms.values())).tolist()
    return {name: value == 0 for name, value in zip(norms, values, strict=True)}
