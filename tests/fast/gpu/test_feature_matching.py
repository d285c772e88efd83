"""The loss in few kernels is the plain one, in value and gradient."""

import pytest
import torch

from vits import losses
from vits.fast.gpu.feature_matching import feature_matching_loss, joint_feature_matching_loss


def features(dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = [[(2, 3, 7), (2, 4, 3, 2)], [(2, 1, 5)]]
    return [[torch.randn(s, generator=generator).to(dtype) for s in member] for member in shapes]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_value_and_gradients_are_those_of_the_plain_loss(dtype):
    found = []
    for loss in (losses.feature_matching_loss, joint_feature_matching_loss):
        real, fake = features(dtype, 0), features(dtype, 1)
        fake[1][0][0, 0, 2] = real[1][0][0, 0, 2]  # equal: the gradient is 0
        fake = [[x.requires_grad_() for x in member] for member in fake]
        value = loss(real, fake)
        (3 * value).backward()
        found.append((value.detach(), [x.grad for member in fake for x in member]))
    (expected, gradients), (value, others) = found
    assert value.dtype == expected.dtype
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=0)
    assert others[2][0, 0, 2] == 0
    for gradient, other in zip(gradients, others, strict=True):
        assert other.dtype == dtype
        tolerance = 2**-8 if dtype == torch.bfloat16 else 1e-6  # the rounding of one result
        torch.testing.assert_close(other, gradient, rtol=tolerance, atol=0)


def test_on_a_cpu_it_is_the_plain_loss_bit_for_bit():
    real, fake = features(torch.float32, 0), features(torch.float32, 1)
    plain = losses.feature_matching_loss(real, fake)
    assert torch.equal(feature_matching_loss(real, fake), plain)


def test_recordings_get_no_gradient():
    real, fake = features(torch.float32, 0), features(torch.float32, 1)
    real = [[x.requires_grad_() for x in member] for member in real]
    assert not joint_feature_matching_loss(real, fake).requires_grad
