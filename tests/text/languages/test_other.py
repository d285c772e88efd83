"""Languages without a module: nothing that is written is lost."""

import pytest
from babel import Locale

from vits.text import espeak_languages, normalize, phonemize
from vits.text.languages.other import minus
from vits.text.languages.spelling import minus_word, spell


@pytest.mark.parametrize("sign", ["-", "−"])
@pytest.mark.slow
def test_every_language_speaks_a_minus(sign):
    silent = [
        code
        for code in espeak_languages()
        if phonemize([normalize(f"{sign}5", code)], code) == phonemize(["5"], code)
    ]
    assert not silent


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("pl", "Jest -5 °C.", "Jest minus 5 stopni Celsjusza."),
        ("pl", "2 km i 5 km", "2 kilometry i 5 kilometrów"),
        ("ru", "−1 °C, 5 °C", "минус 1 градус Цельсия, 5 градусов Цельсия"),
        ("ru", "3 °C", "3 градуса Цельсия"),
        ("cs", "21 km/h", "21 kilometrů za hodinu"),
        ("sv", "-10 kg", "minus 10 kilogram"),
        ("pt-br", "-3 °C", "menos 3 graus Celsius"),
        ("hu", "1848. március 15.", "1848 március 15."),
        ("fi", "3. lokakuuta", "kolmas lokakuuta"),
        ("da", "Det er den 3. oktober.", "Det er den tredje oktober."),
        ("tr", "3. kat", "üçüncü kat"),
        ("hr", "21. listopada", "dvadeset prvi listopada"),
        ("sv", "A-5, 3-5, x -5", "A-5, 3-5, x minus 5"),
        ("cs", "9 km", "9 kilometrů"),
        ("mi", "5 °C", "5 °C"),
        ("ko", "-5", "마이너스 5"),
        ("pl", "Kosztuje 3,50 € i 100 zł.", "Kosztuje 3,50 euro i 100 złotych."),
        ("pt", "Custa 3,50 €.", "Custa 3,50 euros."),
        ("pt-br", "R$ 20", "20 Reais"),
        ("ru", "5 € и 21 руб.", "5 евро и 21 рубль."),
        ("cs", "100 Kč", "100 korun"),
        ("sv", "ca 20 kr", "cirka 20 kronor"),
        ("da", "-5 kr.", "minus 5 kroner."),
        ("ru", "100 км/ч", "100 километров в час"),
        ("nb", "100 km/t", "100 kilometer per time"),
        ("pl", "ul. Długa 5, np. tu", "ulica Długa 5, na przykład tu"),
        ("pt", "Sr. Silva", "senhor Silva"),
        ("sv", "t.ex. äpplen", "till exempel äpplen"),
    ],
)  # fmt: skip
def test_signs_units_and_ordinals(code, text, words):
    assert normalize(text, code) == words
    assert normalize(words, code) == words


@pytest.mark.parametrize("code", ["da", "nb", "hu", "lv"])
def test_the_dot_of_an_ordinal_reaches_espeak(code):
    text = "3. mai"
    assert phonemize([normalize(text, code)], code) != phonemize(["3 mai"], code)


def test_words_for_a_minus_are_those_of_cldr():
    for code in ("pl", "cs", "sv", "pt", "ru", "hu", "fi", "el", "ro", "id"):
        assert minus(code) == minus_word(code)
        assert spell(code, -5, "spellout-numbering") == f"{minus(code)} {spell(code, 5)}"
        assert Locale.parse(code)
