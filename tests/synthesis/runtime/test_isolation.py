"""What the process has set elsewhere does not change what a voice says."""

import contextlib

import numpy as np
import pytest
import torch

from vits.synthesis import load

VOICES = ("convnext", "deterministic", "hifigan", "multi-band", "multi-stream")


@contextlib.contextmanager
def double():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SURROUNDINGS = {
    "default dtype": double,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "default device": lambda: torch.device("meta"),
    "gradients": torch.enable_grad,
}


def speak(voice):
    whole = voice("abc cba. bca", seed=3)
    chunks = [chunk.samples for chunk in voice.stream("abc cba", seed=3)]
    batch = voice.synthesize(["abc", "cba. a"], seeds=[1, 2])
    return [whole.samples, *chunks, *(speech.samples for speech in batch)]


@pytest.mark.filterwarnings("ignore:voice .*:vits.synthesis.FrontendMismatchWarning")
@pytest.mark.parametrize("name", VOICES)
@pytest.mark.slow
def test_a_voice_says_the_same_in_any_surroundings(root, name):
    folder = root / "tests" / "fixtures" / "earlier" / "voices" / name
    voice = load(folder)
    expected = speak(voice)
    for surroundings in SURROUNDINGS.values():
        with surroundings():
            spoken = [speak(voice), speak(load(folder))]
        for waves in spoken:
            assert all(map(np.array_equal, waves, expected)), surroundings


@pytest.mark.parametrize("named", SURROUNDINGS)
@pytest.mark.slow
def test_a_conversion_is_the_same_in_any_surroundings(tiny_duo, named):
    voice = load(tiny_duo)
    wave = np.sin(np.arange(8000) / 9).astype(np.float32)

    def convert():
        return voice.convert(wave, 16000, "ada", "bob", seed=1).samples

    expected = convert()
    with SURROUNDINGS[named]():
        assert np.array_equal(convert(), expected)
