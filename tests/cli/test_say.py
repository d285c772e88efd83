import io
import json
import re
import sys

import numpy as np
import pytest
import soundfile

from vits.cli import main
from vits.synthesis import load, write_voice


@pytest.fixture(scope="module")
def voice(tiny_voice):
    return tiny_voice


@pytest.fixture(scope="module")
def named(tiny_duo):
    return tiny_duo


@pytest.fixture(scope="module")
def numbered(make_bundle, tmp_path_factory):
    return write_voice(tmp_path_factory.mktemp("numbered") / "voice", make_bundle(("84", "174")))


@pytest.fixture
def say(voice, tmp_path, capsys):
    """Run ``vits say``; return status, standard output and standard error."""

    def run(*arguments, voice=voice, output=tmp_path / "out.wav"):
        place = ["-o", str(output), "--voice", str(voice)]
        status = main(["say", *map(str, arguments), *place])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def stdin(monkeypatch):
    def install(data, terminal=False):
        stream = io.TextIOWrapper(io.BytesIO(data))
        stream.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stdin", stream)

    return install


def samples(path):
    return soundfile.read(path, dtype="float32")[0]


def test_one_line_names_the_file_its_length_and_the_real_time_factor(say, tmp_path, voice):
    status, out, err = say("hello there.", "--seed", 7)
    assert (status, err) == (0, "")
    found = re.fullmatch(r"(.+): ([\d.]+) s of speech, real-time factor ([\d.]+), seed 7\n", out)
    assert found[1] == str(tmp_path / "out.wav")
    expected = load(voice)("hello there.", seed=7)
    np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    assert float(found[2]) == pytest.approx(expected.seconds, abs=0.01)
    assert float(found[3]) > 0


@pytest.mark.parametrize("mark", ["-", None])
def test_the_text_comes_from_the_standard_input(say, stdin, tmp_path, mark):
    assert say("hello, you.", "--seed", 1)[0] == 0
    expected = samples(tmp_path / "out.wav")
    stdin("\ufeffhello, you.".encode())
    assert say(*([mark] if mark else []), "--seed", 1)[0] == 0
    np.testing.assert_array_equal(samples(tmp_path / "out.wav"), expected)


def test_the_text_comes_from_a_file(say, tmp_path):
    (tmp_path / "text.txt").write_text("hello, you.", encoding="utf-8")
    assert say("--file", tmp_path / "text.txt", "--seed", 1)[0] == 0
    expected = samples(tmp_path / "out.wav")
    assert say("hello, you.", "--seed", 1)[0] == 0
    np.testing.assert_array_equal(samples(tmp_path / "out.wav"), expected)


def test_every_setting_reaches_the_voice(say, named, tmp_path):
    settings = {
        "--speaker": "bob",
        "--seed": 3,
        "--noise-scale": 0.5,
        "--noise-scale-duration": 0.4,
        "--length-scale": 1.3,
        "--sentence-silence": 0.7,
        "--paragraph-silence": 0.9,
    }
    arguments = [item for pair in settings.items() for item in pair]
    timings = tmp_path / "timings.json"
    text = "Hello. There? Hello.\n\nThere."
    marks = ("--punctuation-silence", "?=0.3", "--punctuation-silence", "==1")
    status, _, err = say(text, *arguments, *marks, "--timings", timings, voice=named)
    assert (status, err) == (0, "")
    keywords = {key[2:].replace("-", "_"): value for key, value in settings.items()}
    expected = load(named)(text, punctuation_silence={"?": 0.3, "=": 1}, **keywords)
    np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    assert json.loads(timings.read_text(encoding="utf-8")) == expected.timings()


def test_a_number_is_a_row_unless_speakers_are_named_by_numbers(say, named, numbered, tmp_path):
    for voice, speaker, row in ((named, "1", 1), (numbered, "174", 1), (numbered, "84", 0)):
        assert say("hello.", "--speaker", speaker, "--seed", 1, voice=voice)[0] == 0
        expected = load(voice)("hello.", speaker=row, seed=1)
        np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    status, _, err = say("hello.", "--speaker", "1", voice=numbered)
    assert status == 2
    assert "84, 174" in err


