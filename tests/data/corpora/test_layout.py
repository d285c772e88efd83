import os
import threading
from pathlib import Path

import pytest

from vits.data.corpora import LAYOUTS, open_corpus, read_corpus
from vits.data.corpora.layout import detect
from vits.errors import DataError, MissingFileError


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_detected_and_can_be_chosen(name, request):
    root = request.getfixturevalue(name)
    table = {"filelist": "train.txt", "table": "clips.tsv"}.get(name)
    assert detect(root, table) == name
    chosen = list(read_corpus(root, format=name, table=table))
    assert chosen == list(read_corpus(root, table=table)) != []


def test_an_unknown_layout_lists_the_known_ones(tmp_path):
    with pytest.raises(DataError, match=r"no known layout: it has no files; .*ljspeech.*pairs"):
        read_corpus(tmp_path)


def test_an_ambiguous_layout_lists_its_candidates(vctk, ljspeech, write_files):
    write_files(vctk, {"metadata.csv": "a|b\n"})
    with pytest.raises(DataError, match=r"metadata\.csv \(ljspeech\), txt/ \(vctk\)"):
        read_corpus(vctk)
    assert len(list(read_corpus(vctk, format="vctk"))) == 3


def test_missing_sources_and_tables_are_errors(ljspeech):
    with pytest.raises(MissingFileError, match="nowhere does not exist"):
        read_corpus(ljspeech / "nowhere")
    with pytest.raises(MissingFileError, match=r"has no dev\.csv"):
        read_corpus(ljspeech, table="dev.csv")
    with pytest.raises(MissingFileError, match=r"has no manifest\.jsonl"):
        read_corpus(ljspeech, format="manifest")
    with pytest.raises(DataError, match="is a table already"):
        read_corpus(ljspeech / "train.csv", format="ljspeech", table="x.csv")


NAMES = [f"k{i:02}" for i in range(12)]
TEXTS = [f"This is take {i + 1}." for i in range(12)]
SPEAKERS = [("ann", "bob")[i % 2] for i in range(12)]


def rows(line, header=None):
    """A table with a line for each recording."""
    values = zip(NAMES, TEXTS, SPEAKERS, strict=True)
    lines = [line.format(n=n, t=t, s=s, i=i % 2) for i, (n, t, s) in enumerate(values)]
    return "\n".join([*([header] if header else []), *lines]) + "\n"


def files(pattern, content="x"):
    """A file for each recording."""
    values = zip(NAMES, TEXTS, SPEAKERS, strict=True)
    return {pattern.format(n=n, s=s): content.format(t=t) for n, t, s in values}


def crlf(text):
    return text.replace("\n", "\r\n")


