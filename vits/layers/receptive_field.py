"""Receptive fields: which input columns a span of output columns depends on."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Columns", "Span"]


class Span(NamedTuple):
    """Columns ``first`` to ``last``, both included, of an unbounded signal.

    >>> Span(0, 0).before_convolution(7).before_upsampling(size=16, rate=8)
    Span(first=-1, last=0)
    """

    first: int
    last: int

    def times(self, rate: int) -> "Span":
        """Return the span in a signal with ``rate`` columns for each of these."""
        return Span(self.first * rate, (self.last + 1) * rate - 1)

    def widen(self, radius: int) -> "Span":
        """Return the span with ``radius`` more columns on either side."""
        return Span(self.first - radius, self.last + radius)

    def before_convolution(self, kernel_size: int, dilation: int = 1) -> "Span":
        """Return the input of a centred convolution with an odd kernel."""
        return self.widen(dilation * (kernel_size // 2))

    def before_upsampling(self, *, size: int, rate: int, padding: int | None = None) -> "Span":
        """Return the input of a transposed convolution.

        Input column i contributes to output columns i * rate - padding + (0 ... size - 1).

        Args:
            size: of the kernel, or of the window of a transform.
            rate: output columns for each input column.
            padding: columns removed at the start; None: (size - rate) // 2.
        """
        padding = (size - rate) // 2 if padding is None else padding
        return Span(-((size - 1 - padding - self.first) // rate), (self.last + padding) // rate)


class Columns(NamedTuple):
    """Consecutive columns of a signal.

    Attributes:
        x: (B, C, T).
        first: index in the signal of the first column of ``x``.
    """

    x: Tensor
    first: int

    def crop(self, span: Span) -> "Columns":
        """Return the columns inside a span; at the ends of the signal there are fewer."""
        start = max(span.first - self.first, 0)
        stop = span.last + 1 - self.first
        return Columns(self.x[..., start:stop], self.first + start)
