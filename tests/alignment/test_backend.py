"""Which backend searches the alignment on a device, and what happens where Triton does not work."""

import warnings

import pytest
import torch

from vits.alignment import backend, choose_backend
from vits.errors import AlignmentError, TrainingWarning

CUDA = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    for function in (backend.choose_backend, backend.triton_problem):
        function.cache_clear()
    yield
    for function in (backend.choose_backend, backend.triton_problem):
        function.cache_clear()


@pytest.mark.parametrize(
    ("device", "chosen"),
    [("cpu", "numba"), ("mps", "numba"), ("meta", "torch"), ("cuda", "triton")],
)
def test_auto_follows_the_device(monkeypatch, device, chosen):
    monkeypatch.setattr(backend, "triton_problem", lambda _: None)
    assert choose_backend("auto", torch.device(device)) == chosen


def test_a_gpu_without_a_working_triton_warns_once_and_searches_on_the_cpu(monkeypatch):
    monkeypatch.setattr(backend, "triton_problem", lambda _: "no C compiler")
    with pytest.warns(TrainingWarning, match="searched on the CPU, which is slower: no C compiler"):
        assert choose_backend("auto", CUDA) == "numba"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_backend("auto", CUDA) == "numba"


def test_a_requested_triton_that_does_not_work_is_an_error(monkeypatch):
    monkeypatch.setattr(backend, "triton_problem", lambda _: "no C compiler")
    with pytest.raises(AlignmentError, match="does not work: no C compiler; use 'auto'"):
        choose_backend("triton", CUDA)
    for other in ("numba", "torch"):
        assert choose_backend(other, CUDA) == other


def test_what_a_launch_raises_is_the_problem(monkeypatch):
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda _: object())
    # where triton is installed, a tensor on the CPU cannot be launched; elsewhere the import fails
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    problem = backend.triton_problem(torch.device("cpu"))
    assert problem is not None
    assert problem.startswith("Triton raises ")
    assert "\n" not in problem


def test_without_the_package_that_is_the_problem(monkeypatch):
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda _: None)
    assert "is not installed" in str(backend.triton_problem(CUDA))
