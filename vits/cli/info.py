"""``vits info``: what this machine has, and what training and synthesis will use of it."""

import argparse
import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vits.errors import one_line

if TYPE_CHECKING:
    import torch

__all__ = ["add_parser", "run"]

NO_GPU = 3  # exit status: training on a GPU will not work
VERSIONS = ("vits", "torch", "torchaudio", "pytorch-lightning", "numpy", "numba")
GIB = 2**30
DRIVER = Path("/proc/driver/nvidia/version")


class Report(NamedTuple):
    """Lines of the report, and what keeps a GPU from training; None: nothing."""

    lines: list[tuple[str, str]]
    problem: str | None


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "info",
        help="describe this machine and what will be used of it",
        description="Describe the software and hardware that training and synthesis use, and try "
        "the GPU. Paste the output into a bug report. Exit status: 0 if training on a GPU will "
        f"work, {NO_GPU} if not.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; return 0 if training on a GPU will work, otherwise 3."""
    del args
    gpu = _gpu()
    lines = [*_software(), *_host(), *gpu.lines, *_speech(), *_extras()]
    answer = "works" if gpu.problem is None else f"will not work: {gpu.problem}"
    lines.append(("training on a GPU", answer))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")
    return 0 if gpu.problem is None else NO_GPU


def _software() -> Iterator[tuple[str, str]]:
    """Yield versions."""
    import torch

    yield "python", f"{platform.python_version()}, {platform.platform()}"
    for name in VERSIONS:
        yield name, _version(name) or "not installed"
    build = "CPU"
    if torch.version.cuda:
        build = f"CUDA {torch.version.cuda}"
    elif torch.version.hip:
        build = f"ROCm {torch.version.hip}"
    yield "torch build", build


def _host() -> Iterator[tuple[str, str]]:
    """Yield CPU, threads, memory, disk and compilers."""
    import torch

    from vits.fast.cpu import computes_bf16
    from vits.synthesis.runtime.onnx_session import usable_cores

    bf16 = "bfloat16 instructions" if computes_bf16() else "no bfloat16 instructions"
    capability = torch.backends.cpu.get_cpu_capability()
    yield "CPU", f"{_cpu_name()}, {usable_cores()} cores to use, {capability}, {bf16}"
    variable = os.environ.get("OMP_NUM_THREADS")
    yield "threads", f"{torch.get_num_threads()} (OMP_NUM_THREADS {variable or 'not set'})"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        yield "memory", f"{memory / GIB:.0f} GiB"
    yield "disk", f"{shutil.disk_usage('.').free / GIB:.0f} GiB free in this folder"
    yield "C compiler", _compiler() or "none"


def _gpu() -> Report:
    """Try the GPU: what it is, the precision and the alignment backend that a run would use."""
    import torch

    from vits.alignment.backend import triton_problem

    triton = _version("triton")
    lines = [("NVIDIA driver", _driver() or "none"), ("triton", triton or "not installed")]
    if torch.backends.mps.is_available():
        device, names = torch.device("mps"), ["Apple GPU; training on it has not been tested"]
    elif torch.cuda.is_available():
        device = torch.device("cuda", 0)
        names = [_gpu_name(index) for index in range(torch.cuda.device_count())]
    else:
        reason = "PyTorch finds no GPU"
        if torch.version.cuda is None and torch.version.hip is None and _driver():
            reason = "this PyTorch is built for CPUs; install its build for CUDA"
        lines += [("GPU", "none"), ("precision", _reason(torch.device("cpu")))]
        return Report(lines, reason)
    lines += [(f"GPU {index}", name) for index, name in enumerate(names)]
    lines.append(("precision", _reason(device)))
    problem = triton_problem(device) if device.type == "cuda" else "it needs CUDA"
    searched = "triton, on the GPU" if problem is None else f"numba, on the CPU: {problem}"
    lines.append(("alignment", searched))
    return Report(lines, _compute(device))


def _compute(device: "torch.device") -> str | None:
    """Multiply and convolve on a device; return what is wrong, or None."""
    import torch

    try:
        x = torch.ones(1, 8, 16, device=device, requires_grad=True)
        y = torch.nn.functional.conv1d(x, torch.ones(8, 8, 3, device=device)) @ x[0, 0, :14]
        y.sum().backward()
        total = y.sum().item()
    except Exception as error:  # whatever a driver raises
        return f"{type(error).__name__}: {one_line(error, 200)}"
    expected = 8 * 14 * 24
    return None if total == expected else f"it computes {total} instead of {expected}"


def _reason(device: "torch.device") -> str:
    """Return the precision that a run on a device gets, and why."""
    from vits.training.precision import choose_precision

    return choose_precision(None, device)[1].removeprefix("precision ")


def _gpu_name(index: int) -> str:
    import torch

    facts = torch.cuda.get_device_properties(index)
    bf16 = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no bfloat16"
    memory = f"{facts.total_memory / GIB:.0f} GiB"
    return f"{facts.name}, capability {facts.major}.{facts.minor}, {memory}, {bf16}"


def _speech() -> Iterator[tuple[str, str]]:
    """Yield the phonemiser."""
    from vits.errors import TextError
    from vits.text.espeak.phonemize import espeak_version, phonemizer_version

    try:
        yield "espeak-ng", f"{espeak_version()}, phonemizer {phonemizer_version()}"
    except TextError as error:
        yield "espeak-ng", str(error)


def _extras() -> Iterator[tuple[str, str]]:
    """Yield the extras of the package, and for each what it lacks."""
    missing: dict[str, list[str]] = {}
    for line in metadata.requires("vits") or ():
        match = re.fullmatch(r"([\w.-]+).*extra == ['\"](\w+)['\"].*", line)
        if match and match[2] not in ("dev", "docs"):
            lacks = missing.setdefault(match[2], [])
            if _version(match[1]) is None:
                lacks.append(match[1])
    for extra, lacks in missing.items():
        yield f"extra {extra}", f"lacks {', '.join(lacks)}" if lacks else "installed"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        match = re.search(r"^model name\s*: (.+)$", info.read_text(), re.MULTILINE)
        if match:
            return match[1]
    return platform.machine()


def _compiler() -> str | None:
    """Return the C compiler that Triton would use."""
    names = (os.environ.get("CC"), "gcc", "clang", "cc")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def _driver() -> str | None:
    """Return the version of the NVIDIA driver."""
    if not DRIVER.exists():
        return None
    match = re.search(r"(\d+\.\d+(?:\.\d+)?)", DRIVER.read_text())
    return match[1] if match else "unknown"
