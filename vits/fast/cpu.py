"""What the CPU supports."""

import platform

import torch

__all__ = ["computes_bf16", "packing_pays"]

MEASURED = ("AVX2", "AVX512")  # where channels-last weights were measured to be faster


def computes_bf16() -> bool:
    """Return whether the CPU has instructions that multiply in bfloat16.

    Depends on the CPU and not on a timing: a voice gives the same samples in every run.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # pyright: ignore[reportPrivateUsage]
    return torch.backends.mkldnn.is_available() and bool(
        torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def packing_pays() -> bool:
    """Return whether float32 convolutions with channels-last weights are faster on this CPU."""
    return torch.backends.cpu.get_cpu_capability() in MEASURED
