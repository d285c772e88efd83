"""A voice with pitch: written and read, streamed, batched, seeded."""

import dataclasses

import numpy as np
import pytest

from vits.config import PitchConfig
from vits.models import Vits
from vits.synthesis import Voice, read_voice, write_voice


@pytest.fixture(scope="module")
def bundle(make_bundle, make_config):
    config = dataclasses.replace(make_config(1, 59), pitch=PitchConfig(channels=8))
    return make_bundle(generator=Vits(config))


def test_it_is_written_and_read(bundle, tmp_path):
    write_voice(tmp_path / "voice", bundle)
    read = read_voice(tmp_path / "voice")
    assert read.generator.config.pitch == bundle.generator.config.pitch
    for a, b in zip(read.generator.parameters(), bundle.generator.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_stream_and_batch_are_the_whole(bundle, tmp_path):
    write_voice(tmp_path / "voice", bundle)
    voice = Voice(read_voice(tmp_path / "voice"))
    text = "One sentence. And one that is a good deal longer than the first one was."
    whole = voice(text, seed=4).samples
    assert np.array_equal(voice(text, seed=4).samples, whole)
    assert not np.array_equal(voice(text, seed=5).samples, whole)
    stream = np.concatenate([chunk.samples for chunk in voice.stream(text, seed=4)])
    assert len(stream) == len(whole)
    assert np.abs(stream - whole).max() < 1e-4
