"""A few seconds of what benchmarks/soak.py does for ten minutes."""

import importlib.util
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module")
def benchmark():
    from pathlib import Path

    path = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
    spec = importlib.util.spec_from_file_location("soak", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_many_clients_get_what_the_voice_says_alone(address, benchmark, voice_folders, voices):
    orders = benchmark.make_orders(voice_folders / "duo", "duo", ["ada", "bob"], 1)
    figures = benchmark.soak(urlsplit(address).port, orders, clients=16, minutes=0.06)
    assert figures["wrong"] == 0, figures["first_wrong"]
    assert figures["largest_step"] <= 1
    assert figures["answers"] >= 16
    assert set(figures["statuses"]) <= {"200", "400", "404", "422", "503"}
    assert figures["kinds"]["whole"] > 0


def test_the_soak_notices_a_wrong_answer(benchmark):
    import numpy as np

    order = benchmark.Order({}, np.int16([0, 100, -5]))
    assert benchmark.compare(order, np.array([1, 99, -5], "<i2").tobytes()) == ("", 1)
    assert "2 steps apart" in benchmark.compare(order, np.array([0, 98, -5], "<i2").tobytes())[0]
    assert "(2,) samples are not (3,)" in benchmark.compare(order, b"\0\0\0\0")[0]
