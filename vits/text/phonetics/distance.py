"""How far two sounds of the IPA are apart, by how and where they are made.

Source: the charts of the International Phonetic Association (revised to 2020). The weights are
ours: what makes a sound of another kind (nasal, lateral, rhotic) counts twice what changes its
voice or rounding, and two steps of place count as much as that.
"""

from functools import lru_cache
from typing import NamedTuple

__all__ = ["sound_distance"]

# Cells are places from the lips (first) to the glottis (last), voiceless and voiced. The keys are
# what the row's sounds have beyond a plain fricative.
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
# Rows from close to open; cells front, central, back, unrounded and rounded.
_VOWELS = (
    "iy ɨʉ ɯu",
    "ɪʏ ᵻ. .ʊ",
    "eø ɘɵ ɤo",
    ".. ə. ..",
    "ɛœ ɜɞ ʌɔ",
    "æ. ɐ. ..",
    "aɶ .. ɑɒ",
)
# Other ways to write a sound, or its nearest relative in the charts.
_SAME = {"g": "ɡ", "ɧ": "x"}
_RHOTIC = {"ɚ": "ə", "ɝ": "ɜ"}
_WEIGHTS = {"nasal": 2.0, "lateral": 2.0, "rhotic": 2.0, "velarised": 0.5}  # others 1
_PLACE_STEP = 0.5
_FARTHEST = 1.5  # beyond three steps of place all are equally far
_HEIGHT_STEP = 0.4  # two steps are nearer than another rounding: ɔ is nearer to o than to ʌ


class _Sound(NamedTuple):
    """Where a sound is made and what it has.

    Attributes:
        vowel: or consonant.
        place: of a consonant from the lips, or height of a vowel from close.
        side: of a vowel from the front; 0 of a consonant.
        features: all else, voice and rounding included.
    """

    vowel: bool
    place: int
    side: int
    features: frozenset[str]


def sound_distance(one: str, other: str) -> float | None:
    """Return how far two sounds are apart, at least 0, or None where they cannot be compared.

    Vowels compare with vowels, consonants with consonants; what is in neither chart with nothing.

    >>> sound_distance("ɬ", "l"), sound_distance("ɬ", "s"), sound_distance("ɬ", "a")
    (2.0, 3.0, None)
    """
    sounds = _sounds()
    first, second = sounds.get(_SAME.get(one, one)), sounds.get(_SAME.get(other, other))
    if first is None or second is None or first.vowel != second.vowel:
        return None
    steps = abs(first.place - second.place)
    way = _HEIGHT_STEP * steps if first.vowel else min(_PLACE_STEP * steps, _FARTHEST)
    different = first.features ^ second.features
    weights = sum(_WEIGHTS.get(feature, 1.0) for feature in different)
    return weights + way + abs(first.side - second.side)


@lru_cache(maxsize=1)
def _sounds() -> dict[str, _Sound]:
    """Read the charts."""
    sounds: dict[str, _Sound] = {}
    for words, row in _CONSONANTS.items():
        for place, cell in enumerate(row.split()):
            for symbol, voice in zip(cell, ((), ("voiced",)), strict=True):
                features = frozenset((*words.split(), *voice))
                sounds[symbol] = _Sound(False, place, 0, features)
    for height, row in enumerate(_VOWELS):
        for side, cell in enumerate(row.split()):
            for symbol, rounded in zip(cell, ((), ("rounded",)), strict=True):
                sounds[symbol] = _Sound(True, height, side, frozenset(rounded))
    for symbol, plain in _RHOTIC.items():
        sound = sounds[plain]
        sounds[symbol] = sound._replace(features=sound.features | {"rhotic"})
    del sounds["."]
    return sounds
