"""Every table that people have gives its recordings, its texts and its speakers."""

import pytest

from vits.data.corpora import open_corpus, read_corpus
from vits.errors import DataError

NAMES = [f"k{i:02}" for i in range(12)]
WORDS = ("one", "two", "three", "four", "five", "six", "seven")
TEXTS = [f"This is take {word}." for word in WORDS]


def texts():
    return [TEXTS[i % len(TEXTS)] for i in range(12)]


def make(folder, table, lines, recordings):
    (folder / table).parent.mkdir(parents=True, exist_ok=True)
    (folder / table).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in recordings:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


LINES = {
    "ids": ("{n}|{t}", None),
    "files": ("{n}.wav|{t}", None),
    "paths": ("wavs/{n}.wav|{t}", None),
    "dot paths": ("./wavs/{n}.wav|{t}", None),
    "another system's paths": (r"C:\\data\\wavs\\{n}.wav|{t}", None),
    "somebody's paths": ("/home/me/corpus/{n}.wav|{t}", None),
    "piper with speakers": ("{n}|{s}|{t}", None),
    "files with speakers": ("wavs/{n}.wav|{s}|{t}", None),
    "speakers last": ("wavs/{n}.wav|{t}|{i}", None),
    "speaker and language": ("{n}.wav|{s}|en|{t}", None),
    "raw, normalised, seconds": ("{n}|{t}|{t}|1.25", None),
    "quoted": ('{n}.wav|"{t}"', None),
    "coqui": ("{n}|{t}|{s}", "audio_file|text|speaker_name"),
    "semicolon": ("{n};{t}", None),
    "comma": ("{n},{t}", None),
    "tab": ("{n}\t{t}", None),
    "kaldi": ("{n} {t}", None),
    "colon": ("{n}:{t}", None),
    "festival": ('( {n} "{t}" )', None),
    "header": ("{n}.wav|{t}", "audio_file|text"),
    "header with commas": ("{n}.wav,{t}", "audio,sentence"),
    "quoted header": ('"{n}.wav","{t}"', '"file_name","text"'),
    "quoted speakers": ('"{n}.wav","{s}","{t}"', '"Path","Speaker","Transcript"'),
    "common voice": ("{s}\t{n}.mp3\t{t}\t2", "client_id\tpath\tsentence\tup_votes"),
    "deepspeech": ("{n}.wav,1234,{t}", "wav_filename,wav_filesize,transcript"),
}


@pytest.mark.parametrize("place", ["wavs/{}.wav", "wav/{}.flac", "Audio/{}.WAV", "{}.wav"])
@pytest.mark.parametrize("kind", LINES)
def test_every_table_gives_its_rows(tmp_path, kind, place):
    line, header = LINES[kind]
    speakers = [("ann", "bob")[i % 2] for i in range(12)]
    lines = [
        line.format(n=n, t=t, s=s, i=i % 2)
        for i, (n, t, s) in enumerate(zip(NAMES, texts(), speakers, strict=True))
    ]
    make(tmp_path, "metadata.csv", [header] * bool(header) + lines, map(place.format, NAMES))
    rows = list(read_corpus(tmp_path))
    assert [row.text for row in rows] == texts()
    assert [row.audio for row in rows] == [str(tmp_path / place.format(n)) for n in NAMES]
    if "{s}" in line:
        assert [row.speaker for row in rows] == speakers
    else:
        numbers = [str(i % 2) for i in range(12)] if "{i}" in line else [""] * 12
        assert [row.speaker for row in rows] == numbers


@pytest.mark.parametrize(
    ("table", "line"), [("metadata.txt", "{}|Text."), ("list.tsv", "{}\tText.")]
)
def test_a_table_of_any_name_is_found_and_can_be_given(tmp_path, table, line):
    make(tmp_path, table, [line.format(n) for n in NAMES], [f"wavs/{n}.wav" for n in NAMES])
    assert len(list(read_corpus(tmp_path))) == 12
    assert list(read_corpus(tmp_path)) == list(read_corpus(tmp_path / table))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"She said ""yes""."', 'She said "yes".'),
        ('"Not at this | particular case"', "Not at this | particular case"),
        (r"Not at this \| case", "Not at this | case"),
        ('"Hello."', '"Hello."'),
        ('"Yes", she said, "yes"', '"Yes", she said, "yes"'),
        ('A 12" disc', 'A 12" disc'),
    ],
)
def test_quotes_are_those_of_a_csv_writer_or_of_the_text(tmp_path, written, meant):
    lines = [f"k00|{written}", "k01|Plain."]
    make(tmp_path, "metadata.csv", lines, ["wavs/k00.wav", "wavs/k01.wav"])
    assert [row.text for row in read_corpus(tmp_path)] == [meant, "Plain."]


