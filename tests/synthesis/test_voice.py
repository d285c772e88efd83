import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import vits
from vits.config import FrontendConfig
from vits.errors import MissingFileError, TextError, VoiceError
from vits.synthesis import (
    Card,
    FrontendMismatchWarning,
    Settings,
    SkippedSentenceWarning,
    Voice,
    load,
    synthesize,
    write_voice,
)
from vits.synthesis.fade import fade_edges
from vits.synthesis.runtime.seeds import derive_seed, seeded_generator
from vits.text import Frontend, SymbolTable, UnknownSymbolWarning

TEXT = "Hello there, you. How are you? Fine!"


def test_a_seed_repeats_bit_for_bit_and_another_does_not(voice):
    first, again, other = (voice(TEXT, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.phonemes == again.phonemes
    assert first.seconds != other.seconds or not np.array_equal(first.samples, other.samples)
    assert first.samples.dtype == np.float32
    assert first.samples.ndim == 1
    assert np.abs(first.samples).max() <= 1


def test_without_a_seed_each_call_differs_and_can_be_repeated(voice):
    first, second = voice(TEXT), voice(TEXT)
    assert first.seed != second.seed
    np.testing.assert_array_equal(voice(TEXT, seed=first.seed).samples, first.samples)


def test_a_voice_leaves_the_callers_chance_alone(voice_folder):
    before = torch.random.get_rng_state()
    load(voice_folder)("hello.", seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_loaded_voice_speaks_as_the_one_that_was_written(make_bundle, voice_folder):
    expected = Voice(make_bundle())(TEXT, seed=3)
    np.testing.assert_array_equal(load(voice_folder)(TEXT, seed=3).samples, expected.samples)


def test_the_sentences_are_what_the_model_says_of_each(make_bundle):
    bundle = make_bundle()
    sentences = ["Hello there. ", "How are you?"]
    expected = []
    for index, sentence in enumerate(sentences):
        ids = torch.tensor([bundle.frontend.encode(sentence).ids])
        model = bundle.generator.eval()
        generator = seeded_generator(torch.device("cpu"), derive_seed(9, index))
        spoken = model.infer(
            ids,
            torch.tensor([ids.shape[1]]),
            noise_scale=bundle.settings.noise_scale,
            noise_scale_duration=bundle.settings.noise_scale_duration,
            length_scale=bundle.settings.length_scale,
            generator=generator,
        )
        expected.append(spoken.wave[0, 0].numpy())
    rate = bundle.generator.config.audio.sample_rate
    expected = [next(fade_edges([wave], len(wave), rate)) for wave in expected]
    silence = np.zeros(round(0.5 * rate), np.float32)
    speech = Voice(bundle)("".join(sentences), sentence_silence=0.5, seed=9)
    wanted = np.concatenate([expected[0], silence, expected[1]])
    np.testing.assert_allclose(speech.samples, wanted, atol=1e-5)  # folding rounds the weights


def test_a_sentence_does_not_depend_on_the_one_before_it(voice):
    first = voice("Hello there. How are you?", seed=4)
    second = voice("Hm. How are you?", seed=4)
    tail = min(word.start for word in first.words if word.text == "How")
    n = len(first.samples) - int(tail * voice.sample_rate)
    np.testing.assert_array_equal(first.samples[-n:], second.samples[-n:])


def test_timings_cover_the_words_inside_the_wave(voice):
    speech = voice(TEXT, seed=1, sentence_silence=0.3)
    assert "".join(p.text for p in speech.phonemes).replace(" ", "") == TEXT.replace(" ", "")
    assert [word.text for word in speech.words] == re.findall(r"\w+", TEXT)
    for timings in (speech.phonemes, speech.words):
        edges = [edge for timing in timings for edge in (timing.start, timing.end)]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= speech.seconds + 1e-9
    for word in speech.words:
        inside = [p for p in speech.phonemes if word.start <= p.start and p.end <= word.end]
        assert inside[0].start == word.start
        assert inside[-1].end == word.end
    assert speech.phonemes[-1].end == pytest.approx(speech.seconds)


def test_the_pause_lies_between_sentences_and_is_silent(voice):
    speech = voice("Hello there. How are you?", seed=1, sentence_silence=1.0)
    short = voice("Hello there. How are you?", seed=1, sentence_silence=0.0)
    assert speech.seconds - short.seconds == pytest.approx(1.0, abs=1e-4)
    end = max(p.end for p in speech.phonemes if p.end < speech.words[2].start)
    start = round(end * voice.sample_rate)
    assert not speech.samples[start : start + voice.sample_rate].any()


def test_length_scale_stretches_and_noise_scales_at_zero_leave_no_chance(voice):
    calm = {"noise_scale": 0.0, "noise_scale_duration": 0.0}
    normal, again = (voice(TEXT, seed=seed, **calm) for seed in (1, 2))
    np.testing.assert_array_equal(normal.samples, again.samples)
    slow = voice(TEXT, seed=1, length_scale=5.0, **calm)
    assert slow.seconds > 2 * normal.seconds


def test_the_voices_own_settings_hold_unless_a_call_says_otherwise(make_bundle):
    calm = Settings(noise_scale=0.0, noise_scale_duration=0.0, sentence_silence=0.0)
    voice = Voice(make_bundle(settings=calm))
    np.testing.assert_array_equal(voice(TEXT).samples, voice(TEXT).samples)
    assert not np.array_equal(
        voice(TEXT, noise_scale=1.0, seed=1).samples, voice(TEXT, noise_scale=1.0, seed=2).samples
    )
    assert voice.settings == calm


def test_speakers_sound_different_and_the_first_is_the_default(duo):
    default, ada, bob = (duo(TEXT, speaker=s, seed=1) for s in (None, "ada", "bob"))
    np.testing.assert_array_equal(default.samples, ada.samples)
    assert not np.array_equal(ada.samples, bob.samples)
    np.testing.assert_array_equal(duo(TEXT, speaker=1, seed=1).samples, bob.samples)
    with pytest.raises(VoiceError, match="ada, bob"):
        duo(TEXT, speaker="eve")
    assert duo.speakers == ("ada", "bob")


@pytest.mark.slow
def test_eight_threads_share_a_voice(duo):
    jobs = [(f"{TEXT} {'abcdefgh'[i % 8]}.", i % 2, i) for i in range(24)]
    expected = [duo(text, speaker=s, seed=seed) for text, s, seed in jobs]
    start = threading.Barrier(8)

    def speak(job):
        if job[2] < 8:
            start.wait(timeout=30)
        return duo(job[0], speaker=job[1], seed=job[2])

    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(expected, pool.map(speak, jobs), strict=True):
            np.testing.assert_array_equal(one.samples, other.samples)
            assert one.words == other.words


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "1", True])
def test_a_seed_is_a_whole_number(voice, seed):
    with pytest.raises(VoiceError, match="seed"):
        voice(TEXT, seed=seed)


@pytest.mark.parametrize(
    "fault", [{"noise_scale": -1}, {"length_scale": 0}, {"sentence_silence": float("nan")}]
)
def test_a_value_out_of_range_is_named(voice, fault):
    (name,) = fault
    with pytest.raises(VoiceError, match=name):
        voice(TEXT, **fault)


def test_symbols_without_a_row_are_dropped_with_a_warning(voice):
    with pytest.warns(UnknownSymbolWarning, match="ж"):
        speech = voice("Hжllo.", seed=1)
    np.testing.assert_array_equal(speech.samples, voice("Hllo.", seed=1).samples)


def test_a_skipped_sentence_is_reported_at_the_call(voice):
    with pytest.warns((SkippedSentenceWarning, UnknownSymbolWarning)) as caught:
        voice("Hello. Нет слов.")
    assert caught[-1].category is SkippedSentenceWarning
    assert caught[-1].filename == __file__


def test_a_text_of_a_megabyte_is_refused(voice):
    with pytest.raises(TextError, match="split it"):
        voice("hello " * 200_000)


def test_a_front_end_that_changed_is_reported_once_and_in_words(make_bundle):
    other = Frontend(FrontendConfig(backend="graphemes", normalize=False), SymbolTable.default())
    with pytest.warns(FrontendMismatchWarning) as caught:
        voice = Voice(make_bundle(fingerprint=other.fingerprint()))
    assert len(caught) == 1
    assert "normal" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        voice("hello.")


@pytest.mark.parametrize("log_duration", [25.0, 60.0])  # does not fit in memory, or in int64
def test_a_sentence_too_long_for_the_memory_is_one_line(make_bundle, log_duration):
    bundle = make_bundle()
    with torch.no_grad():
        bundle.generator.duration_predictor.projection.bias.add_(log_duration)
    with pytest.raises(VoiceError, match="must be at most"):
        Voice(bundle)("hello.")


def test_samples_that_are_not_finite_are_refused(voice):
    with pytest.raises(VoiceError, match="finite"):
        voice("hello.", noise_scale=1e38)


def test_a_device_that_is_not_there(voice_folder):
    for device in ("gpu", "cuda:99", "meta:x"):
        with pytest.raises(VoiceError, match=device):
            load(voice_folder, device)


def test_a_voice_tells_what_it_is(voice, duo):
    assert repr(voice) == "Voice('tiny', en-us, 22050 Hz, 1 speaker, 7 training steps, on cpu)"
    assert "2 speakers" in repr(duo)
    assert voice.card == Card(name="tiny", licence="CC0-1.0", training_steps=7)
    assert voice.sample_rate == 22050
    assert voice.device == torch.device("cpu")
    assert len(voice.frontend.symbols) == 59


@pytest.mark.slow
def test_synthesize_is_load_and_speak(voice_folder):
    voice = load(voice_folder)
    expected = voice(TEXT, seed=2, noise_scale=0.1, length_scale=1.5)
    for source in (voice_folder, str(voice_folder), voice):
        for speak in (synthesize, vits.synthesize):
            speech = speak(TEXT, voice=source, seed=2, noise_scale=0.1, length_scale=1.5)
            np.testing.assert_array_equal(speech.samples, expected.samples)


def test_a_voice_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="vits bundle"):
        synthesize(TEXT, voice=tmp_path / "nowhere")


