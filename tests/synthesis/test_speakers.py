import numpy as np
import pytest

from vits.errors import VoiceError
from vits.synthesis.speakers import find_speaker

NAMES = tuple(f"speaker-{i:03}" for i in range(109))


def test_a_speaker_is_found_by_name_and_by_id():
    assert find_speaker(NAMES, "speaker-042") == 42
    assert find_speaker(NAMES, 42) == 42
    assert find_speaker(NAMES, np.int64(42)) == 42
    assert find_speaker(NAMES, None) == 0
    assert find_speaker((), 0) == 0


@pytest.mark.parametrize("speaker", ["", "42", "Speaker-042", -1, 109, True, 1.0])
def test_anything_else_is_unknown(speaker):
    with pytest.raises(VoiceError, match="unknown speaker") as caught:
        find_speaker(NAMES, speaker)
    assert repr(speaker) in str(caught.value)


def test_the_message_lists_names_those_alike_first():
    with pytest.raises(VoiceError) as caught:
        find_speaker(NAMES, "speaker-10x")
    message = str(caught.value)
    assert message.index("speaker-10") < message.index("speaker-000")
    assert "109 in all" in message
    assert "0 to 108" in message
    assert len(message) < 500


def test_a_voice_without_names_says_so():
    with pytest.raises(VoiceError, match="without a name"):
        find_speaker(("",), "ada")


def test_a_mix_of_one_is_the_speaker_bit_for_bit(duo):
    plain = duo("Hello.", speaker="bob", seed=1)
    for mix in ({"bob": 1}, {"bob": 0.25}, {1: 3.0}):
        np.testing.assert_array_equal(duo("Hello.", speaker=mix, seed=1).samples, plain.samples)


def test_a_mix_lies_between_its_speakers_and_only_proportions_count(duo):
    options = {"seed": 1, "noise_scale": 0.0, "noise_scale_duration": 0.0, "seconds": 1.0}
    mixes = [{"ada": 0.7, "bob": 0.3}, {"ada": 7, 1: 3}, {"ada": 0.999999, "bob": 1e-6}]
    mixed, same, near = (duo("Hello.", speaker=mix, **options).samples for mix in mixes)
    ada, bob = (duo("Hello.", speaker=name, **options).samples for name in ("ada", "bob"))
    np.testing.assert_allclose(mixed, same, atol=1e-6)
    assert np.abs(near - ada).max() < 1e-2 * np.abs(bob - ada).max()
    assert np.abs(mixed - ada).max() > 1e-2 * np.abs(bob - ada).max()


def test_the_embedding_of_a_mix_is_the_weighted_sum(duo):
    engine = duo._engine
    weights = engine.speaker_tensor((0.7, 0.3))
    table = engine.model.speaker_embedding.weight
    found = engine.model.speaker_conditioning(weights)[0, :, 0]
    np.testing.assert_allclose(found, 0.7 * table[0] + 0.3 * table[1], atol=1e-6)


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"ada": 0.5, "eve": 0.5}, "eve"),
        ({"ada": 0}, "positive"),
        ({"ada": -1, "bob": 2}, "positive"),
        ({"ada": float("nan")}, "positive"),
        ({"ada": "much"}, "positive"),
        ({"ada": 1e308, "bob": 1e308}, "one or more"),
        ({}, "one or more"),
        ({None: 1}, "None"),
    ],
)
def test_an_invalid_mix_is_an_error(duo, mix, message):
    with pytest.raises(VoiceError, match=message):
        duo("Hello.", speaker=mix)


def test_a_batch_of_texts_takes_a_mix(duo):
    mix = {"ada": 1, "bob": 1}
    (together,) = duo.synthesize(["Hello."], speaker=mix, seeds=[1])
    np.testing.assert_allclose(
        together.samples, duo("Hello.", speaker=mix, seed=1).samples, atol=1e-5
    )
