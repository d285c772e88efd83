"""A corpus of tones with one fault of each kind, and its report, computed once."""

import shutil

import numpy as np
import pytest

from vits.data.audit.examine import examine
from vits.data.prepared.dataset import PreparedDataset

TEXT_KEYS = ("text", "phonemes", "ids")


def _change_wave(folder, index, edit):
    row = PreparedDataset(folder).row(index)
    waves = np.fromfile(folder / "audio.i16", dtype="<i2")
    part = slice(row["offset"], row["offset"] + row["samples"])
    waves[part] = edit(waves[part].astype(np.float64)).clip(-32768, 32767).astype("<i2")
    waves.tofile(folder / "audio.i16")


def _mostly_silent(wave):
    """Replace three quarters of the wave by silence, so that the speech is too fast as well."""
    quiet = np.random.default_rng(0).normal(0, 60, len(wave))
    quiet[: len(wave) // 4] = wave[: len(wave) // 4]
    return quiet


def _plant_faults(folder, change_rows):
    """Plant one fault of each kind."""
    rng = np.random.default_rng(0)
    _change_wave(folder, 10, lambda wave: 0 * wave)
    _change_wave(folder, 11, lambda wave: wave + rng.normal(0, 9000, len(wave)))
    _change_wave(folder, 12, lambda wave: (6 * wave).clip(-20000, 20000))
    _change_wave(folder, 13, lambda wave: wave / 4)
    _change_wave(folder, 14, _mostly_silent)

    def edit(rows):
        words = [{k: rows[i][k] for k in TEXT_KEYS} for i in (21, 20)]
        rows[20].update(words[0])
        rows[21].update(words[1])
        for i in (30, 31):
            rows[i].update(samples=rows[29]["samples"], offset=rows[29]["offset"])
            rows[i].update({k: rows[29][k] for k in TEXT_KEYS})

    change_rows(folder, edit)


@pytest.fixture(scope="session")
def faulty(write_tones, change_rows, make_once):
    """The corpus; tests do not change it."""

    def fill(folder):
        _plant_faults(write_tones(folder / "faulty"), change_rows)

    return PreparedDataset(make_once("faulty-tones", fill) / "faulty")


@pytest.fixture
def faulty_copy(faulty, tmp_path):
    """A copy of the folder."""
    return shutil.copytree(faulty.folder, tmp_path / "faulty")


@pytest.fixture(scope="session")
def report(faulty):
    """The audit report of the corpus, with the default limits."""
    return examine(faulty)
