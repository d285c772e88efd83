"""Convolution with five taps and two fifths of the products: four outputs at a time.

A tile of four adjacent outputs depends on eight inputs d and takes twenty products. The algorithm
of Toom and Cook takes eight, which Winograd proved minimal: y = A^T [(G w) * (B^T d)], where * is
the product of the polynomials of taps and inputs at each of eight points; over channels it is a
matrix product. The transforms cost a few operations for each number, so many channels are needed.

Source: Lavin & Gray, CVPR 2016, arXiv:1509.09308, section 4.1, F(4, 5); the points are those
with the smallest rounding error. The gradients are the same three matrices
transposed.
"""

import math
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["TAPS", "convolve_in_tiles", "input_gradient", "weight_gradient"]

TAPS = 5
OUTPUTS = 4  # of a tile
FINITE = tuple(map(Fraction, ("0", "1", "-1", "1/2", "-1/2", "2", "-2")))
POINTS = len(FINITE) + 1  # and infinity
PART = 1 << 21  # numbers: transformed weights are large, so output channels come in parts

Matrix = tuple[tuple[float, ...], ...]


def _output_matrix() -> Matrix:
    """A^T (4, 8): the powers of the points."""
    return tuple(
        (*(float(point**power) for point in FINITE), float(power == OUTPUTS - 1))
        for power in range(OUTPUTS)
    )


def _kernel_matrix() -> Matrix:
    """G (8, 5): a polynomial's values at the points, over the distances to the other points."""
    rows = []
    for point in FINITE:
        distances = Fraction(1)
        for other in FINITE:
            distances *= 1 if other == point else point - other
        rows.append(tuple(float(point**power / distances) for power in range(TAPS)))
    return (*rows, tuple(float(power == TAPS - 1) for power in range(TAPS)))


def _input_matrix() -> Matrix:
    """B^T (8, 8): coefficients of the polynomial with all other points as its roots."""
    rows = []
    for point in (*FINITE, None):
        coefficients = [Fraction(1)]
        for root in FINITE:
            if root != point:
                shifted = [Fraction(0), *coefficients]
                scaled = [root * value for value in coefficients] + [Fraction(0)]
                coefficients = [a - b for a, b in zip(shifted, scaled, strict=True)]
        coefficients += [Fraction(0)] * (POINTS - len(coefficients))
        rows.append(tuple(map(float, coefficients)))
    return tuple(rows)


OUTPUT, KERNEL, INPUT = _output_matrix(), _kernel_matrix(), _input_matrix()


