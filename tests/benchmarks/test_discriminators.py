"""The table of the discriminators' layouts has a line for each, all of the same loss."""

import importlib
import json
from pathlib import Path

import pytest

from vits.config import DiscriminatorConfig, VitsConfig

SMALL = VitsConfig(
    segment_frames=4,
    discriminator=DiscriminatorConfig(
        periods=(2,), period_channels=(4, 8), scale_channels=(4,) * 6, scale_groups=(1,) * 6
    ),
)


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    module = importlib.import_module("discriminators")
    monkeypatch.setattr(module, "VitsConfig", lambda: SMALL)
    return module


def test_every_layout_is_compared(benchmark, monkeypatch, tmp_path, capsys):
    path = tmp_path / "rows.json"
    options = ["--batch", "2", "--rounds", "1", "--json", str(path)]
    monkeypatch.setattr("sys.argv", ["discriminators.py", *options])
    assert benchmark.main() == 0
    rows = json.loads(path.read_text())
    assert len(rows) == len(capsys.readouterr().out.splitlines()) == 6
    assert rows[0]["variant"] == "training, joined"
    assert rows[0]["speedup"] == 1


def test_a_variant_with_another_loss_is_refused(benchmark, monkeypatch):
    monkeypatch.setitem(benchmark.PASSES, "separate", lambda *waves: benchmark.joined(*waves) * 2)
    monkeypatch.setattr("sys.argv", ["discriminators.py", "--batch", "1", "--rounds", "1"])
    with pytest.raises(SystemExit, match="not the same computation: training, separate"):
        benchmark.main()
