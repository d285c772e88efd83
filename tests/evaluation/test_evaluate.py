from dataclasses import replace

import numpy as np
import pytest
import torch

from vits.errors import DataError, TextError
from vits.evaluation import Item, evaluate, measure_recordings
from vits.evaluation.evaluate import Evaluators, evaluate_speech
from vits.synthesis import Speech


@pytest.fixture
def evaluators(parrot):
    return Evaluators(recogniser=parrot)


def test_recordings_are_heard_and_measured(items, evaluators):
    first, second = measure_recordings(items, evaluators)
    assert first.metrics.recognition.errors == (0, 3, 0, 17)
    assert first.metrics.recognition.aligned is True
    assert second.metrics.recognition.errors.word_errors == 2
    assert second.metrics.seconds == pytest.approx(0.6, abs=0.03)
    assert len(first.f0) == len(first.spectrum.mel)
    assert first.metrics.real_time_factor is None


def test_a_voice_is_compared_with_the_recordings(voice, items, evaluators):
    recordings = list(measure_recordings(items, evaluators))
    for spoken, recording in zip(
        evaluate(voice, items, evaluators, recordings), recordings, strict=True
    ):
        metrics = spoken.metrics
        assert metrics.distance.seconds == recording.metrics.seconds
        assert metrics.distance.mcd > 0
        assert metrics.distance.pitch.pairs == len(spoken.path)
        assert metrics.real_time_factor > 0
        assert 0 < sum(metrics.phonemes) <= spoken.speech.seconds


def test_the_seed_repeats_the_evaluation_and_counts_up(voice, evaluators):
    items = [Item("a", "Hello."), Item("b", "Hello.")]
    first, second = evaluate(voice, items, evaluators, seed=5)
    again, _ = evaluate(voice, items, evaluators, seed=5)
    np.testing.assert_array_equal(first.speech.samples, again.speech.samples)
    assert (first.speech.seed, second.speech.seed) == (5, 6)
    assert first.metrics.distance is None


def test_a_system_that_returns_the_recordings_has_no_distance_from_them(items, evaluators):
    """Any speech can be evaluated, not only a voice's."""
    recordings = list(measure_recordings(items, evaluators))

    def replay(index):
        return Speech(*items[index].read()), 0.1

    for spoken in evaluate_speech(replay, items, evaluators, recordings):
        distance = spoken.metrics.distance
        assert (distance.mcd, distance.mel_l1, distance.pitch.squares) == (0, 0, 0)


def test_it_speaks_with_one_thread_and_puts_back_what_there_was(evaluators, voice):
    seen = []

    class Watched:
        speakers = ()

        def __call__(self, text, **options):
            seen.append(torch.get_num_threads())
            return voice(text, **options)

    torch.set_num_threads(2)
    try:
        list(evaluate(Watched(), [Item("a", "Hello.")], evaluators))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert seen == [1, 1]  # the warm-up and the sentence


def test_a_voice_of_several_takes_the_speaker_of_the_text(voice, evaluators):
    asked = []

    class Duo:
        speakers = ("ada", "bob")

        def __call__(self, text, speaker, seed):
            asked.append(speaker)
            return voice(text, seed=seed)

    items = [Item("a", "Hello.", "bob"), Item("b", "Hello.", "eve")]
    list(evaluate(Duo(), items, evaluators))
    list(evaluate(Duo(), items[:1], evaluators, speaker="ada"))
    assert asked == ["bob", "bob", None, "ada", "ada"]


def test_what_cannot_be_evaluated_is_named(voice, items, evaluators):
    with pytest.raises(DataError, match="line 1 has no recording"):
        list(measure_recordings([Item("line 1", "Hello.")], evaluators))
    with pytest.raises(TextError, match="line 2 cannot be spoken"):
        list(evaluate(voice, [Item("line 2", "日本")], evaluators))
    with pytest.raises(TextError, match="line 3 has no word"):
        list(measure_recordings([replace(items[0], id="line 3", text=", ?")], evaluators))


def test_without_a_recogniser_nothing_is_heard(voice):
    (found,) = evaluate(voice, [Item("a", "Hello.")], Evaluators())
    assert found.metrics.recognition is None
