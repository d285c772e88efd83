"""benchmarks/soak.py for a few seconds."""

import importlib.util
import sys
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module")
def benchmark():
    from pathlib import Path

    path = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("soak", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(path.parent))
    return module


@pytest.mark.slow
def test_many_clients_get_correct_responses(address, benchmark, voice_folders, monkeypatch):
    monkeypatch.setattr(benchmark, "MEMORY_INTERVAL", 0.1)
    requests = benchmark.make_requests(voice_folders / "duo", "duo", ["bob"], 1)
    figures = benchmark.soak(urlsplit(address).port, requests, clients=16, minutes=0.01)
    assert figures["wrong"] == 0, figures["first_wrong"]
    assert figures["largest_step"] <= 1
    assert figures["responses"] >= 16
    assert set(figures["statuses"]) <= {"200", "400", "404", "422", "503"}
    assert figures["kinds"]["complete"] > 0


def test_a_wrong_response_is_a_fault(benchmark):
    import numpy as np

    expected = benchmark.Expected({}, np.int16([0, 100, -5]))
    assert benchmark.compare(expected, np.array([1, 99, -5], "<i2").tobytes()) == ("", 1)
    assert "2 steps apart" in benchmark.compare(expected, np.array([0, 98, -5], "<i2").tobytes())[0]
    assert "(2,) samples, expected (3,)" in benchmark.compare(expected, b"\0\0\0\0")[0]


@pytest.mark.slow
def test_attacks_leave_a_server_that_answers(run_app, benchmark, voices, monkeypatch):
    from vits.server.app import create_app
    from vits.server.limits import ServerLimits

    attacks = sys.modules["attacks"]
    monkeypatch.setattr(attacks, "LONG", attacks.LONG[:200])
    monkeypatch.setattr(attacks, "PATIENCE", 0.2)
    monkeypatch.setattr(attacks, "time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))
    app = create_app({"soaked": voices["tiny"]}, ServerLimits(audio_seconds=25.0))
    with run_app(app) as (_, address):
        port = urlsplit(address).port
        assert benchmark.ATTACKS["silence"](port, None) == "silence 413"
        assert benchmark.ATTACKS["long"](port, None) == "long 200"
        outcomes, seconds = benchmark.Counter(), []
        for name in ("garbage", "cancel"):
            benchmark.attack(name, port, time.monotonic() + 0.01, outcomes)
        for lie in attacks.LIES:
            outcomes[attacks.lies(port, SimpleNamespace(choice=lambda _, lie=lie: lie))] += 1
        benchmark.probe(port, time.monotonic() + 0.01, seconds)
    assert outcomes["garbage"]
    assert outcomes["cancel"]
    assert outcomes["lies 400"] > 3
    assert not any(benchmark.BUG.search(outcome) for outcome in outcomes)
    assert seconds
