"""Which implementation of the alignment search runs on a device."""

import importlib.util
import warnings
from functools import cache
from typing import Literal

import torch

from vits.errors import AlignmentError, TrainingWarning, one_line

__all__ = ["Backend", "choose_backend", "triton_problem"]

Backend = Literal["auto", "numba", "torch", "triton", "monotonic_align"]
"""Name of a search, or ``auto``, which chooses by the device of the scores."""


@cache
def choose_backend(requested: Backend, device: torch.device) -> Backend:
    """Return the backend for scores on a device, and warn once if Triton does not work there.

    ``auto`` is triton on CUDA, torch for tensors without values (meta), and numba elsewhere, which
    computes on the host: the loop in torch launches a dozen kernels for every frame.

    Args:
        requested: ``Backend``.
        device: of the scores.

    Raises:
        AlignmentError: triton is requested and does not work on the device.
    """
    if requested == "triton" and (problem := triton_problem(device)):
        raise AlignmentError(f"alignment backend 'triton' does not work: {problem}; use 'auto'")
    if requested != "auto":
        return requested
    if device.type != "cuda":
        return "torch" if device.type == "meta" else "numba"
    problem = triton_problem(device)
    if problem is None:
        return "triton"
    warnings.warn(
        f"the alignment is searched on the CPU, which is slower: {problem}",
        TrainingWarning,
        stacklevel=2,
    )
    return "numba"


@cache
def triton_problem(device: torch.device) -> str | None:
    """Search one tiny alignment with Triton; return what is wrong, or None.

    Triton compiles a driver at its first launch, which fails on a machine without a C compiler.
    """
    if importlib.util.find_spec("triton") is None:
        return "the package triton, which comes with PyTorch for CUDA, is not installed"
    try:
        from vits.alignment.triton_kernel import search_triton

        lengths = torch.full((1,), 2, device=device)
        found = search_triton(torch.zeros(1, 2, 2, device=device), lengths, lengths).tolist()
    except Exception as error:  # whatever a compiler, a driver or a linker raises
        text = one_line(error, 200)
        return f"Triton raises {type(error).__name__}: {text}"
    return None if found == [[1, 1]] else f"Triton computes {found} instead of [[1, 1]]"
