"""The losses in few kernels are the plain ones, in value and gradient."""

import pytest
import torch

from vits import losses
from vits.fast.gpu.least_squares import (
    adversarial_loss,
    discriminator_loss,
    joint_adversarial_loss,
    joint_discriminator_loss,
)


def of_both(scores):
    real, fake = scores.chunk(2)
    return losses.discriminator_loss([real], [fake])


def of_fake(score):
    return losses.adversarial_loss([score])


PAIRS = [(of_both, joint_discriminator_loss), (of_fake, joint_adversarial_loss)]


@pytest.mark.parametrize(("plain", "joint"), PAIRS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_value_and_gradient_are_those_of_the_plain_loss(plain, joint, dtype):
    torch.manual_seed(0)
    scores = torch.randn(4, 7).to(dtype).requires_grad_()
    found = []
    for loss in (plain, joint):
        value = loss(scores)
        assert value.dtype == torch.promote_types(dtype, torch.float32)
        found.append((value, *torch.autograd.grad(3 * value, scores)))
    for one, other in zip(*found, strict=True):
        tolerance = 2**-8 if one.dtype == torch.bfloat16 else 1e-6
        torch.testing.assert_close(one, other, rtol=tolerance, atol=0)


@pytest.mark.parametrize(
    ("plain", "form"), [(of_both, discriminator_loss), (of_fake, adversarial_loss)]
)
def test_on_a_cpu_it_is_the_plain_loss_bit_for_bit(plain, form):
    scores = torch.randn(4, 7)
    assert torch.equal(form(scores), plain(scores))
