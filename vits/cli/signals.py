"""What a signal does to a command that trains, while nothing has begun and when all is saved."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from vits.errors import Preempted

__all__ = ["training_signals"]


@contextmanager
def training_signals() -> Iterator[None]:
    """End the process at once, with status 75, until the training takes the signals over.

    Imports take seconds. After ``Preempted`` the process is on its way out, and a further signal
    must not turn its status into another: they are ignored.
    """
    main = threading.current_thread() is threading.main_thread()  # else Python allows no handlers
    signals = (signal.SIGTERM, signal.SIGINT) if main else ()
    before = [signal.signal(number, _leave) for number in signals]
    try:
        yield
    except Preempted:
        before = [signal.SIG_IGN] * len(signals)
        raise
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End at once while nothing has begun."""
    del number, frame
    ranks = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
    if all(os.environ.get(name, "0") == "0" for name in ranks):  # the first of all speaks
        message = "vits: stopped before the run began; start again with the same command\n"
        os.write(2, message.encode())
    os._exit(75)
