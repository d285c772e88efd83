"""The language embedding: what it conditions, and models without one."""

import dataclasses

import pytest
import torch

from vits.config import (
    AudioConfig,
    ConvNextConfig,
    DurationPredictorConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
    from_dict,
)
from vits.errors import ConfigError
from vits.models import Vits

SMALL = VitsConfig(
    n_symbols=20,
    hidden_channels=8,
    latent_channels=6,
    segment_frames=8,
    audio=AudioConfig(sample_rate=8000, n_fft=128, win_length=128, hop_length=32, n_mels=12),
    text_encoder=TextEncoderConfig(filter_channels=12, n_layers=1),
    prior_flow=PriorFlowConfig(n_layers=2, n_flows=2),
    decoder=ConvNextConfig(channels=12, inner_channels=20, n_blocks=1),
)
IDS, LENGTHS = torch.arange(1, 9)[None].repeat(2, 1), torch.tensor([8, 5])


def build(kind="stochastic", n_languages=3, **changes):
    torch.manual_seed(0)
    config = dataclasses.replace(
        SMALL,
        n_languages=n_languages,
        duration_predictor=from_dict(DurationPredictorConfig, {"kind": kind}),
        **changes,
    )
    model = Vits(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def infer(model, languages, ids=IDS, lengths=LENGTHS):
    noise = torch.randn(1, 6, 400, generator=torch.Generator().manual_seed(1))
    duration_noise = torch.randn(1, 2, 8, generator=torch.Generator().manual_seed(2))
    return model.infer(
        ids,
        lengths,
        None,
        None if languages is None else torch.tensor(languages),
        noise=noise.expand(len(ids), -1, -1),
        duration_noise=duration_noise[..., : ids.shape[1]].expand(len(ids), -1, -1),
    )


def train(model, languages):
    torch.manual_seed(4)
    return model(
        IDS,
        LENGTHS,
        torch.rand(2, model.config.audio.n_bins, 20, generator=torch.Generator().manual_seed(3)),
        torch.tensor([20, 18]),
        None,
        torch.tensor(languages),
    )


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_a_language_changes_sound_and_durations(kind):
    model = build(kind)
    one, other = (model.encode(IDS, LENGTHS, torch.tensor([i] * 2)) for i in (0, 1))
    assert not torch.allclose(one.prior.mean, other.prior.mean)
    mask, noise = one.mask, torch.zeros(2, 2, 8)
    right, wrong = (
        model.duration_predictor.predict(one.hidden, mask, language=language, noise=noise)
        for language in (one.language, other.language)
    )
    assert not torch.allclose(right, wrong)
    assert infer(model, [0, 0]).wave.shape[2] > 0


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_each_sample_of_a_batch_has_its_own_language(kind):
    model = build(kind)
    both = infer(model, [2, 1])
    alone = infer(model, [1], IDS[1:, :5], LENGTHS[1:])
    n = int(alone.wave_lengths)
    assert int(both.wave_lengths[1]) == n
    assert both.durations[1, :5].tolist() == alone.durations[0].tolist()


def test_the_loss_trains_only_the_languages_of_the_batch():
    model = build()
    out = train(model, [2, 2])
    (out.prior.mean.sum() + out.prior.log_std.sum()).backward()
    gradients = model.language_embedding.weight.grad.abs().sum(1)
    assert gradients[2] > 0
    assert gradients[:2].tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_the_duration_loss_does_not_reach_the_embedding(kind):
    model = build(kind)
    train(model, [0, 1]).duration_loss.sum().backward()
    assert model.language_embedding.weight.grad is None
    assert model.duration_predictor.language.weight.grad.abs().sum() > 0


def test_a_model_without_languages_ignores_them():
    model = build(n_languages=0)
    assert not [name for name in model.state_dict() if "language" in name]
    assert torch.equal(infer(model, None).wave, infer(model, [1, 0]).wave)


def test_a_missing_language_and_an_indivisible_width_are_errors():
    with pytest.raises(ConfigError, match="languages None must name one of 3 languages"):
        infer(build(), None)
    with pytest.raises(ConfigError, match=r"8 \+ language_channels 5 = 13 must be a multiple"):
        dataclasses.replace(SMALL, n_languages=2, language_channels=5)
    with pytest.raises(ConfigError, match="n_languages -1 must not be negative"):
        VitsConfig(n_languages=-1)
