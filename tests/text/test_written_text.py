"""Every spoken word knows what it stands for, and nothing that is written is lost."""

import random
import re

import pytest

from vits.config import FrontendConfig
from vits.text import Frontend, SymbolTable, normalize
from vits.text.aligned import AlignedText
from vits.text.markup import strip_markup
from vits.text.normalize import normalize_aligned

PIECES = """
the cat St. Dr. U.S. Mr. NASA FBI AM IT IS I A a.m. 5 1,234 3.5 $5 €3 10% 1/2 3/4 10/31 2020
1990s '90s 5kg km 12:30 9am -5 −5 × ÷ = < > ^ 2 x² m/s # @ & * _ ( ) [ ] { } " ' , . ! ? ; : — -
... ~ + \\ / IV XIX III Henry www.example.com a@b.com 192.168.0.1 1-800-555-0199 020 7946 é ü 你好
No. p. oz. lb 6'2" 4x100m 1h30m 10⁸ ½ ° °C % w/ vs. Jan. 2021-01-02 v1.2.3 foo_bar C++
report.pdf AT&T B2B 007 24/7 9/10 120/80 John 3:16 № § TVs 1st 22nd CA 90210
""".split()  # noqa: SIM905


def random_texts(count):
    rng = random.Random(0)
    for _ in range(count):
        space = rng.choice((" ", " ", " ", ""))
        yield space.join(rng.choice(PIECES) for _ in range(rng.randrange(1, 9)))


def test_no_letter_or_digit_is_lost():
    for text in random_texts(1500):
        spoken = normalize_aligned(AlignedText(text), "en-us")
        covered = set()
        for index, char in enumerate(spoken.text):
            if char.isalnum() or not char.isascii():
                covered.update(range(*spoken.span(index, index + 1)))
        assert not [c for i, c in enumerate(text) if c.isalnum() and i not in covered], text
        assert not re.search("[0-9]", spoken.text), text


def test_normalising_twice_changes_nothing():
    for text in random_texts(600):
        if " " in text:
            once = normalize(text, "en-us")
            assert normalize(once, "en-us") == once, text


def test_no_letter_or_digit_is_lost_with_markup():
    tags = ["**", "<b>", "</b>", "__", "&amp;", "- ", "# ", "<br>", "[", "](http://a.b)", ""]
    rng = random.Random(1)
    for text in random_texts(300):
        words = [f"{rng.choice(tags)}{word}{rng.choice(tags)}" for word in text.split(" ")]
        mixed = " ".join(words)
        spoken = normalize_aligned(strip_markup(mixed), "en-us")
        visible = [
            index
            for index, char in enumerate(mixed)
            if char.isalnum() and not _inside_markup(mixed, index)
        ]
        covered = set()
        for index, char in enumerate(spoken.text):
            if char.isalnum() or not char.isascii():
                covered.update(range(*spoken.span(index, index + 1)))
        assert not [mixed[index] for index in visible if index not in covered], mixed


def _inside_markup(text, index):
    """Tell whether a letter belongs to a tag, an entity or the address of a link."""
    marks = re.finditer(r"</?br?>|&amp;|\]\(http://a\.b\)", text)
    return any(found.start() <= index < found.end() for found in marks)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("It cost $100 (about 5%).", ["It", "cost", "$100", "$100", "$100", "about", "5%", "5%"]),
        ("See www.example.com now", ["See", *["www.example.com"] * 5, "now"]),
        ("“Dr. Smith” left", ["Dr.", "Smith", "left"]),
        ("a [[bɛ]] c", ["a", "[[bɛ]]", "c"]),
    ],
)
def test_words_know_what_they_stand_for(text, sources):
    encoding = Frontend(FrontendConfig(), SymbolTable.default()).encode(text)
    assert [text[slice(*word.source)] for word in encoding.words] == sources
