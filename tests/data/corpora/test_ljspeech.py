from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row


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
