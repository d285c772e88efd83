"""The table of precisions: every engine says the same, and the figures are those of the rounds."""

import importlib
import json
from pathlib import Path

import pytest

from vits.config import HifiGanConfig

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def speaking(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # main sets it
    module = importlib.import_module("speaking")
    small = HifiGanConfig(
        resblock="2",
        resblock_kernel_sizes=(3,),
        resblock_dilations=((1, 2),),
        upsample_rates=(8, 8, 4),
        upsample_kernel_sizes=(16, 16, 8),
        initial_channels=32,
    )
    monkeypatch.setitem(module.CONFIGS, "small", small)
    monkeypatch.setattr(module, "find_spec", lambda name: None)  # tests/export runs the export
    monkeypatch.setattr(module.torch, "set_num_threads", lambda count: None)
    return module


def test_every_engine_says_the_same(speaking, monkeypatch, tmp_path, capsys):
    out = tmp_path / "rows.json"
    options = ["--config", "small", "--symbols", "9", "--rounds", "2", "--json", str(out)]
    monkeypatch.setattr("sys.argv", ["speaking.py", *options])
    assert speaking.main() == 0
    rows = {row["engine"]: row for row in json.loads(out.read_text())["rows"]}
    assert list(rows) == ["plain", "fp32", "bf16"]
    assert {row["samples"] for row in rows.values()} == {9 * 6 * 256}
    assert rows["plain"]["snr_db"] is None
    assert rows["plain"]["ratios"]["plain"] == 1
    assert rows["fp32"]["snr_db"] is None or rows["fp32"]["snr_db"] > 100
    assert 35 < rows["bf16"]["snr_db"] < 80
    assert all(row["rtf"] > 0 for row in rows.values())
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[-3:]] == list(rows)


def test_the_shapes_are_those_of_the_two_families(speaking):
    original, medium = (speaking.CONFIGS[name] for name in ("original", "piper-medium"))
    assert (original.resblock, original.initial_channels) == ("1", 512)
    assert (medium.resblock, medium.initial_channels) == ("2", 256)
    from vits.interop.piper.settings import MEDIUM

    assert medium.upsample_rates == MEDIUM["upsample_rates"]
    assert medium.resblock_dilations == MEDIUM["resblock_dilation_sizes"]
