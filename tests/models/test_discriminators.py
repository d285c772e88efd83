"""Discriminators: shapes, order, gradients, and one joined pass."""

import dataclasses

import pytest
import torch
from torch.nn import functional

from vits.config import DiscriminatorConfig
from vits.errors import ConfigError
from vits.models import Discriminators

NARROW = DiscriminatorConfig(
    periods=(2, 3, 7),
    period_channels=(4, 8, 8),
    scale_channels=(4, 8, 8, 8, 8, 8),
    scale_groups=(1, 4, 4, 4, 4, 1),
    resolutions=(64, 128),
    resolution_channels=4,
)


def test_one_joined_pass_equals_two():
    judges = Discriminators(**vars(NARROW))
    real, fake = torch.randn(2, 1, 500), torch.randn(2, 1, 500)
    joined = judges(torch.cat([real, fake]))
    for both, one, other in zip(joined, judges(real), judges(fake), strict=True):
        torch.testing.assert_close(both.score, torch.cat([one.score, other.score]))
        for features, a, b in zip(both.features, one.features, other.features, strict=True):
            torch.testing.assert_close(features, torch.cat([a, b]))


def test_members_are_the_scale_then_the_periods():
    outputs = Discriminators(**vars(DiscriminatorConfig()))(torch.randn(1, 1, 1024))
    assert len(outputs) == 6
    assert [len(o.features) for o in outputs] == [7, 6, 6, 6, 6, 6]
    assert outputs[0].features[0].dim() == 3
    assert [o.features[0].shape[3] for o in outputs[1:]] == [2, 3, 5, 7, 11]
    assert all(o.score.numel() == o.features[-1].numel() for o in outputs)


def test_any_kind_can_be_left_out():
    wave = torch.randn(2, 1, 500)
    only = {
        "periods": ((), 3),
        "scale_channels": ((), 5),
        "resolutions": ((), 4),
    }
    for key, (none, n_left) in only.items():
        unused = {"periods": "period_channels", "resolutions": "resolution_channels"}.get(key)
        more = {unused: getattr(DiscriminatorConfig(), unused)} if unused else {"scale_groups": ()}
        config = dataclasses.replace(NARROW, **{key: none}, **more)
        assert len(Discriminators(**vars(config))(wave)) == n_left
    with pytest.raises(ConfigError, match="must name at least one discriminator"):
        DiscriminatorConfig(periods=(), scale_channels=(), scale_groups=())
    with pytest.raises(ConfigError, match="6 entries each, or none"):
        DiscriminatorConfig(scale_channels=())
    with pytest.raises(ConfigError, match=r"resolutions \(130,\) must be different multiples of 4"):
        DiscriminatorConfig(resolutions=(130,))


def test_a_period_discriminator_reflects_the_missing_end():
    judge = Discriminators(**vars(NARROW)).members[3]
    wave = torch.randn(1, 1, 100)
    padded = functional.pad(wave, (0, 5), "reflect")  # 105 is a multiple of 7
    torch.testing.assert_close(judge(wave).score, judge(padded).score)


def test_every_parameter_gets_a_gradient():
    judges = Discriminators(**vars(NARROW))
    sum(output.score.square().mean() for output in judges(torch.randn(2, 1, 600))).backward()
    assert all(p.grad is not None and p.grad.any() for p in judges.parameters())


@pytest.mark.parametrize("period", [2, 3, 7])
def test_columns_of_a_period_are_judged_apart(period: int):
    judges = Discriminators(**vars(NARROW))
    judge = judges.members[1 + NARROW.periods.index(period)]
    wave = torch.randn(1, 1, 42 * 4, requires_grad=True)
    judge(wave).features[0][0, :, :, 0].sum().backward()
    assert wave.grad is not None
    touched = wave.grad[0, 0].nonzero()[:, 0]
    assert len(touched) > 0
    assert (touched % period == 0).all()


@pytest.mark.parametrize("length", [168, 173])
def test_a_period_discriminator_is_its_convolutions_over_the_folded_wave(length: int):
    judge = Discriminators(**vars(NARROW)).members[2]
    wave = torch.randn(2, 1, length)
    x = functional.pad(wave, (0, -length % 3), "reflect").unflatten(2, (-1, 3))
    expected = []
    for convolution in judge.convolutions:
        x = functional.leaky_relu(convolution(x), 0.1)
        expected.append(x)
    expected.append(judge.post(x))
    output = judge(wave)
    for features, one in zip(output.features, expected, strict=True):
        torch.testing.assert_close(features, one)
    torch.testing.assert_close(output.score, expected[-1].flatten(1))
