"""Layers of a stream: a part of a signal comes in, and what the next part needs is carried over.

Every column of every layer is computed once, so a stream costs what the whole signal costs. A layer
that looks ahead returns fewer columns than came in, and the rest with a later part.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Carried"]


class Carried:
    """The layers of one part of a stream, in the order in which they are called.

    A part is (B, C, T). The first and the last part meet the ends of the signal, where the layers
    pad with zeros. The first part must be so long that no layer is left without columns.

    Args:
        states: what the previous part left, one tensor for each layer with a state; empty ones
            (B, C, 0) for the first part; None: the first part, to find out what the states are.
        first: (1,) int64, 1 for the first part, else 0.
        last: (1,) int64, 1 for the last part, else 0.
        batch: (B, ...) whose batch size the parts have.
        widest: most columns with which a layer pads.

    Attributes:
        left: what this part leaves, one tensor for each layer with a state.
    """

    def __init__(
        self,
        states: Sequence[Tensor] | None,
        first: Tensor,
        last: Tensor,
        batch: Tensor,
        widest: int,
    ) -> None:
        self.left: list[Tensor] = []
        self._states: Iterator[Tensor] | None = None if states is None else iter(states)
        zeros = torch.zeros_like(batch[:, :1, :1]).expand(-1, 1, widest)
        self._before, self._after = (zeros[..., : flag[0] * widest] for flag in (first, last))
        self._padding: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def convolve(self, layer: nn.Module, x: Tensor) -> Tensor:
        """Return the columns (B, C', T') that a centred convolution can compute by now."""
        return self.apply(layer, self.extend(layer, x))

    def extend(self, layer: nn.Module, x: Tensor) -> Tensor:
        """Return ``x`` (B, C, T) with the columns around it that a centred convolution needs."""
        radius = _radius(layer)
        if not radius:
            return x
        before, after = self._zeros(x.shape[1], radius)
        extended = torch.cat([before, self._previous(x), x, after], dim=2)
        self.left.append(extended[..., -2 * radius :])
        return extended

    def apply(self, layer: nn.Module, extended: Tensor) -> Tensor:
        """Convolve what ``extend`` returned, or a function of it that maps 0 to 0."""
        assert isinstance(layer, nn.Conv1d)
        return functional.conv1d(
            extended, layer.weight, layer.bias, 1, 0, layer.dilation, layer.groups
        )

    def centre(self, extended: Tensor, like: Tensor, *layers: nn.Module) -> Tensor:
        """Return the columns of ``extended`` that belong to the result of convolutions.

        Args:
            extended: (B, C, T) that ``extend`` returned for the first of them.
            like: (B, C', T') result of the last of them.
            layers: one or two; the first is at least as wide as the second.
        """
        first, second = (*map(_radius, layers), 0)[:2]
        end = extended.shape[2] - first - second + self._after[..., :second].shape[2]
        return extended[..., end - like.shape[2] : end]

    def upsample(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        *,
        stride: int,
        cut: int,
        groups: int = 1,
    ) -> Tensor:
        """Return the columns (B, C', T') of a transposed convolution that are complete by now.

        Args:
            x: (B, C, T).
            weight: (C, C' / groups, K), K at least ``stride`` + ``cut``.
            bias: (C',), or None.
            stride: columns for each of the input.
            cut: columns that are removed at the start of the signal.
            groups: of channels, each with its part of ``weight``.
        """
        overlap = weight.shape[2] - stride
        full = functional.conv_transpose1d(x, weight, None, stride, groups=groups)
        if overlap:
            tail = self._previous(full)
            width = tail.shape[2]
            full = torch.cat([full[..., :width] + tail, full[..., width:]], dim=2)
            self.left.append(full[..., -overlap:])
        start = self._before[..., :cut].shape[2]
        stop = full.shape[2] - overlap + self._after[..., :cut].shape[2]
        full = full[..., start:stop]
        return full if bias is None else full + bias[:, None]

    def wait(self, x: Tensor, for_: Tensor, rate: int = 1) -> Tensor:
        """Return the columns of ``x`` (B, C, T) for those of a stream that is behind it.

        Args:
            x: with ``rate`` columns for each of the other stream.
            for_: (B, C', T') of that stream.
            rate: columns.
        """
        x, width = torch.cat([self._previous(x), x], dim=2), for_.shape[2] * rate
        self.left.append(x[..., width:])
        return x[..., :width]

    def _previous(self, x: Tensor) -> Tensor:
        """Return what a layer left, which has the channels of ``x``."""
        return x[..., :0] if self._states is None else next(self._states)

    def _zeros(self, channels: int, width: int) -> tuple[Tensor, Tensor]:
        """Return the padding (B, channels, width) of both ends, empty in the middle of a signal."""
        key = channels, width
        if key not in self._padding:
            before, after = self._before[..., :width], self._after[..., :width]
            self._padding[key] = (
                before.expand(-1, channels, -1),
                after.expand(-1, channels, -1),
            )
        return self._padding[key]


def _radius(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Conv1d)
    return layer.dilation[0] * (layer.kernel_size[0] // 2)
