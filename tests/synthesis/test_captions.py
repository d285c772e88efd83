import json
import re
from itertools import pairwise

import numpy as np
import pytest

from vits.errors import MissingFileError, VoiceError
from vits.synthesis import Captions, Speech, Timing
from vits.synthesis.captions import written_words
from vits.text.aligned import Span

RATE = 1000


def speech(words, phonemes=(), seconds=10.0):
    samples = np.zeros(round(seconds * RATE), np.float32)
    make = lambda timings: tuple(Timing(*timing) for timing in timings)  # noqa: E731
    return Speech(samples, RATE, make(phonemes), make(words), 5)


def milliseconds(clock):
    hours, minutes, seconds, rest = map(int, re.split("[:,.]", clock))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def read_srt(text):
    cues = []
    for number, block in enumerate(text.strip("\n").split("\n\n"), start=1):
        index, times, said = block.split("\n")
        assert int(index) == number
        cues.append((*map(milliseconds, times.split(" --> ")), said))
    return cues


def read_textgrid(text):
    """Read the long format back: name, and (start, end, text) of each interval, by tier."""
    tiers = {}
    for part in re.split(r"    item \[\d+\]:\n", text)[1:]:
        name = re.search(r'name = "(\w+)"', part)[1]
        found = re.findall(
            r'intervals \[\d+\]:\n +xmin = (\S+)\n +xmax = (\S+)\n +text = "((?:[^"]|"")*)"', part
        )
        assert int(re.search(r"intervals: size = (\d+)", part)[1]) == len(found)
        tiers[name] = [(float(a), float(b), said.replace('""', '"')) for a, b, said in found]
    return tiers


def test_srt_has_the_words_with_their_marks():
    said = speech(
        [("Well", 0.5, 0.7), ("no", 0.75, 1.0), ("Vera", 1.2, 1.5)],
        [(",", 0.7, 0.72), ('"', 0.73, 0.75), (".", 1.0, 1.1), ('"', 1.1, 1.15), ("?", 1.5, 1.6)],
    )
    assert read_srt(Captions([said]).render("srt")) == [
        (500, 1000, 'Well, "no."'),
        (1200, 1500, "Vera?"),
    ]


def test_a_dash_between_spaces_keeps_them():
    said = speech([("a", 0, 1), ("b", 1.5, 3)], [(" ", 1, 1.1), ("—", 1.1, 1.4), (" ", 1.4, 1.5)])
    assert read_srt(Captions([said]).render("srt"))[0][2] == "a — b"


def test_a_cue_ends_at_a_long_silence_and_at_its_limits():
    words = [(f"word{i:02d}", i * 0.2, i * 0.2 + 0.2) for i in range(40)]
    words += [("late", 9.5, 9.6)]
    cues = read_srt(Captions([speech(words)]).render("srt"))
    assert " ".join(said for *_, said in cues).split() == [word for word, *_ in words]
    assert all(len(said) <= 84 and end - start <= 7000 for start, end, said in cues)
    assert cues[-1] == (9500, 9600, "late")
    assert all(before[1] <= after[0] for before, after in pairwise(cues))


def test_times_past_an_hour_are_carried():
    said = speech([("late", 3725.0625, 3725.9999)], seconds=3726)
    assert "01:02:05,062 --> 01:02:06,000" in Captions([said]).render("srt")


def test_webvtt_escapes_and_stamps_every_word():
    said = speech([("<i>", 0.5, 1.0), ("a&b", 1.25, 2.0)])
    assert Captions([said]).render("vtt") == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n&lt;i&gt; <00:00:01.250>a&amp;b\n"
    )


def test_an_arrow_in_the_text_is_no_line_of_times():
    assert Captions([speech([("-->", 0, 1)])]).render("srt").count("-->") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_textgrid_covers_everything_without_gaps(voice, stream):
    options = {"seed": 1, "sentence_silence": 0.3}
    text = "Well, here. And 'there' it is? Yes!"
    whole = voice(text, **options)
    captions = Captions(voice.stream(text, **options) if stream else [whole])
    tiers = read_textgrid(captions.render("textgrid"))
    assert list(tiers) == ["words", "phonemes"]
    for name, timings in (("words", whole.words), ("phonemes", whole.phonemes)):
        intervals = tiers[name]
        assert intervals[0][0] == 0
        assert intervals[-1][1] == pytest.approx(whole.seconds, abs=1e-8)
        assert all(before[1] == after[0] for before, after in pairwise(intervals))
        assert all(start < end for start, end, _ in intervals)
        named = [(said, start, end) for start, end, said in intervals if said]
        assert [said for said, *_ in named] == [timing.text for timing in timings]
        for (_, start, end), timing in zip(named, timings, strict=True):
            assert (start, end) == pytest.approx((timing.start, timing.end), abs=1e-5)


def test_quotes_in_a_textgrid_are_doubled():
    said = speech([('a"b', 0.0, 1.0)], seconds=2.0)
    text = Captions([said]).render("textgrid")
    assert 'text = "a""b"' in text
    assert read_textgrid(text)["words"] == [(0.0, 1.0, 'a"b'), (1.0, 2.0, "")]


def test_json_is_the_timings_whole_or_streamed(voice, tmp_path):
    whole = voice("Hello there. You?", seed=2)
    path = whole.write_captions(tmp_path / "a.json")
    assert json.loads(path.read_text(encoding="utf-8")) == whole.timings()
    streamed = Captions(voice.stream("Hello there. You?", seed=2))
    assert json.loads(streamed.render("json")) == whole.timings()


@pytest.mark.parametrize("name", ["a.srt", "a.VTT", "a.TextGrid", "a.json"])
def test_the_ending_picks_the_kind(voice, tmp_path, name):
    said = voice("hello.", seed=1)
    written = said.write_captions(tmp_path / name).read_text(encoding="utf-8")
    assert written == Captions([said]).render(name.split(".")[1].lower())


def test_other_endings_and_folders_are_refused_in_a_line(voice, tmp_path):
    said = voice("hello.", seed=1)
    with pytest.raises(VoiceError, match=r"a\.txt must end in one of \.srt, \.vtt, \.textgrid"):
        said.write_captions(tmp_path / "a.txt")
    with pytest.raises(MissingFileError, match="nowhere"):
        said.write_captions(tmp_path / "nowhere" / "a.srt")
    with pytest.raises(VoiceError, match="'xml' must be one of srt"):
        Captions([said]).render("xml")


def test_captions_show_what_is_written(voice):
    text = "**Pay** one cat at http://a.b/c today."
    speech = voice(text, seed=1)
    shown = Captions([speech], written=text)
    words = shown.shown_words()
    assert [word.text for word in words] == ["Pay", "one", "cat", "at", "http://a.b/c", "today"]
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(words))
    assert "http://a.b/c today." in shown.render("srt")
    assert 'text = "http://a.b/c"' in shown.render("textgrid")


def test_words_of_one_written_form_are_one_cue():
    words = [
        Timing("one", 0.0, 0.2, Span(0, 4)),
        Timing("hundred", 0.2, 0.4, Span(0, 4)),
        Timing("dollars", 0.4, 1.0, Span(0, 4)),
        Timing("now", 1.0, 1.2, Span(5, 8)),
        Timing("x", 1.2, 1.3),
    ]
    found = written_words(words, "$100 now")
    assert [word[:3] for word in found] == [("$100", 0.0, 1.0), ("now", 1.0, 1.2), ("x", 1.2, 1.3)]
