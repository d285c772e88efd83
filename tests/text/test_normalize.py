import random
import time
import unicodedata

import pytest

from vits.text import clean, normalize

POOLS = (
    "abcXYZ .,-'\"0123456789$£€%/:;!?()[]{}…—–’“”#&@+<>|~^`_*=\\",
    "\0\t\n\r\x85\u200b\u200d\ufeff\u00ad\u2028\ud800\udfff\ufffd\ufdd0",
    "éüßñçøåœ½¼²°℃№™①١२",
    "привет你好日本語العربيةहिन्दीไทย한국",
    "🙂👍🏽🇬🇧👨\u200d👩♥✓→\u0301\u0303\u0327\u20e3",
)


def random_texts(count, seed=0):
    rng = random.Random(seed)
    for _ in range(count):
        yield "".join(
            rng.choice(rng.choice(POOLS)) if rng.random() < 0.9 else chr(rng.randrange(0x110000))
            for _ in range(rng.randrange(40))
        )


@pytest.mark.slow
def test_any_string_is_normalised_and_cleaning_is_idempotent():
    for text in random_texts(2000):
        cleaned = clean(text)
        assert clean(cleaned) == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)
        assert "\n" not in cleaned
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in cleaned)
        spoken = normalize(text, "en-us")
        assert not any(char in "0123456789" for char in spoken)


def test_cleaning_keeps_every_letter_of_every_script():
    for text in random_texts(500, seed=1):
        letters = [c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) == "Lo"]
        assert [c for c in clean(text) if unicodedata.category(c) == "Lo"] == letters


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\0b\u200bc\u00adé\ufeff", "abcé"),
        ("e\u0301", "é"),
        ("a\t b\n\nc\u00a0\u2003d", "a b c d"),
        ("“Yes” ‘no’ «oui» „ja‟", '"Yes" \'no\' "oui" "ja"'),
        ("wait… what", "wait... what"),
        ("one – two — three -- four - five", "one — two — three — four — five"),
        ("1990–1995", "1990-1995"),
        ("well‑known", "well-known"),
        ("yes (maybe), no [sic].", "yes, maybe, no, sic."),
        ("book(s)", "books"),
        ("你好，世界。", "你好, 世界."),
        ("ＡＢＣ １２３！", "ABC 123!"),
        ("١٢٣ १२३", "123 123"),
        ("ﬁne ﬂow", "fine flow"),
        ("हाँ। ؟", "हाँ.?"),
        ("\ud800", "\ufffd"),
        ("hello🙂", "hello🙂"),
        ("", ""),
    ],
)
def test_cleaning(raw, expected):
    assert clean(raw) == expected


def test_the_language_decides_what_is_expanded():
    assert normalize("3,50 € am 3.5.", "de") == "drei Euro fünfzig am dritten Mai."
    assert normalize("5 km", "en") == normalize("5 km", "en-gb") == "five kilometers"
    assert normalize("5 km", "eo") == "5 kilometroj"
    assert normalize("5", "eo") == "5"


# Quadratic time would take minutes.
@pytest.mark.parametrize("unit", ["a", "1", "1,", "1-", "(", ".", "A.", ": ", "-", "$", "1/", "é"])
@pytest.mark.slow
def test_time_is_linear(unit):
    text = unit * (100_000 // len(unit))
    start = time.perf_counter()
    normalize(text, "en-us")
    assert time.perf_counter() - start < 10
