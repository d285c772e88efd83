"""Small corpora in every supported layout."""

import pytest

from vits.data.prepared.manifest import Row, write_manifest


def _write_files(root, contents):
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.fixture
def ljspeech(tmp_path):
    return _write_files(
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
    return _write_files(
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
    return _write_files(
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
def kaldi(tmp_path):
    return _write_files(
        tmp_path / "kaldi",
        {
            "text": "ann-u1 Hello there.\nbob-u2 Good bye\nbob-u3\n",
            "wav.scp": "ann-u1 /away/data/1.wav\nbob-u2 /away/data/2.wav\n",
            "utt2spk": "ann-u1 ann\nbob-u2 bob\nbob-u3 bob\n",
            "spk2utt": "ann ann-u1\nbob bob-u2 bob-u3\n",
            "data/1.wav": "x",
            "data/2.wav": "x",
        },
    )


@pytest.fixture
def piper(tmp_path):
    return _write_files(
        tmp_path / "piper",
        {"metadata.csv": "a.wav|ann|Hello.\nsub/b.WAV|bob|Bye.\n", "wav/a.wav": "x"},
    )


@pytest.fixture
def filelist(tmp_path):
    return _write_files(
        tmp_path / "lists", {"train.txt": "DUMMY2/p1/a.wav|7|Hello.\nDUMMY2/p1/b.wav|8|Bye.\n"}
    )


@pytest.fixture
def audiofolder(tmp_path):
    return _write_files(
        tmp_path / "hf",
        {
            "metadata.csv": "\ufefffile_name,extra,transcription,speaker_id\n"
            'data/a.mp3,1,"Yes, I\nsaid ""no"".",3\ndata/b.mp3,2,,4\n'
        },
    )


@pytest.fixture
def manifest(tmp_path):
    root = _write_files(tmp_path / "ready", {"note": ""})
    write_manifest(root / "manifest.jsonl", [Row(id="a", audio="a.wav", text="Hi.")])
    return root


@pytest.fixture
def table(tmp_path):
    return _write_files(
        tmp_path / "voices",
        {"clips.tsv": "client_id\tpath\tsentence\nann\ta.mp3\tHello.\n", "clips/a.mp3": "x"},
    )


@pytest.fixture
def pairs(tmp_path):
    return _write_files(
        tmp_path / "pairs", {"ann/a.wav": "x", "ann/a.lab": "Hello.\n", "bob/b.wav": "x"}
    )


@pytest.fixture
def write_files():
    """The function that writes ``{relative path: text}`` below a folder and returns the folder."""
    return _write_files
