"""Signal handlers of training commands before the run begins and after it is saved."""

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
    """Exit with status 75 on SIGTERM or SIGINT, until training installs its own handlers.

    Imports alone take seconds. After ``Preempted``, further signals are ignored, so that they do
    not change the exit status.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    # Python allows signal handlers in the main thread only
    signals = (signal.SIGTERM, signal.SIGINT) if in_main_thread else ()
    previous = [signal.signal(number, _exit) for number in signals]
    try:
        yield
    except Preempted:
        previous = [signal.SIG_IGN] * len(signals)
        raise
    finally:
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    """Exit at once; nothing needs to be saved."""
    del number, frame
    ranks = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
    if all(os.environ.get(name, "0") == "0" for name in ranks):  # print once, from global rank 0
        message = "vits: stopped before the run began; start again with the same command\n"
        os.write(2, message.encode())
    os._exit(75)
