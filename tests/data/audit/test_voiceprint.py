"""Speakers are distinguished regardless of the text."""

import numpy as np
import pytest

from vits.data.audit.voiceprint import SoundClasses, compare_speakers, log_pitch, loud_cepstra


def prints(rng, center, count):
    return np.column_stack([center + rng.normal(0, 1, (count, 6)), rng.normal(5, 0.1, count)])


def test_a_row_of_another_speaker_deviates_from_the_rest():
    rng = np.random.default_rng(0)
    rows = np.concatenate([prints(rng, 0, 200), prints(rng, 6, 8)])
    values = np.array([like.deviation for like in compare_speakers(rows, [""] * 208)])
    assert values[200:].min() > 5
    assert np.mean(values[:200] > 5) <= 0.005


def test_a_row_of_another_speaker_is_attributed_to_it():
    rng = np.random.default_rng(0)
    rows = np.concatenate([prints(rng, 0, 100), prints(rng, 5, 100)])
    names = ["anna"] * 100 + ["bert"] * 100
    names[3], names[150] = "bert", "anna"
    found = compare_speakers(rows, names)
    assert [i for i, like in enumerate(found) if like.nearer] == [3, 150]
    assert (found[3].nearer, found[150].nearer) == ("anna", "bert")


def test_few_rows_are_not_compared_and_a_missing_pitch_is_average():
    rng = np.random.default_rng(0)
    rows = np.concatenate([prints(rng, 0, 100), prints(rng, 5, 5)])
    rows[7, -1] = np.nan
    found = compare_speakers(rows, ["anna"] * 100 + ["bert"] * 5)
    assert found[100:] == [None] * 5
    assert abs(found[7].deviation) < 5


def test_the_speaker_counts_more_than_the_text():
    """Each row has one kind of sound: plain means differ by kind, the description does not."""
    rng = np.random.default_rng(0)
    kinds = rng.normal(0, 5, (16, 10))
    rows = [kinds[i % 16] + rng.normal(0, 0.5, (50, 10)) for i in range(64)]
    other = [kinds[i] + 1 + rng.normal(0, 0.5, (50, 10)) for i in range(16)]
    sounds = SoundClasses(np.concatenate(rows))

    def separation(describe):
        own = np.stack([describe(row) for row in rows])
        shifted = np.stack([describe(row) for row in other])
        return ((shifted.mean(axis=0) - own.mean(axis=0)) / own.std(axis=0)).mean()

    assert separation(sounds.describe) > 3 * separation(lambda row: row.mean(axis=0))


@pytest.mark.parametrize("hertz", [90, 150, 300])
def test_pitch_of_pulses(hertz):
    time = np.arange(16000) / 16000
    wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 8))
    assert np.exp(log_pitch(wave, 16000)) == pytest.approx(hertz, rel=0.02)


def test_noise_and_snippets_have_no_pitch():
    noise = np.random.default_rng(0).normal(0, 1, 16000)
    assert np.isnan(log_pitch(noise, 16000))
    assert np.isnan(log_pitch(noise[:100], 16000))


def test_quiet_frames_and_the_level_do_not_count():
    rng = np.random.default_rng(0)
    loud = rng.normal(0, 1, (80, 30))
    silence = np.full((80, 30), -11.5)
    cepstra = loud_cepstra(np.concatenate([silence, loud], axis=1))
    assert cepstra.shape == (30, 40)
    assert np.allclose(cepstra, loud_cepstra(loud + 3))
