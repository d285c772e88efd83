"""The heap gives unused pages back where the C library can, and nothing happens elsewhere."""

import ctypes
from pathlib import Path

import pytest
import torch

from vits.training import trimming
from vits.training.trimming import trim_heap

PAGE = 4096
STATM = Path("/proc/self/statm")


@pytest.fixture(autouse=True)
def fresh():
    trimming._trimmer.cache_clear()
    yield
    trimming._trimmer.cache_clear()


@pytest.mark.skipif(
    not STATM.exists() or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not GNU and Linux"
)
def test_pages_between_living_tensors_are_given_back():
    def resident():
        return int(STATM.read_text().split()[1]) * PAGE

    # 64 KiB each, below what the heap maps apart: 64 MiB, of which every second one is freed
    tensors = [torch.ones(16384) for _ in range(1024)]
    del tensors[::2]
    before = resident()
    trim_heap()
    assert before - resident() > 24 * 2**20
    assert all(float(tensor.sum()) == 16384 for tensor in tensors)


@pytest.mark.parametrize("library", [None, object()])
def test_without_gnus_library_nothing_happens(monkeypatch, library):
    def load(name):
        if library is None:
            raise TypeError("bad argument")
        return library

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert trim_heap() is None
    assert trimming._trimmer() is None
