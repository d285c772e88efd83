"""Standard normal noise without torch: as torch draws it, up to rounding, and frame by frame."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["TorchNoise", "prior_noise", "torch_randn"]

_GROUP = 16  # torch draws normal values sixteen at a time
_MANTISSA = 2**24 - 1  # bits of a float32; torch takes as many of each random integer
_WIDE_MANTISSA = 2**53 - 1


class TorchNoise:
    """Reproduces a seeded ``torch.Generator`` on the CPU, drawing after drawing.

    Both are MT19937 and the Box-Muller transform, so a seed gives the same speech in torch and in
    ONNX Runtime. Equal up to rounding: logarithms and cosines differ in their last bit.

    Source: ``ATen/native/cpu/DistributionTemplates.h`` (``normal_fill``), PyTorch 2.

    Args:
        seed: of ``torch.Generator.manual_seed``; its low 32 bits count.
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.MT19937(0)
        self._bits._legacy_seeding(seed & 0xFFFFFFFF)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        self._spare: list[float] = []  # the second of a pair, which waits for the next few values

    def normal(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return what the generator's next ``torch.randn`` of this shape returns."""
        count = int(np.prod(shape))
        if count < _GROUP:
            return np.reshape(self._draw_few(count), shape)
        whole = count - count % _GROUP
        uniform = self._uniform(count)
        noise = np.empty(count, np.float32)
        noise[:whole] = _box_muller(uniform[:whole])
        if whole < count:  # the last group overlaps the one before it and draws numbers of its own
            noise[-_GROUP:] = _box_muller(self._uniform(_GROUP))
        return np.reshape(noise, shape)

    def _uniform(self, count: int) -> NDArray[np.float32]:
        raw = np.asarray(self._bits.random_raw(count)) & _MANTISSA
        return raw.astype(np.float32) * np.float32(2**-24)

    def _draw_few(self, count: int) -> NDArray[np.float32]:
        """Draw less than a group: torch does it pair by pair, in float64."""
        n_pairs = (max(0, count - len(self._spare)) + 1) // 2
        raw = np.reshape(self._bits.random_raw(4 * n_pairs), (-1, 2, 2))
        uniform = ((raw[..., 0] << 32 | raw[..., 1]) & _WIDE_MANTISSA) * 2.0**-53
        radius, angle = np.sqrt(-2 * np.log1p(-uniform[:, 1])), 2 * np.pi * uniform[:, 0]
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        values: list[float] = [*self._spare, *np.ravel(pairs).tolist()]
        self._spare = values[count:]
        return np.array(values[:count], np.float32)


def torch_randn(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the first ``torch.randn`` of a seeded generator on the CPU, see ``TorchNoise``."""
    return TorchNoise(seed).normal(shape)


def prior_noise(seed: int, channels: int, n_frames: int) -> NDArray[np.float32]:
    """Draw (1, C, T) frame by frame, so that more frames begin with the same ones."""
    rng = np.random.default_rng(seed)
    return np.swapaxes(rng.standard_normal((1, n_frames, channels), np.float32), 1, 2)


def _box_muller(uniform: NDArray[np.float32]) -> NDArray[np.float32]:
    pairs = np.reshape(uniform, (-1, 2, _GROUP // 2))
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
    angle: NDArray[np.float32] = np.multiply(pairs[:, 1], np.float32(2 * np.pi))
    return np.ravel(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
