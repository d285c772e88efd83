"""A training step on a device without values: nothing in it waits for the device or mixes devices.

What runs here also shows that nothing of a step is bound to the CPU or to CUDA.
"""

import dataclasses
import functools
import importlib
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import SingleDeviceStrategy

from vits.config import (
    ConvNextConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    IstftConfig,
    PitchConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TrainingConfig,
)
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import (
    Curves,
    Ema,
    Health,
    Preemption,
    Progress,
    SampleSynthesis,
    SkippedSteps,
)
from vits.training.preemption.signals import StopRequest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SIZES = (2, 5, 24)  # utterances, symbols, frames
ISTFT = IstftConfig(
    resblock="2",
    resblock_kernel_sizes=(3,),
    resblock_dilations=((1, 3),),
    upsample_rates=(4,),
    upsample_kernel_sizes=(8,),
    initial_channels=32,
)
RESOLUTIONS = DiscriminatorConfig(
    periods=(2,),
    period_channels=(4, 8),
    scale_channels=(),
    scale_groups=(),
    resolutions=(64, 128),
    resolution_channels=4,
)
# what differs in the model, in the recipe, and the precision; each combines several options
CONVNEXT = ConvNextConfig(channels=16, inner_channels=16, n_blocks=1)
PRIOR_ONLY = {
    "alignment": {"source": "data"},
    "prior_segments": {"share": 1.0},
    "loss_weights": {"kl": 0.0},
    "freeze": "posterior",
}
BANDS = {"loss_weights": {"subband": 1.0, "envelope": 1.0}, "freeze": "text"}
GUIDED = {"alignment": {"guide": 100.0}, "optimizer": {"gradient_clip": 1.0}}
VARIANTS = {
    "plain": ({}, {}, "32-true"),
    "several voices": ({"n_speakers": 2, "n_languages": 2}, GUIDED, "bf16-mixed"),
    "bands": ({"decoder": ISTFT, "segment_frames": 22}, BANDS, "bf16-mixed"),
    "pitch": (
        {
            "decoder": CONVNEXT,
            "discriminator": RESOLUTIONS,
            "pitch": PitchConfig(channels=8, inner_channels=8, n_layers=1),
        },
        {},
        "bf16-mixed",
    ),
    "prior segments": (
        {"duration_predictor": DeterministicDurationConfig(filter_channels=16)},
        {"prior_segments": {"share": 0.5}},
        "bf16-mixed",
    ),
    "prior only": ({}, PRIOR_ONLY, "bf16-mixed"),
    "warm-up": ({"n_speakers": 2}, {"adversarial": {"warmup_steps": 100}}, "32-true"),
}
META = torch.device("meta")


# kernels of a step, at most: what was counted and a few more; a layer that falls back to its plain
# form adds dozens
LAUNCHES = {"plain": 1250, "several voices": 1390}


