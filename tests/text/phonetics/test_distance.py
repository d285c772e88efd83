"""Phonetic distance: metric properties and expected rankings."""

import itertools

import pytest

from vits.text import SymbolTable
from vits.text.phonetics.distance import sound_distance

SOUNDS = [s for s in SymbolTable.default().symbols if sound_distance(s, s) is not None]


def test_the_charts_contain_the_ipa_of_the_default_table():
    letters = set(
        "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢ"
    )
    assert letters | set("ǀǁǂǃᵻabcdefghijklmnopqrstuvwxyz") <= set(SOUNDS)


def test_metric_properties():
    for one, other in itertools.product(SOUNDS, repeat=2):
        distance = sound_distance(one, other)
        assert distance == sound_distance(other, one)
        if distance == 0 and one != other:
            assert {one, other} in ({"g", "ɡ"}, {"x", "ɧ"})
    some = SOUNDS[::5]
    for one, other, third in itertools.product(some, repeat=3):
        parts = sound_distance(one, other), sound_distance(other, third)
        whole = sound_distance(one, third)
        if whole is not None and None not in parts:
            assert whole <= sum(parts) + 1e-9


@pytest.mark.parametrize(
    ("sound", "nearer", "farther"),
    [
        ("p", "b", "d"),
        ("t", "d", "s"),
        ("s", "z", "x"),
        ("ɬ", "l", "s"),
        ("θ", "f", "s"),
        ("ʁ", "ɹ", "ɡ"),
        ("r", "ɹ", "l"),
        ("m", "n", "b"),
        ("y", "i", "u"),
        ("ø", "e", "ə"),
        ("ɔ", "o", "ʌ"),
        ("ʧ", "ʃ", "t"),
        ("ɚ", "ɝ", "ə"),
    ],
)
def test_rankings(sound, nearer, farther):
    assert sound_distance(sound, nearer) < sound_distance(sound, farther)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("ˈ", "a"), (".", "."), ("ж", "ж")])
def test_incomparable_symbols(one, other):
    assert sound_distance(one, other) is None
