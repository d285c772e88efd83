"""Each reader against a small corpus in its layout."""

import pytest

from vits.data.corpora import FORMATS, read_corpus
from vits.data.corpora.layout import detect
from vits.data.prepared.manifest import Row, write_manifest
from vits.errors import DataError, MissingFileError


def files(root, contents):
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.fixture
def ljspeech(tmp_path):
    return files(
        tmp_path / "lj",
        {
            "metadata.csv": 'LJ1|Dr. "A", 5|Doctor "A", five\nLJ2|Only raw|\nLJ3|Gone|Gone\n',
            "train.csv": "LJ2|Only raw|\n",
            "wavs/LJ1.wav": "x",
            "wavs/LJ2.flac": "x",
        },
    )


@pytest.fixture
def vctk(tmp_path):
    return files(
        tmp_path / "vctk",
        {
            "txt/p225/p225_001.txt": "Please call Stella.\n",
            "txt/p226/p226_001.txt": "Ask her.",
            "txt/p226/._p226_001.txt": "an archiver's",
            "wav48_silence_trimmed/p225/p225_001_mic1.flac": "x",
            "wav48_silence_trimmed/p225/p225_001_mic2.flac": "x",
            "wav48_silence_trimmed/p315/p315_001_mic1.flac": "x",
            "speaker-info.txt": "ID AGE\n",
        },
    )


@pytest.fixture
def libritts(tmp_path):
    return files(
        tmp_path / "tts",
        {
            "dev-clean/84/121/84_121_000.wav": "x",
            "dev-clean/84/121/84_121_000.normalized.txt": "Go.\n",
            "dev-clean/84/121/84_121_000.original.txt": "Go!",
            "dev-clean/84/121/84_121_001.normalized.txt": "No wave.",
            "dev-clean/174/50/174_50_000.wav": "x",
            "dev-clean/174/50/174_50.trans.tsv": "not read",
        },
    )


@pytest.fixture
def piper(tmp_path):
    return files(
        tmp_path / "piper",
        {"metadata.csv": "a.wav|ann|Hello.\nsub/b.WAV|bob|Bye.\n", "wav/a.wav": "x"},
    )


@pytest.fixture
def filelist(tmp_path):
    return files(
        tmp_path / "lists", {"train.txt": "DUMMY2/p1/a.wav|7|Hello.\nDUMMY2/p1/b.wav|8|Bye.\n"}
    )


@pytest.fixture
def audiofolder(tmp_path):
    return files(
        tmp_path / "hf",
        {
            "metadata.csv": "\ufefffile_name,extra,transcription,speaker_id\n"
            'data/a.mp3,1,"Yes, I\nsaid ""no"".",3\ndata/b.mp3,2,,4\n'
        },
    )


@pytest.fixture
def manifest(tmp_path):
    root = files(tmp_path / "ready", {"note": ""})
    write_manifest(root / "manifest.jsonl", [Row(id="a", audio="a.wav", text="Hi.")])
    return root


def test_ljspeech(ljspeech):
    wavs = ljspeech / "wavs"
    assert list(read_corpus(ljspeech)) == [
        Row(id="LJ1", audio=str(wavs / "LJ1.wav"), text='Doctor "A", five'),
        Row(id="LJ2", audio=str(wavs / "LJ2.flac"), text="Only raw"),
        Row(id="LJ3", audio=str(wavs / "LJ3.wav"), text="Gone"),
    ]


def test_ljspeech_with_another_table_and_folder(ljspeech):
    (row,) = read_corpus(ljspeech, table="train.csv", audio_dir=ljspeech / "other")
    assert row == Row(id="LJ2", audio=str(ljspeech / "other/LJ2.wav"), text="Only raw")
    assert next(read_corpus(ljspeech / "train.csv")).audio.endswith("LJ2.flac")


