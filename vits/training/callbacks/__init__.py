"""Callbacks: what a run saves, shows and watches over."""

from vits.training.callbacks.checkpoints import Checkpoints
from vits.training.callbacks.continuation import Continuation
from vits.training.callbacks.curves import Curves
from vits.training.callbacks.ema import Ema
from vits.training.callbacks.listening import Listening
from vits.training.callbacks.preemption import Preemption
from vits.training.callbacks.progress import Progress

__all__ = [
    "Checkpoints",
    "Continuation",
    "Curves",
    "Ema",
    "Listening",
    "Preemption",
    "Progress",
]
