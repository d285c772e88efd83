import pytest

from vits.errors import MissingFileError, TextError
from vits.text import parse_lexicon, read_lexicon
from vits.text.lexicon import prepare_lexicon


def test_a_file_is_read(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_bytes("\ufeff# names\n\nSiobhan\tʃɪvˈɔːn\r\nNguyễn\twˈɪn \n".encode())
    assert read_lexicon(path) == {"siobhan": "ʃɪvˈɔːn", "nguyễn": "wˈɪn"}


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(MissingFileError, match=r"nowhere\.tsv"):
        read_lexicon(tmp_path / "nowhere.tsv")


def test_invalid_utf8_is_reported_with_its_line(tmp_path):
    path = tmp_path / "latin.tsv"
    path.write_bytes(b"a\tb\ncaf\xe9\tk\n")
    with pytest.raises(TextError, match="line 2: not UTF-8"):
        read_lexicon(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("word phonemes", "has no tab"),
        ("\tə", "not one word"),
        ("word\t ", "no phonemes"),
        ("New York\tə", "not one word"),
        ("end.\tə", "not one word"),
        ("OLD\tə", "already defined on line 1"),
    ],
)
def test_invalid_lines_are_reported_with_number_and_remedy(line, message):
    with pytest.raises(TextError, match=f"line 3.*{message}"):
        parse_lexicon(["old\tə", "", line])


def test_entries_of_a_mapping_are_checked_and_sorted():
    assert list(prepare_lexicon({"B": "b", "a": "a"}).items()) == [("a", "a"), ("b", "b")]
    with pytest.raises(TextError, match="two pronunciations"):
        prepare_lexicon({"a": "x", "A": "y"})