def test_vctk_lists_recordings_without_text_and_texts_without_recording(vctk):
    audio = vctk / "wav48_silence_trimmed"
    assert list(read_corpus(vctk)) == [
        Row(
            id="p225_001",
            audio=str(audio / "p225/p225_001_mic1.flac"),
            text="Please call Stella.",
            speaker="p225",
        ),
        Row(
            id="p226_001",
            audio=str(audio / "p226/p226_001_mic1.wav"),
            text="Ask her.",
            speaker="p226",
        ),
        Row(
            id="p315_001",
            audio=str(audio / "p315/p315_001_mic1.flac"),
            text="",
            speaker="p315",
        ),
    ]


def test_vctk_second_microphone(vctk):
    rows = list(read_corpus(vctk, microphone=2))
    assert [row.id for row in rows] == ["p225_001", "p226_001"]
    assert rows[0].audio.endswith("p225_001_mic2.flac")


def test_vctk_of_one_microphone(tmp_path):
    root = files(
        tmp_path, {"txt/p1/p1_001.txt": "Hi.", "wav48/p1/p1_001.wav": "x", "wav48/log.txt": "x"}
    )
    (row,) = read_corpus(root)
    assert row.audio == str(root / "wav48/p1/p1_001.wav")
    with pytest.raises(DataError, match="has one microphone, not 2"):
        list(read_corpus(root, microphone=2))
    with pytest.raises(DataError, match="microphone 3 must be 1 or 2"):
        list(read_corpus(root, microphone=3))


def test_vctk_with_two_versions_wants_a_choice(vctk):
    files(vctk, {"wav48/p225/p225_001.wav": "x"})
    with pytest.raises(DataError, match="wav48, wav48_silence_trimmed found"):
        list(read_corpus(vctk))
    rows = list(read_corpus(vctk, audio_dir=vctk / "wav48"))
    assert rows[0].audio == str(vctk / "wav48/p225/p225_001.wav")


def test_libritts_lists_recordings_without_text_and_texts_without_recording(libritts):
    chapter = libritts / "dev-clean/84/121"
    expected = [
        Row(
            id="174_50_000",
            audio=str(libritts / "dev-clean/174/50/174_50_000.wav"),
            text="",
            speaker="174",
        ),
        Row(id="84_121_000", audio=str(chapter / "84_121_000.wav"), text="Go.", speaker="84"),
        Row(id="84_121_001", audio=str(chapter / "84_121_001.wav"), text="No wave.", speaker="84"),
    ]
    assert list(read_corpus(libritts)) == expected
    assert list(read_corpus(libritts / "dev-clean")) == expected


def test_piper(piper):
    assert list(read_corpus(piper)) == [
        Row(id="a", audio=str(piper / "wav/a.wav"), text="Hello.", speaker="ann"),
        Row(id="sub/b", audio=str(piper / "wav/sub/b.WAV"), text="Bye.", speaker="bob"),
    ]


def test_filelist(filelist):
    rows = list(read_corpus(filelist / "train.txt", audio_dir="/corpora"))
    assert rows[0] == Row(
        id="DUMMY2/p1/a", audio="/corpora/DUMMY2/p1/a.wav", text="Hello.", speaker="7"
    )
    assert list(read_corpus(filelist, table="train.txt"))[1].audio == str(
        filelist / "DUMMY2/p1/b.wav"
    )


def test_filelist_of_phonemes(tmp_path):
    path = tmp_path / "train.txt.cleaned"
    path.write_text("a.wav|həlˈoʊ.\n", encoding="utf-8")
    (row,) = read_corpus(path)
    assert row.text == "[[həlˈoʊ.]]"


def test_audiofolder(audiofolder):
    assert list(read_corpus(audiofolder)) == [
        Row(
            id="data/a",
            audio=str(audiofolder / "data/a.mp3"),
            text='Yes, I\nsaid "no".',
            speaker="3",
        ),
        Row(id="data/b", audio=str(audiofolder / "data/b.mp3"), text="", speaker="4"),
    ]


def test_audiofolder_of_json_lines(tmp_path):
    path = tmp_path / "metadata.jsonl"
    path.write_text('{"file_name": "a.wav", "text": "Ja.", "speaker": 5, "language": "nl"}\n')
    assert list(read_corpus(tmp_path)) == [
        Row(id="a", audio=str(tmp_path / "a.wav"), text="Ja.", speaker="5", language="nl")
    ]


