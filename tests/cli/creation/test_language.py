"""Recognition of the language of transcripts."""

import pytest

from vits.cli.creation.language import LANGUAGES, guess_language

TEXTS = {
    "en-us": "She did not know what it was, but the light in the window had been there for years.",
    "de": "Er wusste nicht, was es war, aber das Licht im Fenster ist seit Jahren da und bleibt.",
    "fr-fr": "Elle ne savait pas ce que c'est, mais la lumière est dans la fenêtre et sur le toit.",
    "es": "No es lo que ella cree, pero la luz de la ventana se ve en el jardín y en la calle.",
    "it": "Non è quello che si crede, ma la luce della finestra si vede nel giardino di casa.",
    "nl": "Ze wist niet wat het was, maar het licht in het raam is er al voor de oorlog en dat is.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_sentences_tell_the_language(language):
    assert guess_language([TEXTS[language], TEXTS[language].upper()]) == language


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["The house is old."],  # too few words
        [TEXTS["en-us"], TEXTS["de"]],  # no language leads
        ["Lorem dolor sit amet consectetur adipiscing elit sed eiusmod tempor"] * 5,
        ["Кошка сидит на окне и смотрит на улицу"] * 5,
    ],
)
def test_what_cannot_be_told_is_none(texts):
    assert guess_language(texts) is None
