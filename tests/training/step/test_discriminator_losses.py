"""One discriminator after the other says what all of them together would."""

import pytest
import torch

from vits import losses
from vits.config import DiscriminatorConfig
from vits.models import Discriminators
from vits.training.step.discriminator_losses import adversarial_losses, discriminator_losses

NARROW = DiscriminatorConfig(
    periods=(2, 3), period_channels=(4, 8), scale_channels=(4,) * 6, scale_groups=(1,) * 6
)


@pytest.fixture
def judges():
    torch.manual_seed(0)
    return Discriminators(**vars(NARROW))


def test_losses_and_gradients_of_the_discriminators_are_those_of_one_joined_pass(judges):
    real, fake = torch.randn(2, 1, 400), torch.randn(2, 1, 400, requires_grad=True)
    total = 0.0
    for loss in discriminator_losses(judges.members, real, fake):
        loss.backward()
        total += loss.item()
    one_by_one = [p.grad.clone() for p in judges.parameters()]
    judges.zero_grad()
    expected = losses.discriminator_loss(
        [output.score for output in judges(real)],
        [output.score for output in judges(fake.detach())],
    )
    expected.backward()
    assert total == pytest.approx(expected.item(), rel=1e-6)
    for gradient, parameter in zip(one_by_one, judges.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)
    assert fake.grad is None


def test_the_verdict_and_its_gradient_are_those_of_one_joined_pass(judges):
    judges.requires_grad_(False)
    real, wave = torch.randn(2, 1, 400), torch.randn(2, 1, 400)
    early, late = wave.clone().requires_grad_(), wave.clone().requires_grad_()
    found = adversarial_losses(
        judges.members, real, early, adversarial_weight=0.7, feature_weight=2.0
    )
    (3 * found.weighted).backward()
    recorded, generated = judges(real), judges(late)
    adversarial = losses.adversarial_loss([output.score for output in generated])
    feature = losses.feature_matching_loss(
        [output.features for output in recorded], [output.features for output in generated]
    )
    (3 * (0.7 * adversarial + 2.0 * feature)).backward()
    torch.testing.assert_close(found.adversarial, adversarial)
    torch.testing.assert_close(found.feature, feature)
    torch.testing.assert_close(early.grad, late.grad)
    assert not found.feature.requires_grad
