"""Prepared data that a small model can learn: each letter is a tone of its own."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import soundfile
import torch

from vits.config import (
    AdversarialDurationConfig,
    AudioConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    FlowTransformerConfig,
    FrontendConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
)
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.manifest import Row
from vits.data.prepared.stored_durations import write_durations
from vits.text import Frontend, SymbolTable
from vits.training import VitsDataModule, VitsModule

AUDIO = AudioConfig(sample_rate=8000, n_fft=256, win_length=256, hop_length=64, n_mels=20)
LETTERS = "abcdefgh"


def _make_data(
    folder: Path, n: int, speakers: tuple[str, ...] = ("",), *, pitch: bool = False
) -> Path:
    """Write tones and prepare them; silence between letters gives the blanks their frames."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        word = "".join(rng.choice(list(LETTERS), int(rng.integers(3, 6))))
        parts = [np.zeros(256)]
        for letter in word:
            length = int(rng.integers(6, 10)) * 128
            tone = 60 if pitch else 300  # of a voice, for the estimator
            tone *= (1 + LETTERS.index(letter)) * (1 + 0.1 * (i % len(speakers)))
            parts += [0.4 * np.sin(2 * np.pi * tone * np.arange(length) / 8000), np.zeros(128)]
        path = folder / f"{i}.wav"
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.concatenate(parts), 8000)
        rows.append(Row(id=str(i), audio=str(path), text=word, speaker=speakers[i % len(speakers)]))
    config = PrepareConfig(audio=AUDIO, limits=RecordingLimits(segment_frames=8), pitch=pitch)
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable(("_", *LETTERS)))
    prepare(rows, folder / "data", config, frontend, workers=1)
    return folder / "data"


@pytest.fixture(scope="session")
def make_data():
    return _make_data


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    return _make_data(tmp_path_factory.mktemp("one"), 12)


@pytest.fixture(scope="session")
def aligned_data(data, tmp_path_factory):
    """The same with durations: every symbol as long as the next, the rest for the last."""
    folder = tmp_path_factory.mktemp("aligned") / "data"
    shutil.copytree(data, folder)
    dataset = PreparedDataset(folder)
    durations = []
    for index, frames in enumerate(dataset.frames.tolist()):
        count = len(dataset.ids(index))
        even = frames // count
        durations.append([even] * (count - 1) + [frames - even * (count - 1)])
    write_durations(dataset, durations)
    return folder


@pytest.fixture(scope="session")
def pitched_data(tmp_path_factory):
    return _make_data(tmp_path_factory.mktemp("pitched"), 12, pitch=True)


@pytest.fixture(scope="session")
def data_of_two(tmp_path_factory):
    return _make_data(tmp_path_factory.mktemp("two"), 12, ("anna", "bert"))


@pytest.fixture(scope="session")
def config():
    """A small model; its duration predictor is the one with a third of the other's tensors."""
    return VitsConfig(
        hidden_channels=24,
        latent_channels=16,
        segment_frames=8,
        audio=AUDIO,
        text_encoder=TextEncoderConfig(filter_channels=32, n_layers=1),
        posterior_encoder=PosteriorEncoderConfig(n_layers=2),
        prior_flow=PriorFlowConfig(n_layers=1, n_flows=2),
        duration_predictor=DeterministicDurationConfig(filter_channels=16),
        decoder=HifiGanConfig(
            resblock="2",
            resblock_kernel_sizes=(3,),
            resblock_dilations=((1, 3),),
            upsample_rates=(8, 8),
            upsample_kernel_sizes=(16, 16),
            initial_channels=32,
        ),
        discriminator=DiscriminatorConfig(
            periods=(2, 3),
            period_channels=(4, 8),
            scale_channels=(4, 4, 4, 4, 4, 4),
            scale_groups=(1, 1, 1, 1, 1, 1),
        ),
    )


@pytest.fixture(scope="session")
def vits2_config(config):
    """Two speakers and every option of VITS2."""
    return dataclasses.replace(
        config,
        n_speakers=2,
        speaker_channels=6,
        text_encoder=dataclasses.replace(config.text_encoder, speaker_layer=1),
        prior_flow=dataclasses.replace(
            config.prior_flow, transformer=FlowTransformerConfig(filter_channels=16)
        ),
        duration_predictor=AdversarialDurationConfig(filter_channels=12),
    )


@pytest.fixture(scope="session")
def stochastic(config):
    """The same model with a stochastic duration predictor."""
    return dataclasses.replace(config, duration_predictor=StochasticDurationConfig(n_flows=2))


@pytest.fixture
def make_trainer(tmp_path):
    def make(max_steps, **options):
        defaults = {
            "default_root_dir": tmp_path / "run",
            "accelerator": "cpu",
            "max_steps": max_steps,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "check_val_every_n_epoch": None,
            "val_check_interval": 10_000,
            "use_distributed_sampler": False,
        }
        return pl.Trainer(**{**defaults, **options})

    return make


@pytest.fixture
def make_run(config, data, make_trainer):
    """Train some steps by a recipe of plain values; return trainer, module and data module."""

    def make(
        max_steps,
        *,
        folder=data,
        model=config,
        callbacks=(),
        data_options=None,
        plugins=(),
        resume=None,
        **recipe,
    ):
        torch.manual_seed(0)
        settings = {"n_validation": 2, "max_frames": 600, "workers": 0, **(data_options or {})}
        datamodule = VitsDataModule(str(folder), **settings)
        module = VitsModule(model, from_dict(TrainingConfig, recipe), datamodule.dataset_info)
        saves = any(isinstance(c, pl.callbacks.Checkpoint) for c in callbacks)
        trainer = make_trainer(
            max_steps,
            callbacks=list(callbacks),
            plugins=list(plugins),
            enable_checkpointing=saves,
        )
        trainer.fit(module, datamodule, ckpt_path=resume)
        return trainer, module, datamodule

    return make
