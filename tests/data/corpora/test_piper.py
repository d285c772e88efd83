from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row


def test_piper(piper):
    assert list(read_corpus(piper)) == [
        Row(id="a", audio=str(piper / "wav/a.wav"), text="Hello.", speaker="ann"),
        Row(id="sub/b", audio=str(piper / "wav/sub/b.WAV"), text="Bye.", speaker="bob"),
    ]
