"""Lightning callbacks: checkpoints, preemption, averaging, monitoring and plots."""

from vits.training.callbacks.checkpoints import Checkpoints
from vits.training.callbacks.curves import Curves
from vits.training.callbacks.ema import Ema
from vits.training.callbacks.health import Health
from vits.training.callbacks.preemption import Preemption
from vits.training.callbacks.progress import Progress
from vits.training.callbacks.resumption import Resumption
from vits.training.callbacks.sample_synthesis import SampleSynthesis
from vits.training.callbacks.skipped_steps import SkippedSteps

__all__ = [
    "Checkpoints",
    "Curves",
    "Ema",
    "Health",
    "Preemption",
    "Progress",
    "Resumption",
    "SampleSynthesis",
    "SkippedSteps",
]
