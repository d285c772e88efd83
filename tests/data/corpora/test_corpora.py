import pytest

from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row
from vits.errors import DataError


def test_manifest(manifest):
    (row,) = read_corpus(manifest)
    assert row == Row(id="a", audio=str(manifest / "a.wav"), text="Hi.")


@pytest.mark.parametrize(
    ("name", "table", "line", "fault"),
    [
        ("ljspeech", "metadata.csv", "LJ4|one|two|three", "4 columns, must be 3 as on the first"),
        ("ljspeech", "metadata.csv", "|one|two", "the first column is empty"),
        ("piper", "metadata.csv", "c.wav|Only two.", "2 columns, must be 3"),
        (
            "audiofolder",
            "metadata.csv",
            "data/c.mp3,1,Yes, no,3",
            "but the header has 4",
        ),
        ("audiofolder", "metadata.csv", ",1,Yes,3", "file_name is empty"),
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


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"format": "wavs"}, "format 'wavs' must be auto or one of"),
        ({"microphone": 1}, "microphone 1 applies to vctk only, not to ljspeech"),
        (
            {"format": "libritts", "table": "train.csv"},
            "libritts is read from a folder",
        ),
        (
            {"format": "audiofolder", "audio_dir": "x"},
            "audiofolder defines the folders",
        ),
    ],
)
def test_an_option_of_another_layout_is_an_error(ljspeech, options, fault):
    with pytest.raises(DataError, match=fault):
        list(read_corpus(ljspeech, **options))
