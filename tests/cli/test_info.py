"""`vits info`: one page about the machine, and whether a GPU can train."""

from types import SimpleNamespace

import pytest
import torch

from vits.alignment import backend
from vits.cli import info, main


@pytest.fixture
def report(capsys):
    """Run the command; return its exit status and its lines by name."""

    def run():
        status = main(["info"])
        lines = capsys.readouterr().out.splitlines()
        return status, dict(line.split("  ", 1) for line in lines)

    return run


@pytest.fixture
def gpu(monkeypatch):
    """Pretend that there is one GPU that works."""
    facts = SimpleNamespace(name="H200", major=9, minor=0, total_memory=139 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: facts)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(info, "_compute", lambda device: None)
    monkeypatch.setattr(backend, "triton_problem", lambda device: None)


def values(lines):
    return {name.strip(): value.strip() for name, value in lines.items()}


def test_a_machine_without_a_gpu_is_described_and_the_status_says_so(report, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(info, "DRIVER", tmp_path / "none")
    status, lines = report()
    found = values(lines)
    assert status == 3
    assert found["torch"] == torch.__version__
    assert found["NVIDIA driver"] == "none"
    assert found["threads"].startswith(f"{torch.get_num_threads()} ")
    assert found["precision"] == "32-true: the default on a CPU"
    assert found["training on a GPU"] == "will not work: PyTorch finds no GPU"
    assert found["extra onnx"] == "installed"
    assert {"python", "CPU", "memory", "disk", "C compiler", "espeak-ng"} <= set(found)


def test_a_gpu_that_works_gives_status_0_and_names_what_a_run_will_use(report, gpu):
    status, lines = report()
    found = values(lines)
    assert status == 0
    assert found["GPU 0"] == "H200, capability 9.0, 139 GiB, bfloat16"
    assert found["precision"].startswith("bf16-mixed: ")
    assert found["alignment"] == "triton, on the GPU"
    assert found["training on a GPU"] == "works"


def test_without_a_compiler_training_works_and_the_search_is_on_the_cpu(report, gpu, monkeypatch):
    monkeypatch.setattr(backend, "triton_problem", lambda device: "no C compiler")
    status, lines = report()
    assert status == 0
    assert values(lines)["alignment"] == "numba, on the CPU: no C compiler"


def test_a_gpu_that_fails_gives_its_error(report, gpu, monkeypatch):
    monkeypatch.setattr(info, "_compute", lambda device: "RuntimeError: out of date driver")
    status, lines = report()
    assert status == 3
    answer = values(lines)["training on a GPU"]
    assert answer == "will not work: RuntimeError: out of date driver"


def test_a_driver_without_a_build_for_it_is_named(report, monkeypatch, tmp_path):
    driver = tmp_path / "version"
    driver.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu\n")
    monkeypatch.setattr(info, "DRIVER", driver)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    status, lines = report()
    found = values(lines)
    assert status == 3
    assert found["NVIDIA driver"] == "570.86.15"
    assert "install its build for CUDA" in found["training on a GPU"]


def test_the_trial_computes_on_the_device_and_reports_what_it_raises():
    assert info._compute(torch.device("cpu")) is None
    problem = info._compute(torch.device("meta"))
    assert problem is not None
    assert "\n" not in problem
    assert "Error: " in problem