def convolve_in_tiles(x: Tensor, weight: Tensor, padding: int) -> Tensor:
    """Convolve along the last axis with (O, C, 5).

    Args:
        x: (B, C, T) or (B, C, P, T).
        weight: (O, C, 5).
        padding: zeros on each side of the last axis.

    Returns:
        (B, O, T') or (B, O, P, T') with T' = T + 2 padding - 4; never a view.
    """
    n_out = x.shape[-1] + 2 * padding - TAPS + 1
    tiles = -(-n_out // OUTPUTS)
    inputs = _at_points_of_input(x, padding, tiles)
    y = x.new_empty(x.shape[0], weight.shape[0], *x.shape[2:-1], n_out)
    parts = _parts(weight)
    for part, kernels in zip(y.chunk(parts, 1), weight.chunk(parts), strict=True):
        products = _multiply(_at_points_of_weight(kernels), inputs)
        outputs = _matrix(OUTPUT, x) @ products
        for i in range(OUTPUTS):
            every = part.transpose(0, 1)[..., i::OUTPUTS]
            values = outputs[:, i].view(*every.shape[:-1], tiles)
            every.copy_(values[..., : every.shape[-1]])
    return y


def input_gradient(gradient: Tensor, weight: Tensor, padding: int) -> Tensor:
    """Return the gradient of ``convolve_in_tiles`` with respect to ``x``.

    Args:
        gradient: (B, O, T') or (B, O, P, T'), of its result.
        weight: (O, C, 5).
        padding: zeros on each side.

    Returns:
        (B, C, T) or (B, C, P, T).
    """
    (batch, _, *rows, n_out), n_in = gradient.shape, weight.shape[1]
    tiles = -(-n_out // OUTPUTS)
    products = gradient.new_zeros(n_in, POINTS, math.prod((batch, *rows, tiles)))
    parts = _parts(weight)
    for part, kernels in zip(gradient.chunk(parts, 1), weight.chunk(parts), strict=True):
        outputs = _at_points_of_output(part, tiles)
        _multiply(_at_points_of_weight(kernels).transpose(0, 2), outputs, products)
    starts = POINTS // OUTPUTS  # the windows of neighbouring tiles overlap
    inputs = (_matrix(INPUT, gradient).mT @ products).view(
        n_in, starts, OUTPUTS, batch, *rows, tiles
    )
    padded = gradient.new_zeros(batch, n_in, *rows, tiles + starts - 1, OUTPUTS)
    for start in range(starts):
        window = inputs[:, start].movedim(1, -1).transpose(0, 1)
        padded[..., start : start + tiles, :] += window
    length = n_out + TAPS - 1 - 2 * padding
    return padded.flatten(-2)[..., padding : padding + length].contiguous()


def weight_gradient(x: Tensor, gradient: Tensor, padding: int) -> Tensor:
    """Return the gradient of ``convolve_in_tiles`` with respect to ``weight``.

    Args:
        x: (B, C, T) or (B, C, P, T).
        gradient: (B, O, T') or (B, O, P, T'), of the result.
        padding: zeros on each side.

    Returns:
        (O, C, 5).
    """
    tiles = -(-gradient.shape[-1] // OUTPUTS)
    inputs = _at_points_of_input(x, padding, tiles).transpose(0, 2)
    result = x.new_empty(gradient.shape[1], x.shape[1], TAPS)
    parts = _parts(result)
    for part, outputs in zip(result.chunk(parts), gradient.chunk(parts, 1), strict=True):
        products = _multiply(_at_points_of_output(outputs, tiles), inputs)
        part.copy_((_matrix(KERNEL, x).mT @ products).mT)
    return result


def _parts(weight: Tensor) -> int:
    """Return the number of parts that the output channels of (O, C, 5) are split into."""
    return -(-weight.shape[0] * weight.shape[1] * POINTS // PART)


def _multiply(left: Tensor, right: Tensor, onto: Tensor | None = None) -> Tensor:
    """(M, 8, K) by (K, 8, N) -> (M, 8, N), point by point, so that all threads work on each."""
    if onto is None:
        onto = left.new_zeros(left.shape[0], POINTS, right.shape[2])
    for point in range(POINTS):
        onto[:, point].addmm_(left[:, point], right[:, point])
    return onto


def _at_points_of_weight(weight: Tensor) -> Tensor:
    """(O, C, 5) -> (O, 8, C)."""
    return _matrix(KERNEL, weight) @ weight.mT


def _at_points_of_input(x: Tensor, padding: int, tiles: int) -> Tensor:
    """(B, C, P, T) -> (C, 8, B P tiles)."""
    right = OUTPUTS * (tiles - 1) + POINTS - x.shape[-1] - padding
    padded = functional.pad(x.transpose(0, 1), (padding, right))
    windows = padded.unfold(-1, POINTS, OUTPUTS).reshape(x.shape[1], -1, POINTS)
    return _matrix(INPUT, x) @ windows.mT


def _at_points_of_output(gradient: Tensor, tiles: int) -> Tensor:
    """(B, O, P, T') -> (O, 8, B P tiles)."""
    missing = OUTPUTS * tiles - gradient.shape[-1]
    padded = functional.pad(gradient.transpose(0, 1), (0, missing))
    return _matrix(OUTPUT, gradient).mT @ padded.reshape(gradient.shape[1], -1, OUTPUTS).mT


def _matrix(matrix: Matrix, like: Tensor) -> Tensor:
    return torch.tensor(matrix, dtype=like.dtype, device=like.device)
