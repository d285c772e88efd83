"""Standard normal numbers without torch: those that torch draws, up to rounding."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_like_torch"]

_GROUP = 16  # torch makes normal numbers sixteen at a time
_MANTISSA = 2**24 - 1  # of a float32; torch takes as many bits of each number of the generator
_WIDE_MANTISSA = 2**53 - 1


def draw_like_torch(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw what ``torch.randn`` draws first on a processor from a generator with this seed.

    Both are MT19937 and the method of Box and Muller. So a voice has the same rhythm in torch and
    elsewhere; equal to rounding, since logarithms and cosines differ in their last bit.

    Source: ``ATen/native/cpu/DistributionTemplates.h`` (``normal_fill``), PyTorch 2.

    Args:
        seed: of ``torch.Generator.manual_seed``; its low 32 bits count.
        shape: of the result.
    """
    bits, count = np.random.MT19937(0), int(np.prod(shape))
    bits._legacy_seeding(seed & 0xFFFFFFFF)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    if count < _GROUP:
        return np.reshape(_draw_few(bits, count), shape)
    whole = count - count % _GROUP
    uniform = _uniform(bits, count)
    drawn = np.empty(count, np.float32)
    drawn[:whole] = _box_muller(uniform[:whole])
    if whole < count:  # the last group, which overlaps the one before it, has numbers of its own
        drawn[-_GROUP:] = _box_muller(_uniform(bits, _GROUP))
    return np.reshape(drawn, shape)


def _uniform(bits: np.random.MT19937, count: int) -> NDArray[np.float32]:
    raw = np.asarray(bits.random_raw(count)) & _MANTISSA
    return raw.astype(np.float32) * np.float32(2**-24)


def _box_muller(uniform: NDArray[np.float32]) -> NDArray[np.float32]:
    pairs = np.reshape(uniform, (-1, 2, _GROUP // 2))
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
    angle: NDArray[np.float32] = np.multiply(pairs[:, 1], np.float32(2 * np.pi))
    return np.ravel(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))


def _draw_few(bits: np.random.MT19937, count: int) -> NDArray[np.float32]:
    """Draw fewer than a group, which torch does one pair after the other, in float64."""
    raw = np.reshape(bits.random_raw(4 * ((count + 1) // 2)), (-1, 2, 2))
    uniform = ((raw[..., 0] << 32 | raw[..., 1]) & _WIDE_MANTISSA) * 2.0**-53
    radius, angle = np.sqrt(-2 * np.log1p(-uniform[:, 1])), 2 * np.pi * uniform[:, 0]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.ravel(pairs)[:count].astype(np.float32)