@pytest.mark.filterwarnings("default::vits.text.UnknownSymbolWarning")
def test_symbols_that_are_dropped_are_named_on_the_error_output(say):
    status, out, err = say("hжllo.")
    assert status == 0
    assert "ж" in err
    assert err.count("\n") == out.count("\n") == 1


def fails(result, *words):
    status, out, err = result
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_bad_input_is_one_line_and_status_2(say, tmp_path, named):
    (tmp_path / "binary").write_bytes(b"abc\xff\xfe")
    (tmp_path / "empty").mkdir()
    fails(say(""), "empty")
    fails(say("\x00"), "")
    fails(say("hello.", "--file", tmp_path / "binary"), "both")
    fails(say("--file", tmp_path / "binary"), "UTF-8", "0xff", "position 3")
    fails(say("--file", tmp_path / "nothing"), "nothing")
    fails(say("hello.", voice=tmp_path / "nowhere"), "nowhere", "vits bundle")
    fails(say("hello.", voice=tmp_path / "empty"), "not a voice", "config.json")
    fails(say("hello.", "--speaker", "eve", voice=named), "eve", "ada, bob")
    fails(say("hello.", "--length-scale", "0"), "length_scale")
    fails(say("hello.", "--noise-scale", "nan"), "noise_scale")
    fails(say("hello.", "--device", "gpu"), "gpu")
    fails(say("hello.", output=tmp_path / "out.aac"), ".aac", ".mp3")
    fails(say("hello.", output=tmp_path / "no" / "out.wav"), "no", "does not exist")
    fails(say("hello.", "--timings", tmp_path / "no" / "t.json"), "does not exist")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.filterwarnings("ignore::vits.text.UnknownSymbolWarning")
def test_a_text_without_a_word_the_voice_knows_is_an_error(say):
    fails(say("\U0001f600"), "nothing to speak", "U+1F600")


def test_no_text_at_a_terminal_is_an_error_not_a_wait(say, stdin):
    stdin(b"", terminal=True)
    fails(say(), "no text")


def test_an_input_that_is_no_text_is_named(say, stdin):
    stdin(b"\x80")
    fails(say("-"), "standard input", "0x80")


def test_an_input_without_end_is_refused(say, tmp_path, monkeypatch):
    monkeypatch.setattr("vits.cli.say.LONGEST_INPUT", 100)
    (tmp_path / "long").write_bytes(b"hello " * 100)
    fails(say("--file", tmp_path / "long"), "split it", "100 bytes")


def test_a_long_text_is_written_as_it_is_spoken(say, tmp_path, monkeypatch):
    monkeypatch.setattr("vits.synthesis.script.sentences.LONGEST_TEXT", 10)
    assert say("Hello there. How are you?", "--seed", 1)[0] == 0
    assert len(samples(tmp_path / "out.wav")) > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


def test_an_error_in_the_middle_leaves_no_half_of_a_file(say, tmp_path):
    fails(say("Hello there. How [[are you? Fine."), "[[")
    assert not list(tmp_path.iterdir())


def test_a_pipe_gets_the_wave_and_the_line_goes_to_the_error_output(voice, capfdbinary):
    arguments = ["say", "hello there.", "--seed", "7", "-o", "-", "--voice", str(voice)]
    assert main(arguments) == 0
    out, err = capfdbinary.readouterr()
    assert re.fullmatch(rb"-: [\d.]+ s of speech, real-time factor [\d.]+, seed 7\n", err)
    assert out[:4] == b"RIFF"
    wave = np.frombuffer(out[44:], "<i2") / 32768
    np.testing.assert_allclose(wave, load(voice)("hello there.", seed=7).samples, atol=1e-4)


def test_a_mark_without_its_seconds_is_named(say):
    fails(say("hello.", "--punctuation-silence", "?"), "must be like '?=0.5'")


