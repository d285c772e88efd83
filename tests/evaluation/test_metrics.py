import math

import numpy as np
import pytest

from vits.evaluation.metrics import (
    ANALYSIS,
    ORDER,
    analyse,
    cepstral_distortion,
    dtw,
    mel_cepstra,
    mel_distance,
    to_analysis,
)


@pytest.fixture
def mel():
    return np.random.default_rng(1).normal(-4, 2, (30, 80))


def straight(length):
    return np.repeat(np.arange(length)[:, None], 2, axis=1)


def test_cepstra_are_the_cosines_of_the_bands(mel):
    angles = np.pi / 80 * (np.arange(80) + 0.5)
    for order in (1, 5, ORDER):
        cepstra = mel_cepstra((7 + 0.3 * np.cos(order * angles))[None])
        expected = np.zeros((1, ORDER))
        expected[0, order - 1] = 0.3
        np.testing.assert_allclose(cepstra, expected, atol=1e-12)


def test_a_ripple_of_known_height_has_the_distortion_of_the_formula(mel):
    ripple = 0.5 * np.cos(3 * np.pi / 80 * (np.arange(80) + 0.5))
    found = cepstral_distortion(mel_cepstra(mel), mel_cepstra(mel + ripple), straight(30))
    assert found == pytest.approx(10 / math.log(10) * math.sqrt(2) * 0.5)


def test_a_signal_has_no_distance_from_itself_nor_cepstral_from_a_louder_one(mel):
    path = straight(30)
    cepstra = mel_cepstra(mel)
    assert cepstral_distortion(cepstra, cepstra, path) == 0
    assert mel_distance(mel, mel, path) == 0
    assert cepstral_distortion(cepstra, mel_cepstra(mel + 2), path) == pytest.approx(0, abs=1e-9)
    assert mel_distance(mel, mel + 2, path) == pytest.approx(2)


def test_warping_undoes_a_change_of_pace(mel):
    repeats = np.random.default_rng(2).integers(1, 4, 30)
    first, second = mel_cepstra(mel), mel_cepstra(np.repeat(mel, repeats, axis=0))
    path = dtw(first, second)
    assert cepstral_distortion(first, second, path) == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(path[:, 0], np.repeat(np.arange(30), repeats))


def test_a_path_goes_from_corner_to_corner_in_single_steps(mel):
    path = dtw(mel[:12], mel[9:])
    steps = np.diff(path, axis=0)
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [11, 20]
    assert {tuple(step) for step in steps.tolist()} <= {(0, 1), (1, 0), (1, 1)}


def test_a_path_is_as_cheap_as_brute_force_finds():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))

    def cheapest(i, j):
        cost = float(np.linalg.norm(first[i] - second[j]))
        if i == j == 0:
            return cost
        before = [(i - 1, j), (i, j - 1), (i - 1, j - 1)]
        return cost + min(cheapest(*place) for place in before if min(place) >= 0)

    path = dtw(first, second)
    cost = np.linalg.norm(first[path[:, 0]] - second[path[:, 1]], axis=1).sum()
    assert cost == pytest.approx(cheapest(4, 3))


def test_of_equally_cheap_steps_the_diagonal_is_taken():
    wide = [[0, 0], [0, 1], [0, 2], [1, 3], [2, 4]]
    assert dtw(np.zeros((3, 1)), np.zeros((5, 1))).tolist() == wide
    high = [pair[::-1] for pair in wide]
    assert dtw(np.zeros((5, 1)), np.zeros((3, 1))).tolist() == high
    assert dtw(np.ones((1, 2)), np.ones((1, 2))).tolist() == [[0, 0]]


def test_silence_is_trimmed_and_the_rate_is_changed():
    speech = np.random.default_rng(4).normal(0, 0.1, 22050).astype(np.float32)
    padded = np.concatenate([np.zeros(11025, np.float32), speech, np.zeros(22050, np.float32)])
    wave = to_analysis(padded, 22050)
    assert len(wave) / 16000 == pytest.approx(1.1, abs=0.05)
    assert len(to_analysis(padded, 22050, keep_silence=True)) == 40000
    spectrum = analyse(wave)
    assert spectrum.mel.shape == (len(wave) // ANALYSIS.hop_length, 80)
    assert spectrum.cepstra.shape == (len(wave) // ANALYSIS.hop_length, ORDER)


@pytest.mark.parametrize("length", [1, 500, 4000])
def test_short_waves_and_digital_silence_can_be_analysed(length):
    wave = to_analysis(np.zeros(length, np.float32), 16000)
    assert len(wave) >= ANALYSIS.n_fft
    assert np.isfinite(analyse(wave).cepstra).all()
