"""Compiled networks: one graph for all batches, and the run of the plain ones."""

import dataclasses
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from vits.config import (
    DeterministicDurationConfig,
    DiscriminatorConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
    to_dict,
)
from vits.errors import ConfigError
from vits.models import Vits
from vits.models.discriminators import build_discriminators
from vits.training.step import compilation, converted_weights
from vits.training.step.compilation import (
    compile_parts,
    is_compiled,
    parts_to_compile,
    require_compiler,
)
from vits.training.step.converted_weights import generator_weights

REPLAYED = {"mode": "reduce-overhead"}
# what the tracer does to tensors of a graph
pytestmark = pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"
)


@pytest.fixture(scope="module")
def small(config):
    quiet = {"dropout": 0.0}  # plain and fast modules draw other masks
    return dataclasses.replace(
        config,
        text_encoder=dataclasses.replace(config.text_encoder, **quiet),
        posterior_encoder=dataclasses.replace(config.posterior_encoder, n_layers=1),
        prior_flow=dataclasses.replace(config.prior_flow, n_flows=1),
        duration_predictor=DeterministicDurationConfig(filter_channels=12, **quiet),
        discriminator=DiscriminatorConfig(
            periods=(2, 3), period_channels=(4, 4), scale_channels=(), scale_groups=()
        ),
    )


@pytest.fixture
def graphs(monkeypatch):
    """Run the graphs as they are, and keep the options that each is compiled with."""
    found = []

    def backend(graph, inputs, **options):
        found.append(options)
        return graph.forward

    monkeypatch.setattr(compilation, "BACKEND", backend)
    # the tracer describes every guard to pytest's log otherwise
    monkeypatch.setattr(torch._logging._internal.trace_log, "handlers", [])
    torch._dynamo.reset()
    # too few for two discriminators of one class, as torch's 8 are for the original's five
    with torch._dynamo.config.patch(recompile_limit=1):
        yield found
    torch._dynamo.reset()


class Keep(pl.Callback):
    """Keeps sizes and losses of each step, the graphs so far, and the first step's gradients."""

    def __init__(self, graphs=()):
        self.graphs, self.counts, self.sizes, self.losses, self.gradients = graphs, [], [], [], {}

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        if not self.losses:
            for name, parameter in pl_module.named_parameters():
                if parameter.grad is not None:
                    self.gradients.setdefault(name, parameter.grad.clone())

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.counts.append(len(self.graphs))
        self.sizes.append((*batch.ids.shape, batch.wave.shape[2]))
        self.losses.append({name: float(value) for name, value in outputs["logs"].items()})


@pytest.mark.slow
def test_a_compiled_run_is_the_plain_one_in_graphs_of_its_first_step(make_run, small, graphs):
    options = {"model": small, "data_options": {"max_frames": 240, "n_validation": 1}}
    plain, compiled = Keep(), Keep(graphs)
    trainer, module, datamodule = make_run(5, callbacks=[compiled], compile="step", **options)
    make_run(5, callbacks=[plain], **options)
    assert datamodule.stream(world_size=1, rank=0, start_step=0).steps_per_epoch == 5
    for column in zip(*compiled.sizes, strict=True):  # utterances, symbols, samples
        assert len(set(column)) > 1
    members = len(module.discriminators.members)
    parts = parts_to_compile(module.generator, module.discriminators)
    assert compiled.counts == [len(parts) + members] * 5
    assert graphs.count(REPLAYED) == 1 + 2 * members  # decoder; discriminators in both passes
    assert dict(torch._dynamo.utils.counters["graph_break"]) == {}
    assert list(compiled.gradients) == list(plain.gradients)
    for name, gradient in compiled.gradients.items():
        other, kind = plain.gradients[name], name.partition(".")[0].removesuffix("s")
        norm = plain.losses[0][f"gradient/{kind}"]
        torch.testing.assert_close(gradient, other, rtol=0, atol=1e-5 * norm)
    for one, other in zip(compiled.losses, plain.losses, strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    module.discriminators.eval()(torch.randn(2, 1, 100))  # whole utterances are not compiled
    assert len(graphs) == len(parts) + members
    checkpoint = Path(trainer.default_root_dir) / "compiled.ckpt"
    trainer.save_checkpoint(checkpoint)
    resumed = make_run(6, resume=checkpoint, **options)[1]
    assert list(resumed.state_dict()) == list(module.state_dict())
    assert resumed.global_step == 6


def test_compiled_networks_convert_their_own_weights(small, graphs, monkeypatch):
    generator, discriminators = Vits(small), build_discriminators(small)
    monkeypatch.setattr(converted_weights, "_is_worth", lambda device: True)
    device = torch.device("cpu")
    assert not is_compiled(generator)
    with generator_weights(generator, device):
        assert torch.nn.utils.parametrize._cache_enabled
    compile_parts(generator, discriminators)
    assert is_compiled(generator)
    assert all(map(is_compiled, discriminators.members))
    assert is_compiled(torch.nn.Sequential(generator))  # a wrapper
    assert not is_compiled(lambda x: x)
    with generator_weights(generator, device):
        assert not torch.nn.utils.parametrize._cache_enabled
    assert graphs == []


def test_the_key_is_in_the_recipe():
    for value in ("parts", "step"):
        assert to_dict(from_dict(TrainingConfig, {"compile": value}))["compile"] == value
    assert TrainingConfig().compile == "none"
    assert "compile" not in to_dict(VitsConfig())
    with pytest.raises(Exception, match="compile 'all' must be one of 'none', 'parts', 'step'"):
        from_dict(TrainingConfig, {"compile": "all"})


def test_a_gpu_without_a_working_triton_is_refused(monkeypatch):
    found = {"problem": "no C compiler"}
    monkeypatch.setattr(compilation, "triton_problem", lambda device: found["problem"])
    require_compiler(torch.device("cpu"))
    with pytest.raises(ConfigError, match=r"\(no C compiler\); mend that, or .* 'none'"):
        require_compiler(torch.device("cuda"))
    found["problem"] = None
    require_compiler(torch.device("cuda"))
