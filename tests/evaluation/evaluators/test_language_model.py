import math

import pytest

from vits.errors import DataError
from vits.evaluation.evaluators.language_model import (
    build_bigrams,
    train_language_model,
    write_arpa,
)

SENTENCES = [line.split() for line in ("a b a", "a b c", "b a", "c")]


def test_probabilities_are_those_by_hand():
    model = build_bigrams(SENTENCES)
    # eight different pairs: <s> a, <s> b, <s> c, a b, a </s>, b a, b c, c </s>; after a: b and the
    # end, twice each
    assert model.continuations == {"a": 2, "b": 2, "c": 2, "</s>": 2}
    assert model.backoff("a") == pytest.approx(0.75 * 2 / 4)
    assert model.probability("b", "a") == pytest.approx(1.25 / 4 + 0.375 * 2 / 8)
    assert model.probability("c", "a") == pytest.approx(0.375 * 2 / 8)


def test_a_word_of_one_place_is_not_expected_elsewhere():
    model = build_bigrams([["a", "b"]] * 5 + [["c"], ["d", "c"]])
    assert model.continuations["b"] < model.continuations["c"]
    assert model.probability("b", "d") < model.probability("c", "d")
    assert model.probability("b", "c") < model.probability("c", "c")  # never seen after c


@pytest.mark.parametrize("history", ["<s>", "a", "b", "c", "d"])
@pytest.mark.parametrize("vocabulary", [(), ("a", "d", "e")])
def test_every_history_sums_to_one(history, vocabulary):
    model = build_bigrams(SENTENCES, vocabulary=vocabulary)
    words = {*model.continuations, *vocabulary}
    assert sum(model.probability(word, history) for word in words) == pytest.approx(1)


def test_words_that_no_sentence_has_can_be_said():
    model = build_bigrams(SENTENCES, vocabulary=["a", "d", "e"])
    assert model.unseen == {"d", "e"}
    # four words of eight pairs give 0.75 each, to be shared by six
    assert model.unigram("d") == pytest.approx(3 / 6 / 8)
    assert model.unigram("a") == pytest.approx((1.25 + 3 / 6) / 8)
    assert model.unigram("f") == 0


def test_the_file_holds_the_same_probabilities(tmp_path):
    model = build_bigrams(SENTENCES)
    write_arpa(tmp_path / "x.arpa", model)
    lines = [line.split("\t") for line in (tmp_path / "x.arpa").read_text().splitlines()]
    alone = {row[1]: (10 ** float(row[0]), 10 ** float(row[2])) for row in lines if len(row) == 3}
    pairs = {tuple(row[1].split()): 10 ** float(row[0]) for row in lines if len(row) == 2}
    assert set(alone) == {"<s>", "</s>", "a", "b", "c"}
    for history in ("<s>", "a", "b", "c"):
        for word in model.continuations:
            backed = alone[history][1] * alone[word][0]
            found = pairs.get((history, word), backed)
            assert math.isclose(found, model.probability(word, history), rel_tol=1e-4)


def test_unknown_words_are_passed_over_and_counted():
    model = build_bigrams([["a", "x", "b"]], knows=lambda word: word != "x")
    assert set(model.continuations) == {"a", "b", "</s>"}
    assert model.pairs == {"<s>": {"a": 1}, "b": {"</s>": 1}}
    assert model.counts == (1, 0, 2, 1)
    # nothing was seen after a; b, though seen after an unknown word only, can be heard
    assert model.probability("b", "a") == pytest.approx(1 / 3)
    with pytest.raises(DataError, match="no word that the recogniser knows"):
        build_bigrams([["x"]], knows=lambda word: False)


def test_what_is_to_be_recognised_is_not_learned(tmp_path):
    (tmp_path / "text.txt").write_text("The bridge sings.\n\nVera laughs.\n", encoding="utf-8")
    model = train_language_model(
        tmp_path / "text.txt", tmp_path / "x.arpa", lambda word: True, ["Vera laughs!", "A bridge."]
    )
    assert model.counts == (1, 1, 3, 0)
    assert (model.absent, model.words) == (3, 4)
    assert "laughs" not in (tmp_path / "x.arpa").read_text()
