"""Duplicate recordings."""

import numpy as np
import pytest

from vits.data.audit.duplicates import POINTS, envelope, same_audio, similarity

RATE = 8000


def recording(seed, seconds=1.5):
    """Noise with the contour of a sentence."""
    rng = np.random.default_rng(seed)
    contour = np.interp(np.linspace(0, 12, int(seconds * RATE)), range(13), rng.uniform(0, 1, 13))
    return (0.3 * contour**2 * rng.normal(0, 1, len(contour))).astype(np.float32)


def find(waves):
    described = [envelope(wave, RATE) for wave in waves]
    seconds, courses = zip(*described, strict=True)
    return same_audio(seconds, np.stack(courses), waves.__getitem__, 0.9)


def test_copies_are_found_at_any_level_and_padding():
    waves = [recording(i) for i in range(40)]
    waves += [0.3 * waves[4], np.pad(waves[7], (900, 2000)), -waves[9]]
    assert [(one, other) for one, other, _ in find(waves)] == [(4, 40), (7, 41), (9, 42)]
    assert all(value == pytest.approx(1.0, abs=1e-3) for *_, value in find(waves))


def test_recordings_with_the_same_contour_are_not_copies():
    rng = np.random.default_rng(0)
    contour = np.abs(recording(1))
    waves = [(contour * rng.normal(0, 1, len(contour))).astype(np.float32) for _ in range(3)]
    courses = [envelope(wave, RATE)[1] for wave in waves]
    assert courses[0] @ courses[1] > 0.8  # so the waves are compared
    assert find(waves) == []


def test_pairs_across_blocks_are_found():
    waves = [recording(i, 0.2 + 0.0001 * i) for i in range(700)]
    waves.append(waves[100])
    assert [(one, other) for one, other, _ in find(waves)] == [(100, 700)]


def test_silence_is_not_similar_to_anything():
    silent = np.zeros(RATE, np.float32)
    seconds, contour = envelope(silent, RATE)
    assert seconds == 0
    assert np.array_equal(contour, np.zeros(POINTS))
    assert similarity(silent, silent) == 0
    assert find([silent, silent]) == []
