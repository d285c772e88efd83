"""Carries the AdamW states of a checkpoint over to the extended model."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vits.errors import CheckpointError
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.vocabulary import Vocabulary
from vits.training.finetuning.weights import EMBEDDINGS
from vits.training.module import VitsModule
from vits.training.step.freezing import is_frozen

__all__ = ["CarriedOptimizerStates", "trained_symbols"]

SYMBOLS = "text_encoder.embedding.weight"


class CarriedOptimizerStates(pl.Callback):
    """Fills new optimizers with the states of a checkpoint before their first step.

    New embeddings and new layers start with empty states; learning rate and decay are the recipe's.

    Args:
        base: the voice, with its optimizer states.
        vocabulary: its extended symbols and speakers.
    """

    def __init__(self, base: BaseVoice, vocabulary: Vocabulary) -> None:
        self._base: BaseVoice | None = base
        self._vocabulary = vocabulary

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Fill the optimizers once, then release the voice: it takes as much memory as they do."""
        assert isinstance(pl_module, VitsModule)
        base, self._base = self._base, None
        if base is None or base.optimizers is None:
            return
        discriminators, generator = trainer.optimizers
        old_discriminators, old_generator = base.optimizers
        names = [name for name, _ in pl_module.discriminators.named_parameters()]
        _fill(discriminators, names, _by_name(base, old_discriminators, names))
        names = [n for n, p in pl_module.generator.named_parameters() if p.requires_grad]
        states = _by_name(base, old_generator, _generator_names(base))
        for name, rows in EMBEDDINGS.items():
            if name in states:
                states[name] = {
                    key: getattr(self._vocabulary, rows).pad(value) if value.ndim else value
                    for key, value in states[name].items()
                }
        _fill(generator, names, states)


def trained_symbols(base: BaseVoice) -> list[int] | None:
    """Return the ids of the symbols that the voice was trained on; None if unknown.

    A symbol that never occurred has a second moment of 0.
    """
    if base.optimizers is None:
        return None
    states = _by_name(base, base.optimizers[1], _generator_names(base)).get(SYMBOLS)
    if states is None:
        return None
    rows = states["exp_avg_sq"].any(1).nonzero().flatten().tolist()
    return [row for row in rows if row < len(base.frontend.symbols)]


def _generator_names(base: BaseVoice) -> list[str]:
    """Return the names of the parameters of the voice's optimizer, in its order."""
    frozen = base.training.freeze if base.training else None
    return [name for name in base.generator if not is_frozen(name, frozen)]


def _by_name(
    base: BaseVoice, state: Mapping[str, Any], names: Sequence[str]
) -> dict[str, dict[str, Tensor]]:
    """Return an AdamW state by parameter name."""
    places = [place for group in state["param_groups"] for place in group["params"]]
    if len(places) != len(names):
        raise CheckpointError(
            f"{base.source}: its optimizer has {len(places)} parameters, its model has "
            f"{len(names)}; make a voice of it with `vits bundle` and start from that"
        )
    found = state["state"]
    return {n: dict(found[i]) for n, i in zip(names, places, strict=True) if i in found}


def _fill(
    optimizer: torch.optim.Optimizer,
    names: Sequence[str],
    states: Mapping[str, Mapping[str, Tensor]],
) -> None:
    """Load states by parameter name into an optimizer."""
    state = {
        i: {key: value.clone() for key, value in states[name].items()}  # steps change it in place
        for i, name in enumerate(names)
        if name in states
    }
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
