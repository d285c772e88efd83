"""Clocks for the benchmarks: parts of a step, peak memory, and time stolen by other programs."""

import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

__all__ = ["Parts", "peak_memory", "stolen_seconds", "synchronise"]


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(device: torch.device) -> int:
    """Most memory this process has held so far, in bytes: the device's, or resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def stolen_seconds() -> float:
    """Seconds that this process' threads were ready to run and had no processor (Linux; else 0)."""
    waited = 0
    for file in Path("/proc/self/task").glob("*/schedstat"):
        try:
            waited += int(file.read_text().split()[1])
        except OSError:  # the thread has just ended
            continue
    return waited / 1e9


class Parts:
    """Adds up the time of named parts; inner parts are taken off the outer ones.

    Off until ``on`` is set, so that nothing waits for the device in the rounds that count.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.on = device, False
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time what happens inside as ``name``."""
        if not self.on:
            yield
            return
        synchronise(self.device)
        started = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            synchronise(self.device)
            spent = time.perf_counter() - started
            self.seconds[name] += spent - self._inner.pop()
            if self._inner:
                self._inner[-1] += spent

    def wrap(self, owner: Any, attribute: str, name: str | Callable[[], str]) -> None:
        """Time every call of ``owner.attribute`` as ``name``."""
        call = getattr(owner, attribute)

        def timed(*args: Any, **options: Any) -> Any:
            with self(name if isinstance(name, str) else name()):
                return call(*args, **options)

        object.__setattr__(owner, attribute, timed)
