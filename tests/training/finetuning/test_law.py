"""The law of growing: before any step the old speakers sound as they did, bit for bit."""

import numpy as np
import pytest
import torch

from vits.synthesis import Voice, bundle_checkpoint, read_voice


def speak(bundle, speaker, text="abc dag"):
    return Voice(bundle)(text.replace(" ", ""), speaker=speaker, seed=5).samples


def everything(bundle, row):
    """Speak every symbol of the table that the old voice had."""
    ids = torch.arange(9).repeat(2)[None]
    with torch.no_grad():
        return bundle.generator.eval().infer(
            ids,
            torch.tensor([18]),
            torch.tensor([row]),
            generator=torch.Generator().manual_seed(3),
        )


@pytest.mark.parametrize("kind", ["voice", "checkpoint", "run"])
def test_two_speakers_and_three_symbols_more(duo, more, tune, tuned, kind):
    source = {"voice": duo.voice, "checkpoint": duo.checkpoint, "run": duo.checkpoint.parents[1]}
    status, shown, _ = tune(source[kind], more, "--trainer.max_steps", 0)
    assert status == 0
    assert "symbols: 9 kept, 3 new: x from the mean of all, y from the mean of all, é from e" in (
        shown
    )
    assert "speakers: 2 kept: anna, bert; 2 new, from the mean of the old: carla, dora" in shown
    before, after = read_voice(duo.voice), bundle_checkpoint(tuned)
    assert after.speakers == ("anna", "bert", "carla", "dora")
    assert after.frontend.symbols.symbols == (*before.frontend.symbols.symbols, "x", "y", "é")
    assert after.generator.config.n_symbols == 12
    for row in range(2):
        one, other = everything(before, row), everything(after, row)
        assert torch.equal(one.wave, other.wave)
        assert torch.equal(one.durations, other.durations)
    for speaker in ("anna", "bert"):
        one, other = (speak(bundle, speaker) for bundle in (before, after))
        assert len(one) > 0
        assert np.array_equal(one, other)
        before, after = read_voice(duo.voice), bundle_checkpoint(tuned)  # a voice keeps its bundle


@pytest.mark.parametrize("kind", ["voice", "checkpoint"])
def test_one_speaker_becomes_one_of_four(solo, more, tune, tuned, kind):
    status, shown, _ = tune(getattr(solo, kind), more, "--trainer.max_steps", 0)
    assert status == 0
    assert "speakers: 1 kept: (no name); 3 new, from the sound of the old: bert, carla, dora" in (
        shown
    )
    before, after = read_voice(solo.voice), bundle_checkpoint(tuned)
    assert after.speakers == ("", "bert", "carla", "dora")
    for row in range(4):
        assert torch.equal(everything(before, 0).wave, everything(after, row).wave)


def test_the_average_starts_from_the_voice(duo, more, tune, tuned):
    assert tune(duo.checkpoint, more, "--trainer.max_steps", 0)[0] == 0
    values = torch.load(tuned, weights_only=True)
    averages = torch.load(duo.checkpoint, weights_only=True)["vits"]["ema"]
    for name, average in averages.items():
        start = values["state_dict"][f"generator.{name}"]
        assert torch.equal(start[: len(average)], average)
        assert torch.equal(values["vits"]["ema"][name], start)


def test_new_speakers_part_from_the_old_and_from_each_other(solo, more, tune, tuned):
    options = ("--model.training.adversarial.warmup_steps", 0, "--model.training.freeze")
    assert tune(solo.voice, more, *options, "speaker-only", "--trainer.max_steps", 3)[0] == 0
    spoken = bundle_checkpoint(tuned)
    waves = [everything(spoken, row).wave for row in range(4)]
    for first in range(4):
        for second in range(first):
            a, b = waves[first], waves[second]
            assert a.shape != b.shape or not torch.equal(a, b)
