"""A stream is the whole text in pieces."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from vits.config import ConvNextConfig, IstftConfig
from vits.errors import TextError, VoiceError
from vits.models.vits import Vits
from vits.synthesis import SkippedSentenceWarning, Voice
from vits.synthesis.stream import join
from vits.text import UnknownSymbolWarning

LONG = "the quick brown fox jumps over the lazy dog, and then it goes home to sleep. " * 2
TEXT = f"Hello there! {LONG}How are you?\n\nIt sleeps. Fine."
STAGES = {"upsample_rates": (4, 4), "upsample_kernel_sizes": (8, 8), "initial_channels": 16}
DECODERS = {
    "hifigan": None,
    "multi-band": IstftConfig(**STAGES),
    "multi-stream": IstftConfig(**STAGES, trainable_filterbank=True),
    "convnext": ConvNextConfig(channels=16, inner_channels=24, n_blocks=2),
}


@pytest.fixture
def make_voice(make_bundle, make_config):
    def make(decoder, speakers=()):
        torch.manual_seed(5)
        changes = {} if DECODERS[decoder] is None else {"decoder": DECODERS[decoder]}
        config = make_config(max(1, len(speakers)))
        config = type(config)(**(vars(config) | changes))
        return Voice(make_bundle(speakers, generator=Vits(config)))

    return make


def equals(one, other):
    """The same length, times and seed, and the samples to 1e-5 of the peak."""
    assert one.samples.shape == other.samples.shape
    assert (one.phonemes, one.words, one.seed) == (other.phonemes, other.words, other.seed)
    peak = np.abs(other.samples).max()
    assert peak > 0
    return np.abs(one.samples - other.samples).max() <= 1e-5 * peak


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("speakers", [(), ("ada", "bob")], ids=len)
@pytest.mark.slow
def test_the_stream_is_the_whole(make_voice, decoder, speakers):
    voice = make_voice(decoder, speakers)
    settings = {"seed": 11, "length_scale": 1.2, "sentence_silence": 0.1, "paragraph_silence": 0.3}
    settings["speaker"] = len(speakers) - 1 if speakers else None
    whole = voice(TEXT, **settings)
    chunks = list(voice.stream(TEXT, **settings))
    assert len(chunks) > 7  # four sentences, three pauses, and long ones are cut
    assert equals(join(chunks), whole)
    place = 0
    for chunk in chunks:
        assert chunk.start == place / voice.sample_rate
        place += len(chunk.samples)
        for timing in (*chunk.phonemes, *chunk.words):
            assert chunk.start - 1e-9 <= timing.start < chunk.start + chunk.seconds


def test_whole_sentences_are_bit_for_bit_the_call(voice):
    chunks = list(voice.stream(TEXT, seed=3, whole_sentences=True))
    whole = voice(TEXT, seed=3)
    np.testing.assert_array_equal(join(chunks).samples, whole.samples)
    spoken = [chunk for chunk in chunks if chunk.phonemes]
    ends = [chunk.phonemes[-1].text for chunk in spoken]
    assert ends == [".", "?", ".", "."]  # a small letter starts no sentence
    assert len(chunks) == 7


def test_the_first_chunk_of_a_sentence_is_small_and_later_ones_grow(voice):
    chunks = list(voice.stream(LONG.replace(".", ",") + "end.", seed=1, length_scale=3.0))
    lengths = [len(chunk.samples) for chunk in chunks]
    assert len(lengths) > 2
    assert lengths == sorted(lengths)
    assert 0.08 < lengths[0] / voice.sample_rate < 0.15


@pytest.mark.slow
def test_nothing_is_read_or_spoken_before_it_is_asked_for(voice, monkeypatch):
    read = []
    encode = type(voice.frontend).encode
    monkeypatch.setattr(
        type(voice.frontend),
        "encode",
        lambda self, text, **keys: read.append(text.text) or encode(self, text, **keys),
    )
    stream = voice.stream("One. " * 100_000)  # five times what is spoken at once
    assert read == []
    assert next(stream).samples.size
    assert read == ["One. "]


def test_a_call_and_a_stream_without_a_seed_have_one_of_their_own(voice):
    chunks = list(voice.stream("One two. Three."))
    assert len({chunk.seed for chunk in chunks}) == 1
    assert equals(join(chunks), voice("One two. Three.", seed=chunks[0].seed))


def test_the_callers_grad_mode_is_its_own_between_chunks(voice):
    for _ in voice.stream(LONG, seed=1):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()


def test_streams_may_run_side_by_side(voice):
    alone = [list(voice.stream(LONG, seed=seed)) for seed in (1, 2)]
    mixed = zip(voice.stream(LONG, seed=1), voice.stream(LONG, seed=2), strict=False)
    for one, other in mixed:
        np.testing.assert_array_equal(one.samples, alone[0].pop(0).samples)
        np.testing.assert_array_equal(other.samples, alone[1].pop(0).samples)


@pytest.mark.slow
def test_eight_threads_stream_and_batch_as_one_does(duo):
    texts = [f"Hello there {'abcdefgh'[i % 8]}. How are you?" for i in range(16)]
    expected = [duo(text, seed=seed, speaker=1) for seed, text in enumerate(texts)]
    start = threading.Barrier(8)

    def speak(seed):
        if seed < 8:
            start.wait(timeout=30)
        if seed % 2:
            return duo.synthesize([texts[seed]] * 2, seeds=[seed] * 2, speaker=1)[1]
        return join(list(duo.stream(texts[seed], seed=seed, speaker=1)))

    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(pool.map(speak, range(16)), expected, strict=True):
            assert equals(one, other)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"speaker": "eve"}, VoiceError),
        ({"noise_scale": -1}, VoiceError),
        ({"seed": -1}, VoiceError),
    ],
)
def test_a_mistake_is_told_at_once(voice, fault, error):
    with pytest.raises(error):
        voice.stream("Hello.", **fault)
    with pytest.raises(TextError, match="empty"):
        voice.stream(" ")


def test_a_text_with_nothing_to_say_fails_at_the_first_chunk(voice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        with pytest.raises(TextError):
            next(voice.stream("Нет. Слов."))


def test_skipped_sentences_are_reported_when_the_stream_ends(voice):
    with pytest.warns((SkippedSentenceWarning, UnknownSymbolWarning)) as caught:
        for _ in voice.stream("Hello. Нет слов."):
            pass
    assert caught[-1].category is SkippedSentenceWarning
    assert caught[-1].filename == __file__
