"""Every text dies away at its end, with or without a final mark."""

import warnings

import numpy as np
import pytest

from vits.synthesis import FrontendMismatchWarning, load

TEXTS = ("Hello", "(Hello)", "No?", "7", "F", "Chapter one", 'X."', "See you:", "Hello", "Go,")


@pytest.fixture(scope="module")
def kathleen():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FrontendMismatchWarning)
        return load()


def level(samples, rate):
    """Return the last 10 ms against the loudest 10 ms (dB)."""
    size = rate // 100
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    loudest = np.sqrt((parts**2).mean(axis=1)).max()
    return 20 * np.log10(max(np.sqrt((samples[-size:] ** 2).mean()), 1e-9) / loudest)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.slow
def test_the_end_is_30_db_below_the_loudest_part(kathleen, text):
    for seed in range(2):
        speech = kathleen(text, seed=seed)
        assert level(speech.samples, speech.sample_rate) <= -30


def test_a_final_mark_changes_nothing_but_the_timings(kathleen):
    bare, marked = kathleen("Hello", seed=3), kathleen("Hello.", seed=3)
    np.testing.assert_array_equal(bare.samples, marked.samples)
    assert bare.words == marked.words
    assert bare.phonemes == marked.phonemes[:-1]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Hello", "."),
        ("Hello,", ","),
        ("Hello;", ";"),
        ("Hello?", "?"),
        ('"Hello"', "."),
        ('"Hello."', '"'),
        ("Fruits:", ","),
        ("(Hello)", "."),
    ],
)
def test_the_mark_that_fits_is_added(kathleen, text, last):
    encoding = kathleen.frontend.encode(text, ending="sentence")
    assert encoding.symbols[-1] == last
    plain = kathleen.frontend.encode(text)
    assert encoding.phonemes == plain.phonemes
    assert encoding.words == plain.words
    assert (encoding.added >= 0) == (len(encoding.ids) > len(plain.ids))


def test_headings_items_and_cut_pieces_end_too(kathleen):
    long = "word " * 150
    with_lines = "# Chapter one\n\n- Apple\n- Banana\n\n" + long
    pieces = list(kathleen.stream(with_lines, seed=1, whole_sentences=True, length_scale=0.5))
    spoken = [piece for piece in pieces if piece.words]
    assert len(spoken) >= 5
    for piece in spoken:
        assert level(piece.samples, piece.sample_rate) <= -30
    pauses = [piece for piece in pieces if not piece.words]
    assert len(pauses) == 3  # none where the long sentence was cut
