"""``vits fit``: train a voice. Every argument is Lightning's; see ``vits fit --help``."""

import argparse
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from vits.errors import Preempted

__all__ = ["add_parser", "run", "stoppable"]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; its own help comes from Lightning's parser."""
    parser = subparsers.add_parser(
        "fit", help="train a voice on prepared data (Lightning CLI)", add_help=False
    )
    parser.set_defaults(run=run, remaining=[])


def run(args: argparse.Namespace) -> int:
    """Hand the remaining arguments to Lightning's command line."""

    def train() -> int:
        from vits.training.command import fit  # takes seconds, and takes the signals over

        return fit(args.remaining)

    return stoppable(train)


def stoppable(train: Callable[[], int]) -> int:
    """Run what trains; a signal that comes before it listens ends the process at once."""
    main = threading.current_thread() is threading.main_thread()  # else Python allows no handlers
    signals = (signal.SIGTERM, signal.SIGINT) if main else ()
    before = [signal.signal(number, _leave) for number in signals]
    try:
        return train()
    except Preempted:
        # the process is on its way out; a second signal must not turn its status into another
        before = [signal.SIG_IGN] * len(signals)
        raise
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End at once while nothing has begun."""
    del number, frame
    if os.environ.get("LOCAL_RANK", "0") == "0":
        message = "vits: stopped before the run began; start again with the same command\n"
        os.write(2, message.encode())
    os._exit(75)
