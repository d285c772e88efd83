"""Toy corpora: good rows, and one bad row for each reason of rejection."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from vits.config import AudioConfig, FrontendConfig
from vits.data.prepare import workers
from vits.data.prepare.checks import Reason
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row
from vits.text.frontend import Frontend
from vits.text.symbols import PAD, SymbolTable

RATE = 8000
AUDIO = AudioConfig(sample_rate=RATE, n_fft=320, win_length=320, hop_length=80, n_mels=20)
LIMITS = RecordingLimits(segment_frames=8, max_seconds=4.0)
CONFIG = PrepareConfig(audio=AUDIO, limits=LIMITS)
OUTPUTS = ("audio.i16", "dataset.json", "manifest.jsonl", "rejected.jsonl", "report.json")
LETTERS = "abcdefghijklmnopqrstuvwxyz .,?"


def frontend(symbols=LETTERS):
    config = FrontendConfig(backend="graphemes", normalize=False)
    return Frontend(config, SymbolTable((PAD, *symbols)))


def noise(seconds, seed=0, rate=RATE):
    wave = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return (0.1 * wave).clip(-0.9, 0.9).astype(np.float32)


def good_rows(folder, n, speakers=("",)):
    random = np.random.default_rng(1)
    folder.mkdir(exist_ok=True)
    rows = []
    for i in range(n):
        text = "".join(random.choice(list(LETTERS[:26]), random.integers(6, 12)))
        seconds = 0.08 * len(text) * random.uniform(0.9, 1.1)
        path = folder / f"good{i}.wav"
        if i % 5:
            soundfile.write(path, noise(seconds, i), RATE)
        else:  # to be mixed and resampled
            wave = noise(seconds, i, 2 * RATE)
            soundfile.write(path, np.stack([wave, 0.8 * wave], axis=1), 2 * RATE)
        rows.append(
            Row(id=f"good{i}", audio=str(path), text=text, speaker=speakers[i % len(speakers)])
        )
    return rows


def bad_rows(folder):
    """One row for each fault, and its reason; empty, and no text, come in two ways."""
    faults = []

    def plant(reason, name, samples=None, text="some words", rate=RATE, subtype=None, **values):
        path = folder / f"{name}.wav"
        if samples is not None:
            soundfile.write(path, samples, rate, subtype=subtype)
        faults.append((Row(**{"id": name, "audio": str(path), "text": text, **values}), reason))
        return path

    fine = noise(0.8)
    plant(Reason.MISSING, "missing")
    plant(Reason.EMPTY, "zero-bytes").touch()
    plant(Reason.EMPTY, "zero-samples", fine[:0])
    path = plant(Reason.TRUNCATED, "truncated", fine)
    path.write_bytes(path.read_bytes()[:-500])
    plant(Reason.UNREADABLE, "unreadable").write_text("404 not found")
    plant(Reason.NOT_FINITE, "nan", np.append(fine, np.nan), subtype="FLOAT")
    plant(Reason.WRONG_RATE, "rate", fine, rate=RATE // 2)
    plant(Reason.CLIPPED, "clipped", (20 * fine).clip(-1, 1))
    plant(Reason.SILENT, "silent", 1e-3 * fine)
    plant(Reason.SILENT, "opposite", np.stack([fine, -fine], axis=1))
    plant(Reason.TOO_SHORT, "short", fine[: 8 * 80 - 1], text="a")
    plant(Reason.TOO_LONG, "long", noise(4.1), text="long " * 8)
    plant(Reason.NO_TEXT, "no-text", fine, text="  ")
    plant(Reason.WRONG_LANGUAGE, "dutch", fine, language="nl")
    plant(Reason.UNKNOWN_SYMBOLS, "unknown", fine, text="a ☃ and ☃")
    plant(Reason.TOO_MANY_SYMBOLS, "dense", fine, text="many words " * 4)
    plant(Reason.DUPLICATE_ID, "again", fine, id="good3")
    plant(Reason.ODD_DURATION, "odd", noise(3.5), text="ab")
    return faults


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def contents(folder):
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def run(rows, folder, config=CONFIG, **options):
    return prepare(rows, folder, config, frontend(), chunk_rows=8, **options)


@pytest.fixture(scope="session")
def toy():
    """Settings and helpers for toy corpora."""
    return SimpleNamespace(
        rate=RATE,
        audio=AUDIO,
        limits=LIMITS,
        config=CONFIG,
        outputs=OUTPUTS,
        letters=LETTERS,
        frontend=frontend,
        noise=noise,
        good_rows=good_rows,
        lines=lines,
        contents=contents,
        run=run,
    )


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    good, bad = good_rows(folder, 40), bad_rows(folder)
    rows = list(good)
    for position, (row, _) in enumerate(bad):
        rows.insert(2 * position + 5, row)
    return rows, {row.audio: reason for row, reason in bad}


@pytest.fixture(scope="session")
def prepared(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared") / "out"
    return folder, run(corpus[0], folder)


@pytest.fixture
def small(tmp_path):
    """Sixteen rows in two chunks, prepared with the chunks kept."""
    rows = good_rows(tmp_path / "wavs", 16)
    run(rows, tmp_path / "out", keep_chunks=True)
    return rows, tmp_path / "out"


@pytest.fixture
def processed(monkeypatch):
    """The indices of the chunks that are processed, in order."""
    indices, process = [], workers._process

    def counted(chunk, config, frontend):
        indices.append(chunk.index)
        return process(chunk, config, frontend)

    monkeypatch.setattr(workers, "_process", counted)
    return indices
