from vits.data.corpora import read_corpus
from vits.data.prepared.manifest import Row


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
