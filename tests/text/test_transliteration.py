import pytest

from vits.config import FrontendConfig
from vits.errors import TextError
from vits.text import Frontend, SymbolTable
from vits.text.aligned import AlignedText
from vits.text.transliteration import transliterate


def respelled(text, language="en-us"):
    found, silent = transliterate(AlignedText(text), language)
    return found.text, dict(silent)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nguyễn", "Nguyen"),
        ("Trần Đặng", "Tran Đang"),
        ("naïve café", "naïve café"),
        ("Łódź", "Łódź"),
        ("α and π", "α and π"),
        ("plain", "plain"),
    ],
)
def test_letters_that_the_language_lacks_lose_their_marks(text, expected):
    assert respelled(text) == (expected, {})


@pytest.mark.parametrize(
    ("text", "count"), [("你好", 2), ("Привет", 6), ("שלום", 4), ("Ελλάδα", 6), ("こんにちは", 5)]
)
def test_letters_of_other_scripts_are_counted(text, count):
    found, silent = respelled(f"say {text} now")
    assert found.split() == ["say", "now"]
    assert sum(silent.values()) == count


@pytest.mark.parametrize(
    ("text", "language"),
    [("Привет, мир", "ru"), ("你好", "cmn"), ("Ελλάδα", "el"), ("Nguyễn", "vi"), ("Größe", "de")],
)
def test_the_letters_of_the_language_itself_stay(text, language):
    assert respelled(text, language) == (text, {})


def test_a_span_of_another_language_is_read_by_its_rules_in_the_voices_symbols():
    front = Frontend(FrontendConfig(blanks=False), SymbolTable.default())
    text = "She said [[de: Guten Tag, Herr Müller]] twice."
    encoding = front.encode(text)
    assert encoding.phonemes.startswith("ʃiː sˈɛd ɡˈuːtən tˈɑːk, hˈɛɾ mˈʏlɜ")
    assert [text[slice(*word.source)] for word in encoding.words] == [
        *("She", "said", "Guten", "Tag", "Herr", "Müller", "twice"),
    ]
    nasal = front.encode("[[fr: un bon vin]]")  # the table has no nasal vowels
    assert nasal.dropped == {}
    assert nasal.words[1].phonemes == "bˈɔ"


def test_a_language_that_espeak_lacks_is_an_error():
    front = Frontend(FrontendConfig(), SymbolTable.default())
    with pytest.raises(TextError, match="language 'qq'"):
        front.encode("[[qq: hello]]")
