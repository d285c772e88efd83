import pytest

from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row
from vits.errors import DataError


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


def test_vctk_of_one_microphone(tmp_path, write_files):
    root = write_files(
        tmp_path, {"txt/p1/p1_001.txt": "Hi.", "wav48/p1/p1_001.wav": "x", "wav48/log.txt": "x"}
    )
    (row,) = read_corpus(root)
    assert row.audio == str(root / "wav48/p1/p1_001.wav")
    with pytest.raises(DataError, match="microphone 2 does not exist in"):
        list(read_corpus(root, microphone=2))
    with pytest.raises(DataError, match="microphone 3 must be 1 or 2"):
        list(read_corpus(root, microphone=3))


def test_vctk_with_two_audio_folders_needs_a_choice(vctk, write_files):
    write_files(vctk, {"wav48/p225/p225_001.wav": "x"})
    with pytest.raises(DataError, match="has wav48, wav48_silence_trimmed; it must"):
        list(read_corpus(vctk))
    rows = list(read_corpus(vctk, audio_dir=vctk / "wav48"))
    assert rows[0].audio == str(vctk / "wav48/p225/p225_001.wav")
