"""Measurements for the benchmarks: time per part, peak memory and CPU time lost to others."""

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
    """Wait until the device has finished all queued work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(device: torch.device) -> int:
    """Return the peak memory of this process (bytes): device memory, or resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def stolen_seconds() -> float:
    """Return the time (s) that runnable threads of this process waited for a CPU; 0 off Linux."""
    waited = 0
    for file in Path("/proc/self/task").glob("*/schedstat"):
        try:
            waited += int(file.read_text().split()[1])
        except OSError:  # the thread has just exited
            continue
    return waited / 1e9


class Parts:
    """Accumulates the time of named parts; the time of inner parts is excluded from outer ones.

    It is off until ``on`` is set, so that the measured rounds do not wait for the device.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.on = device, False
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Measure the time of the block as ``name``."""
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
        """Measure the time of every call of ``owner.attribute`` as ``name``."""
        call = getattr(owner, attribute)

        def timed(*args: Any, **options: Any) -> Any:
            with self(name if isinstance(name, str) else name()):
                return call(*args, **options)

        object.__setattr__(owner, attribute, timed)
