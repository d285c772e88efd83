"""AdamW's moments carried over from a checkpoint to a grown model."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vits.errors import CheckpointError
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.vocabulary import Alignment
from vits.training.finetuning.weights import EMBEDDINGS
from vits.training.module import VitsModule
from vits.training.step.freezing import is_frozen

__all__ = ["CarriedMoments", "trained_symbols"]

SYMBOLS = "text_encoder.embedding.weight"


class CarriedMoments(pl.Callback):
    """Gives new optimizers, before their first step, what those of a checkpoint knew.

    New rows of embeddings and new layers start from nothing; rates and decay stay the recipe's.

    Args:
        base: the voice, with its optimizers' states.
        alignment: how its embeddings grow.
    """

    def __init__(self, base: BaseVoice, alignment: Alignment) -> None:
        self._base: BaseVoice | None = base
        self._alignment = alignment

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Fill the optimizers once, and let the voice go: it takes as much memory as they do."""
        assert isinstance(pl_module, VitsModule)
        base, self._base = self._base, None
        if base is None or base.optimizers is None:
            return
        judges, generator = trainer.optimizers
        old_judges, old_generator = base.optimizers
        names = [name for name, _ in pl_module.discriminators.named_parameters()]
        _fill(judges, names, _by_name(base, old_judges, names))
        names = [n for n, p in pl_module.generator.named_parameters() if p.requires_grad]
        moments = _by_name(base, old_generator, _generator_names(base))
        for name, rows in EMBEDDINGS.items():
            if name in moments:
                moments[name] = {
                    key: getattr(self._alignment, rows).pad(value) if value.ndim else value
                    for key, value in moments[name].items()
                }
        _fill(generator, names, moments)


def trained_symbols(base: BaseVoice) -> list[int] | None:
    """Return the rows of symbols that the voice was ever trained on; None: not known.

    A symbol that never occurred has no second moment.
    """
    if base.optimizers is None:
        return None
    moments = _by_name(base, base.optimizers[1], _generator_names(base)).get(SYMBOLS)
    if moments is None:
        return None
    rows = moments["exp_avg_sq"].any(1).nonzero().flatten().tolist()
    return [row for row in rows if row < len(base.frontend.symbols)]


def _generator_names(base: BaseVoice) -> list[str]:
    """Return the parameters that the voice's optimizer had, in its order."""
    frozen = base.training.freeze if base.training else None
    return [name for name in base.generator if not is_frozen(name, frozen)]


def _by_name(
    base: BaseVoice, state: Mapping[str, Any], names: Sequence[str]
) -> dict[str, dict[str, Tensor]]:
    """Return AdamW's state by the names of its parameters."""
    places = [place for group in state["param_groups"] for place in group["params"]]
    if len(places) != len(names):
        raise CheckpointError(
            f"{base.source}: its optimizer knows {len(places)} parameters, its model has "
            f"{len(names)}; make a voice of it with `vits bundle` and start from that"
        )
    found = state["state"]
    return {n: dict(found[i]) for n, i in zip(names, places, strict=True) if i in found}


def _fill(
    optimizer: torch.optim.Optimizer,
    names: Sequence[str],
    moments: Mapping[str, Mapping[str, Tensor]],
) -> None:
    """Put moments into an optimizer whose parameters have these names."""
    state = {
        i: {key: value.clone() for key, value in moments[name].items()}  # steps change it in place
        for i, name in enumerate(names)
        if name in moments
    }
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
