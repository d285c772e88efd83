"""A run ends when its CPU time is spent, and a killed run loses nothing but time."""

import itertools

import pytest
import torch


@pytest.fixture
def clock():
    """Ten seconds pass from one look to the next."""
    ticks = itertools.count(0, 10)
    return lambda: float(next(ticks))


@pytest.fixture
def train(comparison, tmp_path, clock):
    """Train a run of the comparison for some seconds; return its newest checkpoint."""
    from recipes.baselines.budget import fit

    def train(name, folder, seconds, clock=clock, **options):
        data = comparison.data()
        module = comparison.build(name, data)
        folder = tmp_path / folder
        return fit(module, data, folder, seconds, report=lines.append, clock=clock, **options)

    lines = train.lines = []
    return train


def state_of(path):
    from vits.training.checkpoints.checkpoint_io import read_checkpoint

    return read_checkpoint(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tacotron", "waveglow", "hifigan"])
def test_a_resumed_run_equals_one_that_was_never_stopped(train, name):
    whole = state_of(train(name, "whole", 40))
    train(name, "parts", 20)
    parts = state_of(train(name, "parts", 40))
    assert parts["global_step"] == whole["global_step"] == 4
    assert parts["cpu_seconds"] == whole["cpu_seconds"] == 40
    assert parts["state_dict"].keys() == whole["state_dict"].keys()
    for key, value in whole["state_dict"].items():
        assert torch.equal(parts["state_dict"][key], value), key


def test_a_finished_run_is_left_alone_and_a_longer_one_goes_on(train):
    from recipes.baselines.budget import spent

    first = train("tacotron", "run", 25)  # the third step passes the limit
    assert spent(first) == 30
    before = first.read_bytes()
    assert train("tacotron", "run", 25) == first
    assert first.read_bytes() == before
    assert state_of(train("tacotron", "run", 60))["global_step"] == 6


def test_another_run_can_be_continued_without_touching_it(train, tmp_path):
    start = train("tacotron_half", "half", 20)
    longer = train("tacotron", "longer", 40, start=start)
    assert [state_of(path)["global_step"] for path in (start, longer)] == [2, 4]
    assert [path.name for path in (tmp_path / "half").iterdir()] == ["step-0000002.ckpt"]


def test_a_run_is_saved_every_minute_and_keeps_two_files(train, tmp_path):
    ticks = itertools.count(0, 30)
    train("tacotron", "run", 190, clock=lambda: float(next(ticks)))
    assert [line.split(":")[0] for line in train.lines] == [
        "1.0 of 3.2 CPU minutes",
        "2.0 of 3.2 CPU minutes",
        "3.0 of 3.2 CPU minutes",
        "3.5 of 3.2 CPU minutes",
    ]
    files = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert files == ["step-0000006.ckpt", "step-0000007.ckpt"]
