"""Small voices to start from, as folders and as checkpoints, and data to fine-tune them on."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import pytorch_lightning as pl
import soundfile
import torch
import yaml

from vits.cli import main
from vits.config import FrontendConfig, OptimizerConfig, TrainingConfig
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row
from vits.synthesis import bundle_checkpoint, write_voice
from vits.text import Frontend, SymbolTable
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import Ema

LANGUAGES = ("en", "eo", "tlh")
RECIPE = TrainingConfig(
    optimizer=OptimizerConfig(learning_rate=3e-3, decay=0.9, eps=1e-8), ema_decay=0.5
)


class Base(NamedTuple):
    """The same voice twice."""

    voice: Path
    checkpoint: Path


def write_data(folder, audio, letters, speakers, n=9, *, blanks=True, languages=()):
    """Prepare noise under words of ``letters``, one row for each speaker in turn."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(n):
        word = "".join(np.roll(list(letters), i)[:5])
        path = folder / f"{i}.wav"
        soundfile.write(path, rng.normal(0, 0.1, 3000 + 64 * i), audio.sample_rate)
        speaker = speakers[i % len(speakers)]
        row = Row(id=f"{folder.name}{i}", audio=str(path), text=word, speaker=speaker)
        language = languages[i % len(languages)] if languages else None
        rows.append(replace(row, language=language))
    named = tuple((name, name) for name in LANGUAGES) if languages else ()
    config = FrontendConfig(backend="graphemes", blanks=blanks, languages=named)
    frontend = Frontend(config, SymbolTable(("_", *letters)))
    limits = RecordingLimits(segment_frames=8, max_deviation=0)
    prepare(rows, folder / "data", PrepareConfig(audio=audio, limits=limits), frontend)
    return folder / "data"


def make_base(folder, config, data):
    """Train three steps with an average, and bundle it."""
    torch.manual_seed(0)
    datamodule = VitsDataModule(str(data), n_validation=0, max_frames=600, workers=0)
    module = VitsModule(config, RECIPE, datamodule.dataset_info)
    trainer = pl.Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        max_steps=3,
        logger=False,
        callbacks=[Ema(RECIPE.ema_decay)],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        limit_val_batches=0,
    )
    trainer.fit(module, datamodule)
    checkpoint = folder / "run" / "checkpoints" / "last.ckpt"
    trainer.save_checkpoint(checkpoint)
    return Base(write_voice(folder / "voice", bundle_checkpoint(checkpoint)), checkpoint)


@pytest.fixture(scope="session")
def make_data():
    return write_data


@pytest.fixture(scope="session")
def make_base_voice():
    return make_base


@pytest.fixture(scope="session")
def duo(tmp_path_factory, config):
    """A voice of anna and bert, who know eight letters."""
    folder = tmp_path_factory.mktemp("duo")
    data = write_data(folder / "corpus", config.audio, "abcdefgh", ("anna", "bert"))
    return make_base(folder, config, data)


@pytest.fixture(scope="session")
def solo(tmp_path_factory, stochastic):
    """A voice of one speaker without a name, with stochastic durations."""
    folder = tmp_path_factory.mktemp("solo")
    data = write_data(folder / "corpus", stochastic.audio, "abcdefgh", ("",))
    return make_base(folder, stochastic, data)


@pytest.fixture(scope="session")
def polyglot(tmp_path_factory, config):
    """A voice of three languages, whose data has only two of them."""
    folder = tmp_path_factory.mktemp("polyglot")
    data = write_data(folder / "corpus", config.audio, "abcdefgh", ("",), languages=("tlh", "en"))
    return make_base(folder, config, data)


@pytest.fixture(scope="session")
def duo_corpus(duo):
    return duo.voice.parent / "corpus" / "data"


@pytest.fixture(scope="session")
def more(tmp_path_factory, config):
    """Two new speakers and bert, three new letters."""
    folder = tmp_path_factory.mktemp("more")
    return write_data(folder, config.audio, "abcdefghxyé", ("carla", "bert", "dora"))


@pytest.fixture(scope="session")
def unnamed(tmp_path_factory, config):
    """One speaker without a name."""
    return write_data(tmp_path_factory.mktemp("unnamed"), config.audio, "abcdefgh", ("",))


@pytest.fixture
def tune(tmp_path, capfd):
    """Run ``vits finetune`` in small; return status, what was printed and the last error line."""
    path = tmp_path / "config.yaml"
    settings = {
        "trainer": {
            "accelerator": "cpu",
            "max_steps": 2,
            "default_root_dir": str(tmp_path / "tuned"),
            "limit_val_batches": 0,
            "log_every_n_steps": 1,
        },
        "data": {"n_validation": 0, "max_frames": 600, "workers": 0},
    }
    path.write_text(yaml.safe_dump(settings))

    def run(voice, data, *arguments):
        arguments = [str(argument) for argument in arguments]
        status = main(["finetune", str(voice), str(data), "-c", str(path), *arguments])
        shown = capfd.readouterr()

        return status, shown.out, (shown.err.strip().splitlines() or [""])[-1]

    return run


@pytest.fixture
def tuned(tmp_path):
    """Where ``tune`` leaves its checkpoint."""
    return tmp_path / "tuned" / "checkpoints" / "last.ckpt"
