import pytest

from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row
from vits.errors import DataError


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


def test_a_text_that_is_not_utf8_is_an_error(libritts):
    path = libritts / "dev-clean/84/121/84_121_000.normalized.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"84_121_000\.normalized\.txt: not UTF-8 at byte 3"):
        list(read_corpus(libritts))
