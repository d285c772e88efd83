"""Callbacks: what a run saves, shows and watches over."""

from vits.training.callbacks.checkpoints import Checkpoints
from vits.training.callbacks.continuation import Continuation
from vits.training.callbacks.curves import Curves
from vits.training.callbacks.ema import Ema
from vits.training.callbacks.health import Health
from vits.training.callbacks.listening import Listening
from vits.training.callbacks.preemption import Preemption
from vits.training.callbacks.progress import Progress
from vits.training.callbacks.skips import Skips

__all__ = [
    "Checkpoints",
    "Continuation",
    "Curves",
    "Ema",
    "Health",
    "Listening",
    "Preemption",
    "Progress",
    "Skips",
]
