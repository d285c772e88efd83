import pytest

from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row
from vits.errors import DataError


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


def test_an_audiofolder_needs_a_text_column(tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,label\na.wav,dog\n")
    with pytest.raises(
        DataError, match="columns file_name, label; they must include file_name and one"
    ):
        list(read_corpus(tmp_path))
