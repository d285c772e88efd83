import pytest

from vits.config import FrontendConfig
from vits.errors import ConfigError
from vits.text import Frontend, SymbolTable, UnknownSymbolWarning
from vits.text.aligned import AlignedText
from vits.text.graphemes.known_characters import clean_unknown


def cleaned(text, known, language="und"):
    return clean_unknown(AlignedText(text), set(known), language).text


@pytest.mark.parametrize("text", ["a’b", "«a… — b»", "a２٣", "e\u0301", "é", "a\u200db", "A(b)`"])
def test_known_characters_are_left_alone(text):
    assert cleaned(text, text) == text


def test_the_forms_are_tried_in_order():
    assert cleaned("É", "éE") == "é"  # the small letter
    assert cleaned("e\u0301", "eé") == "é"  # the whole letter
    assert cleaned("é", "e\u0301") == "e\u0301"  # its parts
    assert cleaned("’", "'") == "'"  # a variant
    assert cleaned("é", "e") == "e\u0301"  # the letter; its mark is unknown
    assert cleaned("ж", "ab") == "ж"  # nothing


def test_only_characters_without_sound_vanish():
    assert cleaned("a\u200bb\u00adc\0d", "abcd") == "abcd"
    assert cleaned("a\n\u3000b", "ab ") == "a b"
    assert cleaned("(a) – “b”", "ab ") == "(a) – “b”"


def test_jamo_become_syllables():
    assert cleaned("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글") == "한글"


def test_romanian_letters_are_those_of_the_vocabulary():
    assert cleaned("Țară", "ţar ă", "ron") == "ţară"
    assert cleaned("Țară", "țar ă", "ron") == "țară"
    assert cleaned("țară", "ţțar ă", "ro") == "țară"


def test_every_character_knows_its_place():
    text = clean_unknown(AlignedText("É&amp;e\u0301!"), set("eé&!"), "fra")
    assert text.text == "é&é!"
    assert [text.span(i, i + 1) for i in range(4)] == [(0, 1), (1, 6), (6, 8), (8, 9)]


def frontend(letters, **options):
    options = {"backend": "graphemes", "language": "fra", "normalize": False, **options}
    return Frontend(FrontendConfig(**options), SymbolTable((*letters,)))


def test_a_front_end_counts_what_it_drops_and_finds_its_words():
    ours = frontend("_abe’ –", clean="unknown")
    with pytest.warns(UnknownSymbolWarning, match=r"U\+0301"):
        found = ours.encode("Bé – a’b", unknown="drop")
    assert found.phonemes == "be – a’b"
    assert found.dropped == {"\u0301": 1}
    assert [(word.text, word.source) for word in found.words][-1] == ("a’b", (5, 8))
    assert ours.transcribe("aé") == "ae\u0301"


def test_nothing_changes_for_other_front_ends():
    assert frontend("_ab'").encode("a’b").phonemes == "a'b"
    assert "clean" not in frontend("_ab'").fingerprint()
    assert frontend("_ab'", clean="unknown").fingerprint()["clean"] == "unknown"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clean": "some"}, "clean 'some' must be"),
        ({"clean": "unknown", "normalize": True}, "clean unknown has no effect"),
        ({"romanize": True}, "romanize True has no effect"),
    ],
)
def test_keys_without_effect_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        frontend("_ab", **options)