def test_a_voice_that_reads_with_espeak(make_bundle, make_config, tmp_path):
    frontend = Frontend(FrontendConfig(), SymbolTable.default())
    generator = vits.Vits(make_config(n_symbols=178))
    parts = {"frontend": frontend, "fingerprint": frontend.fingerprint(), "generator": generator}
    voice = load(write_voice(tmp_path / "voice", make_bundle(**parts)))
    speech = voice("Hello world. It costs 5 dollars.", seed=1)
    text = "".join(phoneme.text for phoneme in speech.phonemes)
    assert text == "həlˈoʊ wˈɜːld.ɪt kˈɔsts fˈaɪv dˈɑːlɚz."
    assert " ".join(word.text for word in speech.words) == "Hello world It costs five dollars"


def test_words_of_a_lexicon_and_inline_phonemes_have_the_ids_of_their_symbols(voice):
    taught = voice.with_lexicon({"Garden": "gAdn"})
    symbols = voice.frontend.symbols
    expected = [symbols.id(symbol) for symbol in "gAdn"]
    for encoding in (
        taught.frontend.encode("garden"),
        voice.frontend.encode("[[gAdn]]"),
    ):
        assert [index for index in encoding.ids if index] == expected
    spoken, inline = taught("The garden.", seed=1), voice("The [[gAdn]].", seed=1)
    np.testing.assert_array_equal(spoken.samples, inline.samples)
    assert [word.text for word in spoken.words] == ["The", "garden"]
    assert "garden" not in voice.frontend.lexicon
    assert not np.array_equal(voice("The garden.", seed=1).samples, spoken.samples)
    with pytest.raises(TextError, match="is not a word"):
        voice.with_lexicon({"?!": "a"})
