import random
from dataclasses import replace
from itertools import pairwise

import pytest

from vits.synthesis.timing import time_symbols
from vits.text import Encoding, Word
from vits.text.aligned import Span


def encoding(ids, words):
    symbols = tuple("_abcdefgh"[i] for i in ids)
    return Encoding(tuple(ids), symbols, tuple(words), "", {})


def times(timings):
    return [tuple(timing[:3]) for timing in timings]


def test_blanks_count_with_the_symbol_before_them():
    # _ a _ b _ and one frame of 0.5 s
    text = encoding([0, 1, 0, 2, 0], [Word("ab", "ab", 0, 5)])
    phonemes, words = time_symbols(text, [1, 2, 3, 4, 5], 0.5, 10.0)
    assert times(phonemes) == [("a", 10.5, 13.0), ("b", 13.0, 17.5)]
    assert times(words) == [("ab", 10.5, 17.5)]


def test_without_blanks_every_symbol_has_its_own_time():
    text = encoding([1, 2, 3], [Word("a", "a", 0, 1), Word("bc", "bc", 1, 3)])
    phonemes, words = time_symbols(text, [1, 0, 2], 1.0, 0.0)
    assert times(phonemes) == [("a", 0.0, 1.0), ("b", 1.0, 1.0), ("c", 1.0, 3.0)]
    assert times(words) == [("a", 0.0, 1.0), ("bc", 1.0, 3.0)]


def test_an_added_mark_has_a_time_that_belongs_to_none():
    for ids, end, added in (([1, 2, 3], 2, 2), ([0, 1, 0, 2, 0, 3, 0], 4, 5)):
        text = replace(encoding(ids, [Word("ab", "ab", 0, end)]), added=added)
        durations = [1] * len(ids)
        phonemes, words = time_symbols(text, durations, 1.0, 0.0)
        assert [phoneme.text for phoneme in phonemes] == ["a", "b"]
        assert phonemes[-1].end == words[-1].end == float(added)


def test_a_word_knows_the_part_of_the_input_it_stands_for():
    text = encoding([1, 2], [Word("a", "a", 0, 1, Span(3, 7)), Word("b", "b", 1, 2)])
    phonemes, words = time_symbols(text, [1, 1], 1.0, 0.0)
    assert [word.source for word in words] == [(3, 7), None]
    assert words[0].to_dict() == {"text": "a", "start": 0.0, "end": 1.0, "source": [3, 7]}
    assert phonemes[0].to_dict() == {"text": "a", "start": 0.0, "end": 1.0}


def test_a_word_without_a_symbol_has_no_time():
    text = encoding([0, 1, 0], [Word("?", "", 0, 1), Word("a", "a", 1, 3)])
    assert [word.text for word in time_symbols(text, [1, 1, 1], 1.0, 0.0)[1]] == ["a"]


@pytest.mark.parametrize("blanks", [True, False])
def test_phonemes_follow_each_other_without_gaps_to_the_end(blanks):
    rng = random.Random(1)
    for _ in range(100):
        spoken = [rng.randint(1, 8) for _ in range(rng.randint(1, 12))]
        ids = [0, *(i for symbol in spoken for i in (symbol, 0))] if blanks else spoken
        cut = rng.randint(0, len(ids))
        words = [Word("x", "", 0, cut), Word("y", "", cut, len(ids))]
        durations = [rng.randint(0, 9) for _ in ids]
        phonemes, timed = time_symbols(encoding(ids, words), durations, 0.25, 2.0)
        assert len(phonemes) == len(spoken)
        assert phonemes[0].start == 2.0 + (0.25 * durations[0] if blanks else 0)
        assert phonemes[-1].end == 2.0 + 0.25 * sum(durations)
        assert all(a.end == b.start and a.start <= a.end for a, b in pairwise(phonemes))
        assert timed[0].start == phonemes[0].start
        assert timed[-1].end == phonemes[-1].end
