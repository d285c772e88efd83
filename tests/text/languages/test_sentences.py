"""Sentence ends of languages other than English."""

import random

import pytest

from vits.text import split_sentences

CASES = {
    "de": [
        ["Am 3. Oktober war es so weit. ", "Dann ging er."],
        ["Das kostet z. B. 5 Euro. ", "Nr. 5 lebt."],
        ["Dr. Müller und Prof. Weber kommen. ", "Fr. Schmidt auch."],
        ["Äpfel, Birnen usw. ", "Danach kam er."],
        ["Er hat 3. ", "Danach ging er."],
        ["Sie wohnt im 2. Stock. ", "Ich nicht."],
        ["Ludwig XIV. regierte lange. ", "Er starb."],
        ["d. h. morgen, u. a. in St. Pauli. ", "Ja."],
        ["Das war 1990. ", "Im 20. Jahrhundert."],
        ["Siehe S. 12 und Abb. 3. ", "Ende."],
        ["Er kam am 3. ", "Sie blieb."],
    ],
    "fr": [
        ["M. Dupont arrive. ", "Mme Martin part."],
        ["Env. 5 euros, p. ex. demain. ", "Oui."],
        ["Voir p. 12 et vol. 3. ", "Fin."],
        ["Des pommes, des poires, etc. ", "Puis il partit."],
        ["En 50 av. J.-C. César vint. ", "Il vit."],
    ],
    "es": [
        ["EE. UU. ganó. ", "España no."],
        ["El Sr. López y la Dra. Ruiz. ", "Fin."],
        ["Véase pág. 12 y núm. 5. ", "Sí."],
        ["Manzanas, peras, etc. ", "Luego se fue."],
        ["P. ej. Madrid. ", "Y Ud. también."],
    ],
    "it": [
        ["Il Sig. Bianchi parla. ", "La dott.ssa Verdi no."],
        ["Vedi pag. 12 e n. 5. ", "Fine."],
        ["Mele, pere ecc. ", "Poi andò."],
        ["Nel 50 a.C. accadde. ", "Poi no."],
        ["L'ing. Gallo e l'avv. Riva. ", "Fine."],
    ],
    "nl": [
        ["Neem bijv. 3 stuks. ", "Klaar."],
        ["Dhr. Jansen en mevr. De Vries. ", "Einde."],
        ["Zie blz. 12 en nr. 5. ", "Ja."],
        ["Appels, peren enz. ", "Daarna ging hij."],
        ["D.w.z. Amsterdam, o.a. Utrecht. ", "Ja."],
    ],
    "pl": [["Mieszka przy ul. Długiej. ", "Np. Anna, dr Kowalski i inż. Nowak. ", "Tak."]],
    "da": [["Den 3. oktober, f.eks. Anders And. ", "Ja. ", "Hr. Jensen."]],
    "cs": [["Bydlí v ul. Dlouhá č. 5, např. Praha. ", "Ano."]],
    "ru": [["Живёт на ул. Ленина в г. Москве. ", "Да."]],
    "": [
        ["Am 3. Oktober war es z. B. kalt. ", "Ja."],
        ["EE. UU. ganó. ", "Neem bijv. 3 stuks. ", "Il Sig. Bianchi, ul. Długa. ", "Ok."],
        ["I have 3. ", "He has none."],
    ],
}


@pytest.mark.parametrize(
    ("language", "sentences"), [(code, case) for code, group in CASES.items() for case in group]
)
def test_sentence_ends(language, sentences):
    assert split_sentences("".join(sentences), language=language) == sentences


@pytest.mark.parametrize("language", ["de", "fr-fr", "es", "it", "nl", "pl", "xx"])
def test_sentences_concatenate_to_the_text(language):
    pieces = [
        "a",
        "B",
        "z. ",
        "B. ",
        "Dr",
        "5",
        ".",
        " ",
        "3. ",
        "XIV",
        "usw",
        "\n",
        "?",
        "M",
        "Oktober",
    ]
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choice(pieces) for _ in range(rng.randrange(40)))
        assert "".join(split_sentences(text, language=language)) == text
