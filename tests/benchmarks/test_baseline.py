"""The benchmarks' baseline computes what the trainer computes; only then is its time a measure."""

import dataclasses
import importlib
import io
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from vits.config import (
    AudioConfig,
    DiscriminatorConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    TrainingConfig,
    VitsConfig,
)
from vits.layers.wavenet import WaveNet
from vits.training.dataset_info import DatasetInfo
from vits.training.module import VitsModule

SMALL = VitsConfig(
    n_symbols=12,
    hidden_channels=24,
    latent_channels=16,
    segment_frames=8,
    audio=AudioConfig(sample_rate=8000, n_fft=256, win_length=256, hop_length=64, n_mels=20),
    text_encoder=TextEncoderConfig(filter_channels=32, n_layers=2, dropout=0.0),
    posterior_encoder=PosteriorEncoderConfig(n_layers=2),
    prior_flow=PriorFlowConfig(n_layers=2, n_flows=2),
    duration_predictor=StochasticDurationConfig(n_flows=2, dropout=0.0),
    decoder=HifiGanConfig(
        resblock_kernel_sizes=(3, 5),
        resblock_dilations=((1, 3), (1, 2)),
        upsample_rates=(8, 8),
        upsample_kernel_sizes=(16, 16),
        initial_channels=32,
    ),
    discriminator=DiscriminatorConfig(
        periods=(2, 3),
        period_channels=(4, 8),
        scale_channels=(4, 4, 4, 4, 4, 4),
        scale_groups=(1, 1, 2, 2, 1, 1),
    ),
)
LOSSES = ("discriminator", "mel", "kl", "duration", "feature", "adversarial")


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch):
    """Import a module of the benchmarks as its scripts do."""
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module


def liven(module: torch.nn.Module) -> None:
    """Give what starts at zero (couplings, biases) a value, so that it takes part."""
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0.0, 0.1)


class Keep(pl.Callback):
    """Keeps the losses of every step."""

    def __init__(self):
        self.steps = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del pl_module, outputs, batch, batch_idx
        self.steps.append({k: float(v) for k, v in trainer.callback_metrics.items()})


@pytest.mark.filterwarnings("ignore:You defined a `validation_step` but have no:UserWarning")
@pytest.mark.parametrize("resblock", ["1", "2"])
@pytest.mark.parametrize("n_speakers", [1, 3])
def test_two_steps_of_baseline_and_trainer_give_the_same_losses_and_weights(
    benchmarks, make_trainer, resblock: str, n_speakers: int
):
    config = dataclasses.replace(
        SMALL,
        n_speakers=n_speakers,
        decoder=dataclasses.replace(SMALL.decoder, resblock=resblock),
    )
    batch = benchmarks("engines").random_batch(config, 3, 9, 30)
    corpus = DatasetInfo(
        name="made up",
        audio=config.audio,
        frontend={"symbols": ["x"] * config.n_symbols},
        fingerprint={},
        speakers=tuple(map(str, range(n_speakers))) if n_speakers > 1 else (),
        utterances=3,
        seconds=1.0,
    )
    torch.manual_seed(0)
    module = VitsModule(config, TrainingConfig(), corpus)
    liven(module)
    baseline = benchmarks("baseline").Baseline(config, TrainingConfig())
    baseline.generator.load_state_dict(module.generator.state_dict())
    baseline.discriminators.load_state_dict(module.discriminators.state_dict())

    theirs = [baseline.step(batch) for _ in range(2)]
    keep = Keep()
    loader = torch.utils.data.DataLoader([batch] * 2, batch_size=None)
    make_trainer(2, callbacks=[keep]).fit(module, loader)

    for step, (one, other) in enumerate(zip(theirs, keep.steps, strict=True)):
        for name in (*LOSSES, "gradient/generator", "gradient/discriminator"):
            # the second step's weights have been through Adam, which magnifies rounding
            tolerance = 1e-5 if step == 0 else 1e-3
            assert other[f"train/{name}"] == pytest.approx(one[name], rel=tolerance), (step, name)


def test_the_baseline_has_plain_modules_only(benchmarks):
    baseline = benchmarks("baseline").Baseline(SMALL, TrainingConfig())
    kinds = {
        type(part)
        for network in (baseline.generator, baseline.discriminators)
        for part in network.modules()
    }
    assert {WaveNet, nn.Dropout} < kinds
    assert not [kind for kind in kinds if kind.__module__.startswith("vits.fast")]


@pytest.mark.parametrize("box", ["duration predictor", "decoder"])
def test_each_fast_module_is_compared_with_its_plain_one(benchmarks, monkeypatch, capsys, box):
    layers = benchmarks("layers")
    monkeypatch.setattr(layers, "VitsConfig", lambda: SMALL)
    monkeypatch.setattr(layers.torch, "set_num_threads", lambda count: None)
    sizes = ["--batch", "1", "--symbols", "5", "--frames", "12", "--rounds", "1"]
    monkeypatch.setattr("sys.argv", ["layers.py", *sizes, "--boxes", box])
    assert layers.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 3
    assert lines[-1][len(box) :].split()[0] == "all"


def test_the_search_without_the_package_gives_the_same_path(benchmarks):
    baseline = benchmarks("baseline")
    torch.manual_seed(0)
    symbols, frames = torch.tensor([5, 3]), torch.tensor([12, 9])
    mask = (torch.arange(12) < frames[:, None])[:, :, None] & (torch.arange(5) < symbols[:, None])[
        :, None
    ]
    score = torch.randn(2, 12, 5)
    path = baseline._path_by_loop(score, mask.float())
    assert torch.equal(path, baseline.path_on_host(score, mask.float()))
    assert torch.equal(path.sum((1, 2)).long(), frames)


def test_the_step_that_is_compared_has_neither_dropout_nor_tf32(benchmarks, monkeypatch):
    engines, measure = benchmarks("engines"), benchmarks("measure")
    device, dropout = torch.device("cpu"), nn.Dropout(0.5)
    clock = engines.Clock(device, measure.Parts(device), nn.Sequential(dropout))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    found = []
    for word in ("check", "step"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{word}\n"))
        assert clock.wait()
        found.append((dropout.p, torch.backends.cudnn.allow_tf32))
    assert found == [(0.0, False), (0.5, True)]
