from dataclasses import replace

import numpy as np
import pytest
import torch

from vits.errors import DataError, TextError
from vits.evaluation import Item, evaluate, measure_recordings
from vits.evaluation.evaluate import Instruments


@pytest.fixture
def instruments(parrot):
    return Instruments(recogniser=parrot)


def test_recordings_are_heard_and_measured(items, instruments):
    first, second = measure_recordings(items, instruments)
    assert first.take.heard.errors == (0, 3, 0, 17)
    assert first.take.heard.aligned is True
    assert second.take.heard.errors.word_errors == 2
    assert second.take.seconds == pytest.approx(0.6, abs=0.03)
    assert len(first.f0) == len(first.spectrum.mel)
    assert first.take.real_time_factor is None


def test_a_voice_is_compared_with_the_recordings(voice, items, instruments):
    recordings = list(measure_recordings(items, instruments))
    for spoken, recording in zip(
        evaluate(voice, items, instruments, recordings), recordings, strict=True
    ):
        take = spoken.take
        assert take.comparison.seconds == recording.take.seconds
        assert take.comparison.mcd > 0
        assert take.comparison.pitch.pairs == len(spoken.path)
        assert take.real_time_factor > 0
        assert 0 < sum(take.phonemes) <= spoken.speech.seconds


def test_the_seed_repeats_the_evaluation_and_counts_up(voice, instruments):
    items = [Item("a", "Hello."), Item("b", "Hello.")]
    first, second = evaluate(voice, items, instruments, seed=5)
    again, _ = evaluate(voice, items, instruments, seed=5)
    np.testing.assert_array_equal(first.speech.samples, again.speech.samples)
    assert (first.speech.seed, second.speech.seed) == (5, 6)
    assert first.take.comparison is None


def test_it_speaks_with_one_thread_and_puts_back_what_there_was(instruments, voice):
    seen = []

    class Watched:
        speakers = ()

        def __call__(self, text, **options):
            seen.append(torch.get_num_threads())
            return voice(text, **options)

    torch.set_num_threads(2)
    try:
        list(evaluate(Watched(), [Item("a", "Hello.")], instruments))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert seen == [1, 1]  # the warm-up and the sentence


def test_a_voice_of_several_takes_the_speaker_of_the_text(voice, instruments):
    asked = []

    class Duo:
        speakers = ("ada", "bob")

        def __call__(self, text, speaker, seed):
            asked.append(speaker)
            return voice(text, seed=seed)

    items = [Item("a", "Hello.", "bob"), Item("b", "Hello.", "eve")]
    list(evaluate(Duo(), items, instruments))
    list(evaluate(Duo(), items[:1], instruments, speaker="ada"))
    assert asked == ["bob", "bob", None, "ada", "ada"]


def test_what_cannot_be_evaluated_is_named(voice, items, instruments):
    with pytest.raises(DataError, match="line 1 has no recording"):
        list(measure_recordings([Item("line 1", "Hello.")], instruments))
    with pytest.raises(TextError, match="line 2 cannot be spoken"):
        list(evaluate(voice, [Item("line 2", "日本")], instruments))
    with pytest.raises(TextError, match="line 3 has no word"):
        list(measure_recordings([replace(items[0], id="line 3", text=", ?")], instruments))


def test_without_a_recogniser_nothing_is_heard(voice):
    (found,) = evaluate(voice, [Item("a", "Hello.")], Instruments())
    assert found.take.heard is None
