"""How far back the columns of a result look: spans of columns, followed from output to input."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Columns", "Span"]


class Span(NamedTuple):
    """Columns ``first`` to ``last``, both included, of a signal without ends.

    >>> Span(0, 0).before_convolution(7).before_upsampling(size=16, rate=8)
    Span(first=-1, last=0)
    """

    first: int
    last: int

    def times(self, rate: int) -> "Span":
        """Return the columns that these are in a signal of ``rate`` columns for each."""
        return Span(self.first * rate, (self.last + 1) * rate - 1)

    def before_convolution(self, kernel_size: int, dilation: int = 1) -> "Span":
        """Return what a centred convolution of odd kernel computes these columns from."""
        reach = dilation * (kernel_size // 2)
        return Span(self.first - reach, self.last + reach)

    def before_upsampling(self, *, size: int, rate: int, padding: int | None = None) -> "Span":
        """Return what a transposed convolution computes these columns from.

        Column i of the input reaches columns i * rate - padding + (0 ... size - 1) of the result.

        Args:
            size: of the kernel, or of the window of a transform.
            rate: columns of the result for each of the input.
            padding: cut off at the start; None: (size - rate) // 2.
        """
        padding = (size - rate) // 2 if padding is None else padding
        return Span(-((size - 1 - padding - self.first) // rate), (self.last + padding) // rate)


class Columns(NamedTuple):
    """A stretch of a signal.

    Attributes:
        x: (B, C, T).
        first: which column of the signal stands first in ``x``.
    """

    x: Tensor
    first: int

    def within(self, span: Span) -> "Columns":
        """Return what there is of a span; it has no more than the signal, at its ends."""
        start = max(span.first - self.first, 0)
        stop = span.last + 1 - self.first
        return Columns(self.x[..., start:stop], self.first + start)
