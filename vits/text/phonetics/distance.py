"""Distance between two IPA sounds from their articulatory features.

Source: the charts of the International Phonetic Association (revised to 2020). The weights are
our choice: a change of class (nasal, lateral, rhotic) costs twice as much as a change of voicing or
rounding, and two steps of place cost as much as the latter.
"""

from functools import lru_cache
from typing import NamedTuple

__all__ = ["sound_distance"]

# Cells are places of articulation from bilabial to glottal, each voiceless and voiced. The keys are
# the features that distinguish the sounds from a plain fricative.
_CONSONANTS = {
    "": "ɸβ fv θð .. .. .. çʝ xɣ χ. ħʕ hɦ",
    "sibilant": ".. .. .. sz ʃʒ ʂʐ ɕʑ .. .. .. ..",
    "rhotic": ".. .. .. .. .. .. .. .. .ʁ .. ..",
    "lateral": ".. .. .. ɬɮ .. .. .. .. .. .. ..",
    "stop sibilant": ".. .. .. ʦʣ ʧʤ .. ʨʥ .. .. .. ..",
    "stop": "pb .. .. td .. ʈɖ cɟ kɡ qɢ ʡ. ʔ.",
    "stop implosive": ".ɓ .. .. .ɗ .. .. .ʄ .ɠ .ʛ .. ..",
    "stop click": "ʘ. .. ǀ. ǃ. ǂ. .. .. .. .. .. ..",
    "stop click lateral": ".. .. .. ǁ. .. .. .. .. .. .. ..",
    "stop nasal sonorant": ".m .ɱ .. .n .. .ɳ .ɲ .ŋ .ɴ .. ..",
    "sonorant": ".. .ʋ .. .. .. .. .j .ɰ .. .. ..",
    "sonorant rounded": "ʍw .. .. .. .. .. .ɥ .. .. .. ..",
    "sonorant rhotic": ".. .. .. .ɹ .. .ɻ .. .. .. .. ..",
    "sonorant rhotic trill": ".ʙ .. .. .r .. .. .. .. .ʀ ʜʢ ..",
    "sonorant rhotic tap": ".. .ⱱ .. .ɾ .. .ɽ .. .. .. .. ..",
    "sonorant lateral": ".. .. .. .l .. .ɭ .ʎ .ʟ .. .. ..",
    "sonorant lateral tap": ".. .. .. .ɺ .. .. .. .. .. .. ..",
    "sonorant lateral velarised": ".. .. .. .ɫ .. .. .. .. .. .. ..",
}
# Lines from close to open; cells front, central, back, each unrounded and rounded.
_VOWELS = (
    "iy ɨʉ ɯu",
    "ɪʏ ᵻ. .ʊ",
    "eø ɘɵ ɤo",
    ".. ə. ..",
    "ɛœ ɜɞ ʌɔ",
    "æ. ɐ. ..",
    "aɶ .. ɑɒ",
)
# Alternative notations, or the nearest sound in the charts.
_EQUIVALENT = {"g": "ɡ", "ɧ": "x"}
_RHOTIC = {"ɚ": "ə", "ɝ": "ɜ"}
_WEIGHTS = {"nasal": 2.0, "lateral": 2.0, "rhotic": 2.0, "velarised": 0.5}  # others 1
_PLACE_STEP = 0.5
_MAX_PLACE = 1.5  # three or more steps of place cost the same
_HEIGHT_STEP = 0.4  # two steps cost less than a change of rounding: ɔ is nearer to o than to ʌ


class _Sound(NamedTuple):
    """Articulatory description of a sound.

    Attributes:
        vowel: True for a vowel, False for a consonant.
        place: place of a consonant counted from the lips, or height of a vowel from close.
        backness: position of a vowel counted from the front; 0 for a consonant.
        features: all other features, including voicing and rounding.
    """

    vowel: bool
    place: int
    backness: int
    features: frozenset[str]


def sound_distance(one: str, other: str) -> float | None:
    """Return the distance (≥ 0) between two sounds, or None if they cannot be compared.

    Vowels are compared with vowels and consonants with consonants only. Symbols that are in
    neither chart cannot be compared.

    >>> sound_distance("ɬ", "l"), sound_distance("ɬ", "s"), sound_distance("ɬ", "a")
    (2.0, 3.0, None)
    """
    sounds = _sounds()
    first, second = sounds.get(_EQUIVALENT.get(one, one)), sounds.get(_EQUIVALENT.get(other, other))
    if first is None or second is None or first.vowel != second.vowel:
        return None
    steps = abs(first.place - second.place)
    place = _HEIGHT_STEP * steps if first.vowel else min(_PLACE_STEP * steps, _MAX_PLACE)
    different = first.features ^ second.features
    weights = sum(_WEIGHTS.get(feature, 1.0) for feature in different)
    return weights + place + abs(first.backness - second.backness)


@lru_cache(maxsize=1)
def _sounds() -> dict[str, _Sound]:
    """Return symbol -> description, parsed from the charts."""
    sounds: dict[str, _Sound] = {}
    for features, line in _CONSONANTS.items():
        for place, cell in enumerate(line.split()):
            for symbol, voice in zip(cell, ((), ("voiced",)), strict=True):
                sounds[symbol] = _Sound(False, place, 0, frozenset((*features.split(), *voice)))
    for height, line in enumerate(_VOWELS):
        for backness, cell in enumerate(line.split()):
            for symbol, rounded in zip(cell, ((), ("rounded",)), strict=True):
                sounds[symbol] = _Sound(True, height, backness, frozenset(rounded))
    for symbol, plain in _RHOTIC.items():
        sound = sounds[plain]
        sounds[symbol] = sound._replace(features=sound.features | {"rhotic"})
    del sounds["."]
    return sounds
