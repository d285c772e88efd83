"""`vits merge`."""

from dataclasses import replace

import pytest
import torch

from vits.cli import main
from vits.synthesis import load, read_voice, write_voice
from vits.synthesis.bundle.merge import add_difference, merge_voices


@pytest.fixture(scope="module")
def voices(make_bundle, tmp_path_factory):
    """Three voices of one training."""
    folder, bundle = tmp_path_factory.mktemp("voices"), make_bundle()
    licences = {"a": "CC0-1.0", "b": "CC0-1.0", "c": "MIT"}
    for name, licence in licences.items():
        card = replace(bundle.card, name=name, licence=licence, origin="us")
        write_voice(folder / name, replace(bundle, card=card))
        with torch.no_grad():
            for parameter in bundle.generator.parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
    return folder


@pytest.fixture
def merge(voices, tmp_path, capsys):
    def run(*arguments):
        status = main(
            ["merge", str(voices / "a"), str(voices / "b"), "-o", str(tmp_path / "m"), *arguments]
        )
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def equal(one, other):
    states = (voice.generator.state_dict() for voice in (one, other))
    first, second = states
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_voice_between_two_speaks(merge, voices, tmp_path):
    status, out, err = merge("--weight", "0.3", "--part", "rhythm=1")
    assert (status, err) == (0, "")
    merged, (a, b) = read_voice(tmp_path / "m"), (read_voice(voices / name) for name in "ab")
    assert equal(merged, merge_voices(a, b, 0.3, {"rhythm": 1.0}))
    assert (merged.card.name, merged.card.licence) == ("m", "CC0-1.0")
    assert merged.card.origin == "merged as (1 - 0.3) A + 0.3 B of A a, B b; us"
    assert merged.card.origin in out
    assert load(tmp_path / "m")("hello.").seconds > 0


def test_what_one_voice_has_more_than_another_is_added(merge, voices, tmp_path):
    status, _, _ = merge("--minus", str(voices / "c"), "--weight", "-0.5", "--name", "Mia")
    assert status == 0
    merged = read_voice(tmp_path / "m")
    assert equal(merged, add_difference(*(read_voice(voices / name) for name in "abc"), -0.5))
    assert (merged.card.name, merged.card.licence) == ("Mia", "CC0-1.0 and MIT")


@pytest.mark.filterwarnings("always:.*do not come from one training")
def test_voices_without_a_common_origin_are_warned_of(merge, make_bundle, voices, tmp_path):
    write_voice(tmp_path / "stranger", make_bundle(seed=77))
    status, _, err = merge("--minus", str(tmp_path / "stranger"))
    assert status == 0
    assert err.count("\n") == 1
    assert "do not come from one training" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--weight", "2"), "weight 2.0 must be from 0"),
        (("--part", "rhythm"), "--part 'rhythm' must be a part and its weight"),
        (("--part", "tune=0.5"), "part 'tune' must be one of"),
        (("--part", "rhythm=1", "--minus", "x"), "--part has no effect with --minus"),
        (("--minus", "nowhere"), "voice nowhere does not exist"),
    ],
)
def test_wrong_arguments_are_one_line(merge, arguments, words, tmp_path):
    status, out, err = merge(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "m").exists()