def test_captions_are_written_by_their_ending(say, voice, tmp_path):
    files = [tmp_path / name for name in ("a.srt", "a.vtt", "a.TextGrid", "a.json")]
    flags = [item for path in files for item in ("--captions", path)]
    assert say("Hello there. Hello?", "--seed", 4, *flags)[0] == 0
    expected = load(voice)("Hello there. Hello?", seed=4)
    for path in files:
        again = expected.write_captions(tmp_path / f"again{path.suffix}")
        assert path.read_text(encoding="utf-8") == again.read_text(encoding="utf-8")
    fails(
        say("hello.", "--captions", tmp_path / "a.txt", output=tmp_path / "b.wav"), ".txt", ".srt"
    )
    assert not (tmp_path / "b.wav").exists()


def test_length_mix_and_lexicon_reach_the_voice(say, named, tmp_path):
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("hello\taloha\n", encoding="utf-8")
    arguments = ("--seconds", 2.5, "--speaker", "ada:0.7,bob:0.3", "--lexicon", lexicon)
    assert say("Hello there.", *arguments, "--seed", 3, voice=named)[0] == 0
    mix = {"ada": 0.7, "bob": 0.3}
    expected = load(named)("[[aloha]] there.", speaker=mix, seconds=2.5, seed=3)
    np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    for mix in ("ada:0.7,bob", "ada:1,ada:2", "ada:0.7,eve:0.3", "ada:0,bob:1", ":,:"):
        fails(say("hello.", "--speaker", mix, voice=named, output=tmp_path / "b.wav"))
    fails(say("hello.", "--lexicon", tmp_path / "no.tsv", output=tmp_path / "b.wav"), "no.tsv")
    fails(say("hello.", "--seconds", 0.01, output=tmp_path / "b.wav"), "at least")


def test_lengths_of_words_and_phonemes_reach_the_voice(say, voice, tmp_path):
    flags = ("--word-seconds", "1=0.7", "--word-seconds", "0=0.5", "--phoneme-seconds", "2=0.2")
    assert say("hello there.", *flags, "--seconds", 2, "--seed", 3)[0] == 0
    lengths = {"word_seconds": {0: 0.5, 1: 0.7}, "phoneme_seconds": {2: 0.2}}
    expected = load(voice)("hello there.", seed=3, seconds=2.0, **lengths)
    np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    other = tmp_path / "b.wav"
    for flag in ("--word-seconds", "--phoneme-seconds"):
        for value in ("0.9", "a=1", "1=", "1=b", "="):
            fails(say("hello.", flag, value, output=other), "like '3=0.9'")
        fails(say("hello.", flag, "99=1", output=other), "99")
        fails(say("hello.", flag, "0=0", output=other), "positive")
        fails(say("hello.", f"{flag}=-1=1", output=other), "from 0")
        fails(say("hello.", flag, "0=1", flag, "0=2", output=other), f"{flag} 0=2 comes after 0=1")
    fails(say("hello.", "--word-pitch", "0=2", output=other), "need a voice with pitch")
    fails(say("hello.", "--pitch", -2, output=other), "pitch -2.0 needs a voice with pitch")
    marks = ("--punctuation-silence", "?=1", "--punctuation-silence", "?=2")
    fails(say("hello.", *marks, output=other), "?=2 comes after ?=1")
    assert not other.exists()


def test_markup_is_read_as_markup(say, voice, tmp_path):
    file = tmp_path / "text.xml"
    file.write_text("<speak>Hello <break time='300ms'/>there.</speak>", encoding="utf-8")
    assert say("--ssml", "--file", file, "--seed", 3)[0] == 0
    expected = load(voice)(file.read_text(encoding="utf-8"), ssml=True, seed=3)
    np.testing.assert_allclose(samples(tmp_path / "out.wav"), expected.samples, atol=1e-4)
    fails(say("hello", "--ssml", output=tmp_path / "b.wav"), "SSML line 1")
