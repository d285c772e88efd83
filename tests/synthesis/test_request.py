import dataclasses

import pytest

import vits
from vits.errors import VoiceError
from vits.synthesis import Settings
from vits.synthesis.request import OPTION_HELP, BatchOptions, Options, Request, make_request
from vits.synthesis.settings import SETTINGS, SettingsDict


def test_the_keywords_are_the_settings_and_the_options():
    names = [entry.name for entry in dataclasses.fields(Settings)]
    assert list(SettingsDict.__annotations__) == list(SETTINGS) == names
    assert set(Options.__annotations__) == {*SETTINGS, *OPTION_HELP}
    assert set(BatchOptions.__annotations__) == {*SETTINGS, "speaker", "language", "markup"}


def test_options_replace_the_voices_own_values():
    own = Settings(noise_scale=0.1, length_scale=1.5)
    request = make_request({"length_scale": 2.0, "noise_scale": None, "seed": 4}, own, ("a", "b"))
    assert request == Request(seed=4, settings=dataclasses.replace(own, length_scale=2.0))
    mixed = make_request({"speaker": {"a": 1, "b": 3}, "seconds": 2.0}, own, ("a", "b"), 1)
    assert (mixed.speaker, mixed.language) == ((0.25, 0.75), 1)
    assert (mixed.lengths.seconds, mixed.lengths.words, mixed.lengths.phonemes) == (2.0, {}, {})


def test_a_sentence_has_a_seed_of_its_own_and_no_lengths():
    request = make_request({"seed": 4, "seconds": 2.0}, Settings(), ())
    first, second = (request.for_sentence(index) for index in range(2))
    assert len({request.seed, first.seed, second.seed}) == 3
    assert first == request.for_sentence(0)
    assert first.lengths is None
    slow = Settings(length_scale=2.0)
    changed = request.for_sentence(0, speaker=1, settings=slow)
    assert (changed.seed, changed.speaker, changed.settings) == (first.seed, 1, slow)


def test_an_unknown_keyword_is_named_with_the_known_ones(voice):
    for speak in (
        voice,
        voice.stream,
        voice.synthesize,
        lambda t, **o: vits.synthesize(t, voice, **o),
    ):
        with pytest.raises(VoiceError, match="unknown setting 'loudness'; known: ") as caught:
            speak("Hello.", loudness=2)
        assert all(name in str(caught.value) for name in Options.__annotations__)
