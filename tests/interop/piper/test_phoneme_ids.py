"""A voice that came from Piper gets the ids that Piper's own code makes of a text."""

from pathlib import Path

import pytest

from vits.errors import VoiceError
from vits.interop.carried_settings import CarriedSettings
from vits.interop.piper.settings import read_frontend
from vits.interop.settings_reader import SettingsReader

SENTENCES = Path(__file__).with_name("english.txt").read_text(encoding="utf-8").splitlines()
OTHERS = {
    "fr": ("Bonjour, comment allez-vous ?", "Il a dit : « C'est bien ! »", "L'été… très chaud."),
    "es": ("¿Cómo estás? ¡Muy bien!", "Dijo: «vale».", "Comió 3 manzanas; luego durmió."),
    "de": ("Guten Tag, wie geht es Ihnen?", "Es ist 5 km lang – sehr lang!", "Am 3. Mai."),
}


@pytest.fixture(scope="module")
def piper():
    return pytest.importorskip("piper", reason="piper-tts is not installed")


@pytest.fixture(scope="module")
def both(piper):
    """Return their ids and ours of a text."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP, phonemes_to_ids
    from piper.phonemize_espeak import EspeakPhonemizer

    phonemizer, frontends = EspeakPhonemizer(), {}

    def ids(text, language="en-us", clusters=()):
        values = {
            "espeak": {"voice": language},
            "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
            "vowel_clusters": [list(each) for each in clusters],
        }
        key = language, clusters
        if key not in frontends:
            frontends[key] = read_frontend(SettingsReader(values, "x.json"), CarriedSettings())
        merged = {tuple(each) for each in clusters} or None
        (theirs,) = phonemizer.phonemize(language, text, merged)
        return tuple(phonemes_to_ids(theirs)), frontends[key].encode(text, unknown="drop").ids

    return ids


@pytest.mark.parametrize("text", [s for s in SENTENCES if "!" not in s[:-2] and "?" not in s[:-2]])
def test_a_sentence_has_their_ids(both, text):
    try:
        theirs, ours = both(text)
    except ValueError:
        pytest.skip("Piper makes two sentences of it")
    assert ours == theirs


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_and_pipers_names_of_them(both, language):
    for text in OTHERS[language]:
        try:
            theirs, ours = both(text, language)
        except ValueError:
            continue  # two sentences
        assert ours == theirs, text


def test_clusters_are_looked_up_as_one(both):
    text = "The boy might show how they may cry."
    theirs, ours = both(text, clusters=("aɪ", "eɪ", "oʊ", "ɔɪ", "aʊ"))
    assert ours == theirs
    assert 161 in ours  # aɪ
    assert ours != both(text)[1]


def test_clusters_must_be_lists():
    values = {"phoneme_id_map": {"_": [0], "^": [1], "$": [2]}, "vowel_clusters": ["aɪ"]}
    with pytest.raises(VoiceError, match="must be a list of lists"):
        read_frontend(SettingsReader(values, "x.json"), CarriedSettings())
