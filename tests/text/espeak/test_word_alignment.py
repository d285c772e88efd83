import random

import pytest

from vits.text.espeak.phonemize import espeak_tokens
from vits.text.espeak.word_alignment import WordGroup, _match, group_words


def grouped(text, language="en-us"):
    words = text.split()
    tokens = espeak_tokens(text, language)
    return [
        (" ".join(words[g.word_start : g.word_end]), tokens[g.token_start : g.token_end])
        for g in group_words(words, tokens, language)
    ]


def test_merged_words_are_one_group():
    assert grouped("people of the house") == [
        ("people", ["pˈiːpəl"]),
        ("of the", ["ʌvðə"]),
        ("house", ["hˈaʊs"]),
    ]


def test_repeated_words_are_distinguished():
    assert [text for text, _ in grouped("a member of the House of Commons")] == [
        "a", "member", "of the", "House", "of", "Commons",
    ]  # fmt: skip
    assert [text for text, _ in grouped("only out of a satisfaction of all his debts")] == [
        "only", "out of", "a", "satisfaction", "of", "all", "his", "debts",
    ]  # fmt: skip


def test_split_words_keep_all_their_tokens():
    groups = dict(grouped("the 21 dogs of the 1990s"))
    assert groups["dogs"] == ["dˈɑːɡz"]
    assert groups["of the"] == ["ʌvðə"]
    assert len(groups["1990s"]) > 1


def test_silent_words_have_no_token():
    assert ("'", []) in grouped("a ' b")


@pytest.mark.parametrize("language", ["en-us", "de", "fr-fr", "es", "cmn", "vi"])
@pytest.mark.slow
def test_groups_cover_words_and_tokens_once(language):
    rng = random.Random(0)
    stock = ["in", "the", "of", "a", "house", "12", "3,5", "NASA", "'", "xyz", "über", "你好", "is"]
    for _ in range(150):
        words = [rng.choice(stock) for _ in range(rng.randrange(1, 12))]
        tokens = espeak_tokens(" ".join(words), language)
        groups = group_words(words, tokens, language)
        for start, end, count in (
            ("word_start", "word_end", words),
            ("token_start", "token_end", tokens),
        ):
            position = 0
            for group in groups:
                assert getattr(group, start) == position
                position = getattr(group, end)
            assert position == len(count)
        assert all(g.word_end > g.word_start for g in groups)


def test_the_most_similar_phonemes_match():
    alone = ["wʌn", "tuː", "θriː", "foʊɹ"]
    assert _match(alone, ["wʌntə", "θriːz", "foɹ"]) == [
        WordGroup(0, 2, 0, 1),
        WordGroup(2, 3, 1, 2),
        WordGroup(3, 4, 2, 3),
    ]


def test_long_runs_without_a_match_are_paired_in_order():
    assert _match(["a"] * 60, ["bcdefg"] * 60)[:2] == [WordGroup(0, 1, 0, 1), WordGroup(1, 2, 1, 2)]
    assert _match(["a"] * 60, ["bcdefg"] * 61) == [WordGroup(0, 60, 0, 61)]


@pytest.mark.slow
def test_the_search_is_bounded_for_very_long_words(monkeypatch):
    from vits.text.espeak import word_alignment

    compared = []
    plain = word_alignment._edit_distance
    monkeypatch.setattr(word_alignment, "_phonemize_alone", lambda word, _: word)
    monkeypatch.setattr(
        word_alignment,
        "_edit_distance",
        lambda left, right: compared.append(len(left) * len(right)) or plain(left, right),
    )
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefgh", k=300)) for _ in range(6)]
    tokens = ["".join(rng.choices("abcdefgh", k=6)) for _ in range(250)]
    groups = word_alignment.group_words(words, tokens, "en-us")
    assert sum(compared) < 2 * word_alignment._MAX_COMPARED
    assert groups[0][::2] == (0, 0)
    assert groups[-1][1::2] == (6, 250)
