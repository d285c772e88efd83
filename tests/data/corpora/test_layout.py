import pytest

from vits.data.corpora import LAYOUTS, read_corpus
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