def test_manifest(manifest):
    (row,) = read_corpus(manifest)
    assert row == Row(id="a", audio=str(manifest / "a.wav"), text="Hi.")


@pytest.mark.parametrize("name", FORMATS)
def test_every_layout_is_recognised_and_can_be_named(name, request):
    root = request.getfixturevalue(name)
    table = "train.txt" if name == "filelist" else None
    assert detect(root, table) == name
    named = list(read_corpus(root, format=name, table=table))
    assert named == list(read_corpus(root, table=table)) != []


def test_an_unknown_layout_names_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"no known layout; looked for .*txt/.*metadata\.csv"):
        read_corpus(tmp_path)


def test_an_ambiguous_layout_names_its_candidates(vctk, ljspeech):
    files(vctk, {"metadata.csv": "a|b\n"})
    with pytest.raises(DataError, match=r"metadata\.csv \(ljspeech\), txt/ \(vctk\)"):
        read_corpus(vctk)
    assert len(list(read_corpus(vctk, format="vctk"))) == 3


@pytest.mark.parametrize(
    ("name", "table", "line", "fault"),
    [
        ("ljspeech", "metadata.csv", "LJ4|one|two|three", "4 columns, must be 3 as on the first"),
        ("ljspeech", "metadata.csv", "|one|two", "the first column is empty"),
        ("piper", "metadata.csv", "c.wav|Only two.", "2 columns, must be 3"),
        ("audiofolder", "metadata.csv", "data/c.mp3,1,Yes, no,3", "5 columns, the header has 4"),
        ("audiofolder", "metadata.csv", ",1,Yes,3", "no file_name"),
        ("audiofolder", "metadata.csv", 'a.mp3,1,"open,3', "check the quotes"),
        ("filelist", "train.txt", "just a path", "1 columns"),
        ("manifest", "manifest.jsonl", "{}", "lacks id, audio, text"),
    ],
)
def test_a_malformed_line_names_file_and_line(name, table, line, fault, request):
    path = request.getfixturevalue(name) / table
    lines = [*path.read_text(encoding="utf-8").splitlines(), line]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=fault) as caught:
        list(read_corpus(path, format=name))
    assert f"{path}:{len(lines)}:" in str(caught.value)


def test_an_audiofolder_needs_a_text_column(tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,label\na.wav,dog\n")
    with pytest.raises(DataError, match="columns file_name, label; must be file_name and one of"):
        list(read_corpus(tmp_path))


def test_a_text_that_is_not_utf8_is_named(libritts):
    path = libritts / "dev-clean/84/121/84_121_000.normalized.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"84_121_000\.normalized\.txt: not UTF-8 at byte 3"):
        list(read_corpus(libritts))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"format": "wavs"}, "format 'wavs' must be auto or one of"),
        ({"microphone": 1}, "microphone 1 belongs to vctk, not to ljspeech"),
        ({"format": "libritts", "table": "train.csv"}, "libritts is a folder without a table"),
        ({"format": "audiofolder", "audio_dir": "x"}, "names the folders of its recordings itself"),
    ],
)
def test_an_option_that_does_not_belong_is_refused(ljspeech, options, fault):
    with pytest.raises(DataError, match=fault):
        list(read_corpus(ljspeech, **options))


def test_what_does_not_exist_is_said(ljspeech):
    with pytest.raises(MissingFileError, match="nowhere does not exist"):
        read_corpus(ljspeech / "nowhere")
    with pytest.raises(MissingFileError, match=r"has no dev\.csv"):
        read_corpus(ljspeech, table="dev.csv")
    with pytest.raises(MissingFileError, match=r"has no manifest\.jsonl"):
        read_corpus(ljspeech, format="manifest")
    with pytest.raises(DataError, match="is a table already"):
        read_corpus(ljspeech / "train.csv", format="ljspeech", table="x.csv")