@pytest.fixture(scope="module")
def benchmarks():
    """Import a module of the benchmarks as its scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module


@pytest.fixture(scope="module")
def small(config):
    """The least model that has every kind of layer: an operation of a step is recorded in 1 ms."""
    return dataclasses.replace(
        config,
        prior_flow=PriorFlowConfig(n_layers=2, n_flows=1),
        duration_predictor=StochasticDurationConfig(n_flows=1),
        discriminator=dataclasses.replace(config.discriminator, periods=(2,)),
    )


@pytest.fixture(scope="module")
def record_of(benchmarks, small):
    """Record the step of a variant, once."""
    record_step = benchmarks("launches").record_step

    @functools.cache
    def record(name):
        changes, recipe, precision = VARIANTS[name]
        model = dataclasses.replace(small, **changes)
        return record_step(model, recipe, SIZES, precision, states=False)

    return record


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_no_step_waits_for_the_device(record_of, name):
    record, precision = record_of(name), VARIANTS[name][2]
    assert record.found == []
    assert record.kernels["_fused_adamw_"] >= 1
    # weights are converted together: in each discriminator at least forward and backward
    together = record.kernels["_foreach_copy_"] >= 4
    assert together == (precision == "bf16-mixed")


@pytest.mark.slow
@pytest.mark.parametrize("name", LAUNCHES)
def test_a_step_launches_few_kernels(record_of, name):
    kernels = record_of(name).kernels
    launched = kernels.total() - kernels["zeros"] - kernels["zeros_like"]  # optimizer states
    assert 0.9 * LAUNCHES[name] < launched <= LAUNCHES[name]


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (lambda x: float(x.sum()), "_local_scalar_dense waits"),
        (lambda x: x.tolist(), "_to_copy copies and waits"),
        (lambda x: x.cpu(), "_to_copy copies and waits"),
        (lambda x: torch.zeros(3).to(META), "_to_copy copies and waits"),
        (lambda x: torch.zeros(3).copy_(x), "copy_ copies and waits"),
        (lambda x: torch.tensor(1.0, device=META), "tensor copies and waits"),
        (lambda x: torch.as_tensor([1.0], device=META), "as_tensor copies and waits"),
        (lambda x: x[x > 0], "nonzero waits"),
        (lambda x: x.nonzero(), "nonzero waits"),
        (lambda x: torch.equal(x, x), "equal waits"),
        (lambda x: x + torch.zeros(3), "add mixes devices"),
        (lambda x: torch.zeros(3).to(META, non_blocking=True), None),
        (lambda x: x + torch.zeros(()), None),
        (lambda x: torch.full((), 1.0, device=META), None),
        (lambda x: x.to(torch.bfloat16).float() * 2, None),
    ],
)
def test_what_waits_is_found(benchmarks, what, found):
    x = torch.empty(3, device=META)
    with benchmarks("recorder").recording() as record:
        what(x)
    assert [line.partition(" at ")[0] for line in record.found] == [found] * bool(found)


def test_memory_counts_until_it_is_freed(benchmarks):
    with benchmarks("recorder").recording() as record:
        x = torch.empty(256, device=META)
        y = x + 1
        y.mul_(2).view(2, -1)  # no memory of its own
        assert record.peak == 2 * 4 * 256
        del y
        y = x.to(torch.bfloat16)
        assert record.peak == 2 * 4 * 256
        z = x * y
        assert record.peak == (4 + 2 + 4) * 256
    assert z.shape == x.shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_results_have_the_form_that_torch_gives_them(benchmarks, dtype):
    x, column = torch.empty(2, 3, 4, device=META, dtype=dtype), torch.empty(3, 1, device=META)

    def results():
        y, z = x.mT, torch.empty_like(x)
        found = [x + x, x * column, x - 2, x.tanh(), y + y, y * x.mT, x.neg(), x.long() + 1]
        found += [torch.addcmul(x, x, z), torch.nn.functional.leaky_relu(y), y.exp(), x > column]
        found += [z.mul_(2), z.mT.copy_(y), torch._foreach_mul([x, y], 2)[1]]
        torch._foreach_mul_(found[:2], 2)
        return [(r.shape, r.dtype, r.stride(), r.device) for r in found]

    expected = results()
    with benchmarks("recorder").recording():
        assert results() == expected


def test_autocast_of_the_record_is_that_of_torch(benchmarks):
    """On the CPU, which has most of the same rules, the types are those of torch's own autocast."""
    layer = torch.nn.Conv1d(2, 2, 3)
    x = torch.randn(1, 2, 5)

    def types():
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
            with torch.autocast("cpu", enabled=False):
                z = layer(x)
            return [
                y.dtype,
                z.dtype,
                (y @ y.mT).dtype,
                torch.relu(y).dtype,
                (y + x[:, :, 2:]).dtype,
            ]

    expected = types()
    with benchmarks("recorder").recording():
        assert types() == expected


class _Steps(pl.Callback):
    """Keeps what each step has found, from the end of one step to the end of the next."""

    def __init__(self, record):
        self.record, self.found, self.devices = record, [], set()

    def on_train_batch_end(self, trainer, pl_module, *_):
        self.devices.add(pl_module.device)
        self.found.append(list(self.record.found))
        self.record.found.clear()


@pytest.mark.slow
def test_the_loop_with_its_callbacks_waits_in_no_step_that_does_not_log(
    benchmarks, small, data, make_trainer
):
    recorder = benchmarks("recorder")
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(small, TrainingConfig(), datamodule.dataset_info)
    with recorder.recording() as record:
        steps = _Steps(record)
        callbacks = [Ema(0.999), SkippedSteps(), Health(), SampleSynthesis(), Curves(), Progress()]
        trainer = make_trainer(
            2,
            accelerator=recorder.MetaAccelerator(),
            strategy=SingleDeviceStrategy(META),
            devices=1,
            callbacks=[*callbacks, Preemption(StopRequest(), "again"), steps],
            enable_progress_bar=True,
        )
        trainer.fit(module, datamodule)
    assert steps.devices == {META}
    assert steps.found[0]  # the first step creates the metrics
    assert steps.found[1:] == [[]]
