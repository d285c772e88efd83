"""The generator's losses: the prior's early backward pass changes no gradient."""

import dataclasses

import pytest
import torch
from torch import nn

from vits.config import LossWeights, TrainingConfig
from vits.models import Vits
from vits.training.step.distributed import BatchWeights
from vits.training.step.generator_losses import generator_losses, weighted_sum
from vits.training.step.segments import Segments

RECIPE = TrainingConfig(loss_weights=LossWeights(mel=3.0, kl=0.7, duration=1.3))


@pytest.fixture(params=[1, 3], ids=["one speaker", "three speakers"])
def model(request, config):
    torch.manual_seed(0)
    model = Vits(dataclasses.replace(config, n_symbols=12, n_speakers=request.param)).double()
    for parameter in model.parameters():  # what starts at zero would hide a lost gradient
        torch.nn.init.normal_(parameter, 0.0, 0.1)
    return model


def run(model):
    """Run one pass of two utterances; return it with its losses."""
    torch.manual_seed(1)
    frames = torch.tensor([40, 33])
    spectrogram = torch.rand(2, model.config.audio.n_bins, 40, dtype=torch.float64)
    ids, id_lengths = torch.randint(12, (2, 9)), torch.tensor([9, 7])
    out = model(ids, id_lengths, spectrogram, frames, torch.tensor([0, 2]))
    real = torch.zeros_like(out.wave)
    fold = (2, 4, -1)
    segments = Segments(real, out.wave, real.reshape(fold), out.wave.reshape(fold))
    return out, generator_losses(
        out, segments, BatchWeights.of(id_lengths, frames), nn.ModuleDict()
    )


def gradients(model):
    found = {name: p.grad for name, p in model.named_parameters()}
    model.zero_grad(set_to_none=True)
    return found


def test_gradients_are_those_of_one_backward_pass(model):
    out, losses = run(model)
    plain = 3.0 * losses["mel"] + 0.7 * losses["kl"] + 1.3 * losses["duration"]
    plain.backward()
    expected = gradients(model)
    out, losses = run(model)
    loss = weighted_sum(losses, RECIPE, model, out, free_prior=True)
    torch.testing.assert_close(loss, plain)
    loss.backward()
    found = gradients(model)
    assert all(gradient is not None for gradient in expected.values())
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_the_graph_of_the_prior_is_freed_and_the_posteriors_is_kept(model):
    out, losses = run(model)
    weighted_sum(losses, RECIPE, model, out, free_prior=True)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(losses["kl"], [out.posterior_pass.gate.z])
    torch.autograd.grad(losses["mel"], [out.posterior_pass.posterior.z])  # still there


def test_frozen_boxes_get_no_gradient_and_the_others_the_same(model):
    out, losses = run(model)
    weighted_sum(losses, RECIPE, model, out, free_prior=True).backward()
    expected = gradients(model)
    model.text_encoder.requires_grad_(False)
    out, losses = run(model)
    weighted_sum(losses, RECIPE, model, out, free_prior=True).backward()
    for name, gradient in gradients(model).items():
        if name.startswith("text_encoder."):
            assert gradient is None, name
        else:
            torch.testing.assert_close(gradient, expected[name], rtol=1e-9, atol=1e-12)
