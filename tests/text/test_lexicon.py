import pytest

from vits.config import FrontendConfig
from vits.errors import MissingFileError, TextError
from vits.text import Frontend, SymbolTable, parse_lexicon, read_lexicon
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
        ("\tə", "at least one letter or digit"),
        ("word\t ", "no phonemes"),
        ("...\tə", "at least one letter or digit"),
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


def front(lexicon):
    return Frontend(FrontendConfig(), SymbolTable.default(), lexicon)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("H2O", "Drink H2O."),
        ("COVID-19", "the COVID-19 test"),
        ("AT&T", "AT&T, then"),
        ("Dr.", "Dr. Smith"),
        ("New York", "in new york (city)"),
        ("km", "It is 5 km away."),
        ("U.S.", "the U.S. army"),
        ("IV", "Henry IV spoke."),
        ("NASA", "the NASA plan"),
        ("3D", "a 3D print"),
        ("@home", "work @home now"),
    ],
)
def test_entries_take_precedence_over_normalisation(entry, text):
    encoding = front({entry: "zzz"}).encode(text)
    (word,) = [word for word in encoding.words if word.phonemes == "zzz"]
    start, end = word.source
    assert text[start:end].lower() == entry.lower()


@pytest.mark.parametrize("entry", ["Siobhan", "H2O", "AT&T", "New York"])
def test_english_entries_are_found_before_a_possessive_s(entry):
    encoding = front({entry: "zzp"}).encode(f"{entry}'s old.")
    assert encoding.words[0].phonemes == "zzps"
    assert front({entry: "zzp", f"{entry}'s": "zzz"}).encode(f"{entry}'s").phonemes == "zzz"


def test_words_that_rules_write_are_looked_up():
    encoding = front({"pounds": "zzz"}).encode("5 lb and 3 pounds")
    assert [word.phonemes for word in encoding.words].count("zzz") == 2


def test_entries_do_not_disturb_the_rules_around_them():
    lexicon = {"the": "ðʌ", "March": "mɑːtʃ", "Chapter": "tʃæp"}
    words = [w.text for w in front(lexicon).encode("March 3, the 1990s, Chapter IV").words]
    assert words[:5] == ["March", "third", "the", "nineteen", "nineties"]
    assert words[-2:] == ["Chapter", "four"]


def test_the_longest_entry_wins():
    lexicon = {"New York": "aaa", "New York City": "bbb", "York": "ccc"}
    assert front(lexicon).encode("New York City").phonemes == "bbb"
    assert front(lexicon).encode("New York, York").phonemes == "aaa, ccc"


def test_entries_match_whole_words():
    assert "zzz" not in front({"H2O": "zzz"}).encode("H2Os").phonemes
    assert "zzz" not in front({"AT&T": "zzz"}).encode("BAT&T").phonemes
