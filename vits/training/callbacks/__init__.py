"""Callbacks: moving average, listening, curves and the progress bar."""

from vits.training.callbacks.curves import Curves
from vits.training.callbacks.ema import Ema
from vits.training.callbacks.listening import Listening
from vits.training.callbacks.progress import Progress

__all__ = ["Curves", "Ema", "Listening", "Progress"]
