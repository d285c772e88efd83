"""Arithmetic with voices: exact at its ends, part by part, and only with voices of one shape."""

from dataclasses import replace

import pytest
import torch

from vits.config import PosteriorEncoderConfig
from vits.errors import VoiceError
from vits.models.vits import Vits
from vits.synthesis.bundle.merge import PARTS, add_difference, decoder_similarity, merge_voices
from vits.synthesis.bundle.weights import is_compact, make_compact


@pytest.fixture(scope="module")
def a(make_bundle):
    return make_bundle()


@pytest.fixture(scope="module")
def b(a):
    """A voice near ``a``, as after fine-tuning."""
    return moved(a, 0.2)


def moved(voice, amount):
    with torch.random.fork_rng():
        torch.manual_seed(9)
        generator = Vits(voice.generator.config)
        weights = {
            name: value + amount * value.abs().mean() * torch.randn_like(value)
            for name, value in voice.generator.state_dict().items()
        }
        generator.load_state_dict(weights)
    return replace(voice, generator=generator)


def weights(voice):
    return voice.generator.state_dict()


def equal(one, other, names=None):
    one, other = weights(one), weights(other)
    return all(torch.equal(one[name], other[name]) for name in names or one)


@pytest.mark.slow
def test_the_ends_are_the_voices(a, b):
    assert equal(merge_voices(a, b, 0.0), a)
    assert equal(merge_voices(a, b, 1.0), b)
    assert equal(add_difference(a, b, moved(a, 0.1), 0.0), a)
    assert equal(add_difference(a, b, b, 3.0), a)


@pytest.mark.slow
def test_between_them_every_weight_is_the_average(a, b):
    for name, value in weights(merge_voices(a, b, 0.3)).items():
        expected = 0.7 * weights(a)[name].double() + 0.3 * weights(b)[name].double()
        torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_a_difference_is_added_to_every_weight(a, b):
    c = moved(a, 0.1)
    for name, value in weights(add_difference(a, b, c, -0.6)).items():
        one, more, less = (weights(voice)[name].double() for voice in (a, b, c))
        torch.testing.assert_close(value.double(), one - 0.6 * (more - less), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_a_weight_of_its_own(a, b, part):
    merged = merge_voices(a, b, 0.0, {part: 1.0})
    inside = [name for name in weights(a) if name.split(".")[0] in PARTS[part]]
    outside = [name for name in weights(a) if name not in inside]
    assert inside
    assert equal(merged, b, inside)
    assert equal(merged, a, outside)


def test_every_box_belongs_to_one_part(a, make_config):
    boxes = {name for name, _ in Vits(replace(make_config(2), n_languages=2)).named_children()}
    named = [box for part in PARTS.values() for box in part]
    assert set(named) == boxes | {"pitch_predictor"}
    assert len(named) == len(set(named))


def test_compact_voices_stay_compact_and_half(a, b):
    small = [moved(voice, 0.0) for voice in (a, b)]
    for voice in small:
        make_compact(voice.generator)
    merged = merge_voices(*small, 0.4)
    assert is_compact(merged.generator)
    assert all(torch.equal(value, value.half().float()) for value in weights(merged).values())
    mixed = merge_voices(a, small[1], 1.0)
    assert is_compact(mixed.generator)
    assert equal(mixed, small[1])


def test_voices_of_one_training_are_told_from_others(a, b, make_bundle):
    assert decoder_similarity(a, a) == pytest.approx(1)
    assert decoder_similarity(a, b) > 0.5
    assert abs(decoder_similarity(a, make_bundle(seed=77))) < 0.2


def test_what_does_not_fit_is_one_line(a, b, make_bundle, make_config):
    other = replace(make_config(1), posterior_encoder=PosteriorEncoderConfig(n_layers=3))
    for merge, words in (
        (lambda: merge_voices(a, b, 1.5), "weight 1.5 must be from 0"),
        (lambda: merge_voices(a, b, float("nan")), "weight nan must be from 0"),
        (lambda: merge_voices(a, b, 0.5, {"voice": 1.0}), "part 'voice' must be one of timbre"),
        (lambda: add_difference(a, b, a, float("inf")), "weight inf must be a finite number"),
        (
            lambda: merge_voices(a, make_bundle(["x", "y"]), 0.5),
            "n_speakers 1 of .* must be that of the other voice, 2",
        ),
        (
            lambda: merge_voices(a, make_bundle(generator=Vits(other)), 0.5),
            "posterior_encoder.n_layers 2",
        ),
        (
            lambda: merge_voices(make_bundle(["x", "y"]), make_bundle(["y", "x"]), 0.5),
            "the same speakers in the same order",
        ),
    ):
        with pytest.raises(VoiceError, match=words):
            merge()