def test_commas_in_a_text_belong_to_it_where_only_that_can_be_meant(tmp_path):
    make(tmp_path, "metadata.csv", ["k00,Yes, well, no.", "k01,No."], ["k00.wav", "k01.wav"])
    assert [row.text for row in read_corpus(tmp_path)] == ["Yes, well, no.", "No."]


def test_a_quoted_text_may_span_lines(tmp_path):
    lines = ["audio,text", 'k00,"Yes,', 'no."', "k01,No."]
    make(tmp_path, "metadata.csv", lines, ["k00.wav", "k01.wav"])
    assert [row.text for row in read_corpus(tmp_path)] == ["Yes,\nno.", "No."]


@pytest.mark.parametrize(
    "line",
    [
        "{n}|{s}",  # speakers without texts, or texts of a word
        "{n}|{s}|",
        "{n}|{s}|{s}s",  # two columns of words
        "{n}|First text of {n}.|Something quite else {n}.",
        "{n}|{s}|1.5|{t}|{t}|Another.",
        "{n},Hello, {s}.",
        "{n}|{s}|{s}er|{t}",
    ],
)
def test_two_readings_are_a_question_and_an_answer_decides(tmp_path, line):
    pairs = zip(NAMES, texts(), strict=True)
    lines = [line.format(n=n, t=t, s=("ann", "bob")[i % 2]) for i, (n, t) in enumerate(pairs)]
    make(tmp_path, "metadata.csv", lines, [f"wavs/{n}.wav" for n in NAMES])
    with pytest.raises(DataError, match="--format"):
        list(read_corpus(tmp_path))
    width = len(lines[0].split("|" if "|" in line else ","))
    columns = "|".join(["audio", "text", *["-"] * (width - 2)])
    assert len(list(read_corpus(tmp_path, format=columns))) == 12


def test_a_recording_in_two_folders_is_a_question(tmp_path):
    make(tmp_path, "metadata.csv", ["k00|Hello there."], ["a/k00.wav", "b/k00.wav"])
    with pytest.raises(DataError, match="--audio-dir"):
        list(read_corpus(tmp_path))
    (row,) = read_corpus(tmp_path, audio_dir=tmp_path / "b")
    assert row.audio == str(tmp_path / "b/k00.wav")


def test_a_recording_of_another_folder_is_not_taken_for_a_missing_one(tmp_path):
    lines = ["ann/1.wav|Hello there.", "bob/1.wav|Well, well."]
    make(tmp_path, "metadata.csv", lines, ["ann/1.wav"])
    assert [row.audio for row in read_corpus(tmp_path)] == [
        str(tmp_path / "ann/1.wav"),
        str(tmp_path / "bob/1.wav"),
    ]


def test_a_readable_format_is_preferred_and_others_are_named(tmp_path):
    make(tmp_path, "metadata.csv", ["k0.m4a|One.", "k1.m4a|Two."], ["a/k0.m4a", "a/k1.m4a"])
    (tmp_path / "a/k1.wav").touch()
    names = [row.audio for row in read_corpus(tmp_path)]
    assert names == [str(tmp_path / "a/k0.m4a"), str(tmp_path / "a/k1.wav")]


def test_a_header_without_a_text_is_an_error(tmp_path):
    make(tmp_path, "metadata.csv", ["file|speaker", "k00|ann"], ["wavs/k00.wav"])
    with pytest.raises(DataError, match="no column for the text among file, speaker"):
        read_corpus(tmp_path)


def test_the_decision_is_said(tmp_path):
    lines = [f"{n}\tann\t{t}" for n, t in zip(NAMES, texts(), strict=True)]
    make(tmp_path, "metadata.csv", lines, [f"wavs/{n}.wav" for n in NAMES])
    corpus = open_corpus(tmp_path)
    assert corpus.description == "metadata.csv with the columns audio|speaker|text between tabs"


@pytest.mark.parametrize("columns", ["audio|words", "audio|audio|text", "text", "audio|-"])
def test_columns_are_checked(tmp_path, columns):
    make(tmp_path, "metadata.csv", ["k00|ann|Hello there."], ["wavs/k00.wav"])
    with pytest.raises(DataError, match="format"):
        read_corpus(tmp_path, format=columns)
