"""The table of decoders: its figures are those of the configurations, and `small` is small."""

import importlib
import json
from pathlib import Path

import pytest

from vits.models import Vits
from vits.models.decoder_streaming import partial_decoder

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def decoders(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("decoders")


def test_small_speaks_with_at_most_six_million_parameters(decoders):
    (config,) = decoders.load_configs(["small"]).values()
    row = decoders.Contender("small", config, 3)
    row.take_part()
    row.take_part()
    row = row.row()
    model = Vits(config)
    model.fold_weight_norm()
    boxes = (model.text_encoder, model.duration_predictor, model.prior_flow, model.decoder)
    assert row["parameters"] == sum(decoders.count(box) for box in boxes) <= 6_000_000
    assert 0 < row["decoder_rtf"] < row["rtf"]
    assert row["context_ms"] == pytest.approx(
        1000 * partial_decoder(model.decoder).receptive_radius * 256 / 16000
    )


def test_the_table_has_a_line_for_each_configuration(decoders, monkeypatch, tmp_path, capsys):
    names = ["small", "tiny"]
    options = ["--symbols", "3", "--rounds", "1", "--json", str(tmp_path / "rows.json")]
    monkeypatch.setattr("sys.argv", ["decoders.py", "--configs", *names, *options])
    threads = []
    monkeypatch.setattr(decoders.torch, "set_num_threads", threads.append)
    assert decoders.main() == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == names
    assert [row["name"] for row in json.loads((tmp_path / "rows.json").read_text())] == names
    assert threads == [1]


def test_a_stream_is_a_trainable_filterbank(decoders):
    configs = decoders.load_configs(["ljspeech_mb_istft", "ljspeech_mb_istft+stream"])
    trainable = [config.decoder.trainable_filterbank for config in configs.values()]
    assert trainable == [False, True]