JSON = ", ".join(f'{{"file": "{n}.wav", "text": "{t}"}}' for n, t in zip(NAMES, TEXTS, strict=True))
HABITS = {
    "a header above LJSpeech": (
        {"metadata.csv": rows("{n}|raw|{t}", "id|transcription|normalized_transcription")}
        | files("wavs/{n}.wav"),
        False,
    ),
    "VCTK after resampling": (files("wav/{s}/{n}.wav") | files("txt/{s}/{n}.txt", "{t}"), True),
    "L2-ARCTIC": (files("{s}/wav/{n}.wav") | files("{s}/transcript/{n}.txt", "{t}"), True),
    "Montreal Forced Aligner": (files("{s}/{n}.wav") | files("{s}/{n}.lab", "{t}"), True),
    "LibriSpeech": (
        files("train/{s}/7/{n}.flac")
        | {
            f"train/{s}/7/{s}-7.trans.txt": "".join(
                f"{n} {t}\n" for n, t, who in zip(NAMES, TEXTS, SPEAKERS, strict=True) if who == s
            )
            for s in ("ann", "bob")
        },
        True,
    ),
    "MLS": ({"transcripts.txt": rows("{n}\t{t}")} | files("audio/{s}/9/{n}.flac"), False),
    "Kaldi": (
        {
            "text": rows("{s}-{n} {t}"),
            "utt2spk": rows("{s}-{n} {s}"),
            "wav.scp": rows("{s}-{n} /another/machine/{n}.wav"),
        }
        | files("wavs/{n}.wav"),
        True,
    ),
    "GPT-SoVITS": (
        {"me.list": rows("D:\\out put\\slicer\\{n}.wav|{s}|EN|{t}")} | files("slicer/{n}.wav"),
        True,
    ),
    "NeMo": (
        {
            "manifest.json": rows(
                '{{"audio_filepath": "{n}.wav", "duration": 1.5, "text": "{t}", "speaker": "{s}"}}'
            )
        }
        | files("{n}.wav"),
        True,
    ),
    "a JSON list": ({"data.json": f"[{JSON}]"} | files("audio/{n}.wav"), False),
    "a JSON list of many lines": (
        {"data.json": f"[{JSON}]".replace(", ", ",\n").replace("{", "{\n")} | files("{n}.wav"),
        False,
    ),
    "Coqui with emotions": (
        {
            "metadata.csv": rows(
                "wavs/{n}.wav|{t}|{s}|calm", "audio_file|text|speaker_name|emotion_name"
            )
        }
        | files("wavs/{n}.wav"),
        True,
    ),
    "a spreadsheet's export": (
        {"takes.csv": "\ufeffsep=;\r\n" + crlf(rows('"{n}.wav";"{t}"', "File;Text"))}
        | files("{n}.WAV"),
        False,
    ),
    "Common Voice": (
        {
            f"{part}.tsv": rows(
                "{s}\t{n}.mp3\t{t}\t2\ten", "client_id\tpath\tsentence\tup_votes\tlocale"
            )
            for part in ("train", "dev", "validated", "other")
        }
        | files("clips/{n}.mp3"),
        True,
    ),
    "paths with drive and spaces": (
        {"list.txt": rows("C:/My Data/Voice One/{n}.wav|{t}")} | files("Voice One/{n}.wav"),
        False,
    ),
    "the speaker first": ({"list.txt": rows("{s}|{n}|{t}")} | files("wavs/{n}.wav"), True),
    "the text first": ({"list.csv": rows('"{t}",{n}.wav')} | files("wavs/{n}.wav"), False),
    "an index of pandas": (
        {"data.csv": rows("{i},{n}.wav,{t},{s}", ",audio,text,speaker")} | files("{n}.wav"),
        True,
    ),
    "names in capitals": ({"METADATA.CSV": rows("{n}|{t}")} | files("WAVS/{n}.WAV"), False),
    "pairs in capitals": (files("{n}.WAV") | files("{n}.TXT", "{t}"), False),
    "an old Mac's hidden copies": (
        {"metadata.csv": rows("{n}|{t}")} | files("wavs/{n}.wav") | files("wavs/._{n}.wav"),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("habit", HABITS)
def test_what_other_programs_write_gives_its_rows(tmp_path, write_files, habit):
    contents, has_speakers = HABITS[habit]
    write_files(tmp_path, contents)
    found = sorted(read_corpus(tmp_path), key=lambda row: row.audio.rpartition("/")[2])
    assert [row.text for row in found] == TEXTS
    assert all(Path(row.audio).is_file() for row in found)
    assert [Path(row.audio).stem for row in found] == NAMES
    assert [row.speaker for row in found] == (SPEAKERS if has_speakers else [""] * 12)


def test_texts_in_ipa_are_phonemes(tmp_path, write_files):
    lines = "".join(f"{n}.wav|həlˈoʊ ðɛɹ|{i % 2}\n" for i, n in enumerate(NAMES))
    write_files(tmp_path, {"train_list.txt": lines} | files("wavs/{n}.wav"))
    corpus = open_corpus(tmp_path)
    assert "phonemes" in corpus.description
    assert {row.text for row in corpus.rows} == {"[[həlˈoʊ ðɛɹ]]"}


def test_a_table_in_utf16_is_read(tmp_path, write_files):
    write_files(tmp_path, files("{n}.wav"))
    text = rows("{n}.wav\tÉtude, {t}", "Path\tText")
    (tmp_path / "unicode.txt").write_bytes(crlf(text).encode("utf-16"))
    assert [row.text for row in read_corpus(tmp_path)] == [f"Étude, {text}" for text in TEXTS]


@pytest.mark.parametrize("name", ["list.txt", "rows.jsonl", "manifest.jsonl"])
@pytest.mark.parametrize("format", ["auto", "chosen"])
def test_a_table_is_opened_once(tmp_path, write_files, name, format):
    """A pipe cannot be opened twice, and a table may be large."""
    line = {
        "list.txt": "{n}.wav|{t}",
        "rows.jsonl": '{{"file_name": "{n}.wav", "text": "{t}"}}',
        "manifest.jsonl": '{{"id": "{n}", "audio": "{n}.wav", "text": "{t}"}}',
    }[name]
    write_files(tmp_path, files("{n}.wav"))
    os.mkfifo(tmp_path / name)
    writer = threading.Thread(target=(tmp_path / name).write_text, args=(rows(line),))
    writer.start()
    chosen = {"l": "filelist", "r": "audiofolder", "m": "manifest"}[name[0]]
    found = list(read_corpus(tmp_path / name, format=chosen if format == "chosen" else "auto"))
    writer.join()
    assert [row.text for row in found] == TEXTS


def test_a_pipe_among_the_files_of_a_folder_is_left_alone(ljspeech):
    before = list(read_corpus(ljspeech))
    os.mkfifo(ljspeech / "waiting.txt")
    os.mkfifo(ljspeech / "waiting.csv")
    assert list(read_corpus(ljspeech)) == before


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("segments", "u r 0 1\n", "divides long recordings"),
        ("wav.scp", "ann-u1 sph2pipe -f wav a.sph |\n", "the recording of ann-u1 is the output"),
    ],
)
def test_what_kaldi_computes_from_other_recordings_is_refused(kaldi, file, content, fault):
    (kaldi / file).write_text(content)
    with pytest.raises(DataError, match=fault):
        list(read_corpus(kaldi))
