import functools
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from vits.audio import files
from vits.errors import ConfigError
from vits.evaluation import PocketSphinx, load_recogniser
from vits.evaluation.evaluators.error_rates import plain_words
from vits.evaluation.evaluators.language_model import build_bigrams, write_arpa
from vits.evaluation.evaluators.recogniser import AlignmentChecker


@pytest.fixture(scope="module")
def sphinx():
    return PocketSphinx()


@pytest.fixture(scope="module")
def spoken(robot):
    rows = (robot / "metadata.csv").read_text(encoding="utf-8").splitlines()
    utterances = []
    for row in rows:
        name, text, _ = row.split("|")
        samples, rate = files.read(robot / "wavs" / f"{name}.wav")
        utterances.append((samples[:, 0], rate, text))
    return utterances


def test_words_are_found_in_what_says_them_and_not_elsewhere(sphinx, spoken):
    samples, rate, text = spoken[1]
    assert sphinx.aligns(samples, rate, text) is True
    assert sphinx.aligns(samples[: rate // 4], rate, text * 3) is False


def test_unknown_words_cannot_be_aligned(sphinx, spoken):
    samples, rate, _ = spoken[0]
    assert sphinx.aligns(samples, rate, "the nightglow sings") is None
    assert sphinx.aligns(samples, rate, "?!") is None
    assert not sphinx.knows("nightglow")


def test_the_dictionary_lists_words_that_it_knows(sphinx):
    words = sphinx.words()
    assert len(words) == len(set(words)) > 100_000
    assert {"joys", "don't", "a"} <= set(words)
    assert all(sphinx.knows(word) and plain_words(word) == [word] for word in words[::2000])


def test_what_is_heard_does_not_depend_on_what_was_heard_before(sphinx, spoken):
    samples, rate, text = spoken[0]
    first = sphinx.transcribe(samples, rate)
    sphinx.transcribe(*spoken[1][:2])
    sphinx.aligns(samples, rate, text)
    assert sphinx.transcribe(samples, rate) == first


def test_a_wave_too_short_for_a_word_says_nothing(sphinx):
    assert sphinx.transcribe(np.zeros(10, np.float32), 16000) == ""


def test_a_model_of_the_very_sentence_hears_it(spoken, tmp_path, monkeypatch):
    import pocketsphinx

    samples, rate, text = spoken[1]
    # with all 134,000 words pocketsphinx takes seconds to read an ARPA file, however small
    whole = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    words = {*plain_words(text)}
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    small = [line for line in lines if line.split(" ")[0].partition("(")[0] in words]
    (tmp_path / "small.dict").write_text("".join(small), encoding="utf-8")
    decoder = functools.partial(pocketsphinx.Decoder, dict=str(tmp_path / "small.dict"))
    monkeypatch.setattr(pocketsphinx, "Decoder", decoder)
    write_arpa(tmp_path / "one.arpa", build_bigrams([plain_words(text)]))
    recognised = PocketSphinx(tmp_path / "one.arpa").transcribe(samples, rate)
    assert plain_words(recognised) == plain_words(text)


def test_a_broken_model_is_one_line(tmp_path):
    (tmp_path / "x.arpa").write_text("no model\n")
    with pytest.raises(ConfigError, match="cannot read the language model"):
        PocketSphinx(tmp_path / "x.arpa")


class Mute:
    pass


class Writer:
    def transcribe(self, samples, sample_rate):
        return "words"


def test_a_recogniser_is_made_by_its_name(monkeypatch):
    module = types.ModuleType("my_recogniser")
    module.Writer, module.Mute = Writer, Mute
    monkeypatch.setitem(sys.modules, "my_recogniser", module)
    made = load_recogniser("my_recogniser:Writer")
    assert made.transcribe(np.zeros(1), 16000) == "words"
    assert not isinstance(made, AlignmentChecker)
    assert load_recogniser("none") is None
    assert isinstance(load_recogniser("pocketsphinx"), AlignmentChecker)
    for name, words in (
        ("parakeet", "must be pocketsphinx, whisper, none or"),
        ("my_recogniser:Reader", "cannot be imported"),
        ("no.such.module:make", "cannot be imported"),
        ("my_recogniser:Mute", "lacks transcribe"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_recogniser(name)
