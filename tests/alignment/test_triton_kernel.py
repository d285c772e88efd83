"""The search on a GPU equals the compiled loop on the CPU, and compiles for GPUs that are not here.

Without a GPU Triton interprets the kernel; ``benchmarks/triton_search.py`` does so for more shapes.
"""

import importlib.util
import sys

import pytest
import torch

from vits.alignment import monotonic_alignment_search

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
NAME = "vits.alignment.triton_kernel"
# torch has triton where it has CUDA; the extra dev brings it to the rest of Linux on x86-64
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" and importlib.util.find_spec("triton") is None,
    reason="triton is made for Linux",
)


@pytest.fixture(scope="module")
def kernel():
    """The module of the kernel, without a GPU interpreted: triton decides when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        if DEVICE == "cpu":
            patch.setenv("TRITON_INTERPRET", "1")
        sys.modules.pop(NAME, None)
        yield importlib.import_module(NAME)
        sys.modules.pop(NAME)


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.slow
def test_triton_equals_the_compiled_loop(kernel, seed):
    torch.manual_seed(seed)
    batch, n_symbols, extra = (int(torch.randint(1, high, ())) for high in (4, 14, 10))
    scores = torch.randn(batch, n_symbols + extra, n_symbols)
    scores = scores.round() if seed % 2 else scores  # whole numbers make ties
    symbols = torch.randint(1, n_symbols + 1, (batch,))
    frames = torch.stack([torch.randint(int(n), n_symbols + extra + 1, ()) for n in symbols])
    expected = monotonic_alignment_search(scores, symbols, frames, backend="numba")
    batch = [x.to(DEVICE) for x in (scores, symbols, frames)]
    assert torch.equal(monotonic_alignment_search(*batch, backend="triton").cpu(), expected)


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.slow
def test_it_compiles_for_a_gpu(kernel, capability, monkeypatch, tmp_path):
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
    from triton.runtime.jit import JITFunction

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    function = JITFunction(kernel._search.fn)
    types = ("*fp32", "*i64", "*i64", "*i8", "*i64", "i32", "i32", "constexpr")
    source = ASTSource(function, dict(zip(function.arg_names, types, strict=True)), {"BLOCK": 256})
    target = GPUTarget("cuda", capability, 32)
    compiled = triton.compile(source, target=target, options={"num_warps": 4})
    assert f".target sm_{capability}" in compiled.asm["ptx"]
    assert len(compiled.asm["cubin"]) > 1000
    assert compiled.metadata.shared <= 48 * 1024  # bytes that every GPU has for a program
