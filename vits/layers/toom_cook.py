"""Convolution of five taps with three fifths of the products: outputs two at a time.

Two neighbouring outputs of five taps see six inputs d and take ten products. Toom and Cook's way,
which Winograd showed to be the least, takes six: y = A^T [(G w) * (B^T d)], where * multiplies for
each of six points the polynomials of taps and inputs; over channels it is a matrix product. The
transforms touch each number a few times, so this pays where channels are many.

Source: Lavin & Gray, CVPR 2016, arXiv:1509.09308, section 4.1, F(2, 5), with the points 0, 1, -1,
1/2, -2 and infinity, which keep rounding below that of a plain convolution. The gradients are the
same three matrices transposed.
"""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["TAPS", "convolve_in_pairs", "input_gradient", "weight_gradient"]

TAPS = 5
POINTS = 6
HALVES = (slice(0, 3), slice(3, 6))  # of the points: what is as large as the weights is kept small

OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 1 / 2, -2, 1))  # A^T
KERNEL = (  # G
    (1, 0, 0, 0, 0),
    (1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3),
    (-1 / 3, 1 / 3, -1 / 3, 1 / 3, -1 / 3),
    (-16 / 15, -8 / 15, -4 / 15, -2 / 15, -1 / 15),
    (1 / 15, -2 / 15, 4 / 15, -8 / 15, 16 / 15),
    (0, 0, 0, 0, 1),
)
INPUT = (  # B^T
    (1, -3 / 2, -2, 3 / 2, 1, 0),
    (0, -1, 1 / 2, 5 / 2, 1, 0),
    (0, 1, -5 / 2, 1 / 2, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 1 / 2, -1, -1 / 2, 1, 0),
    (0, 1, -3 / 2, -2, 3 / 2, 1),
)


def convolve_in_pairs(x: Tensor, weight: Tensor, padding: int) -> Tensor:
    """Convolve every row of (B, C, P, T) with (O, C, 5) -> (B, O, P, T + 2 padding - 4).

    Args:
        x: (B, C, P, T).
        weight: (O, C, 5).
        padding: zeros on each side, of every row.

    Returns:
        A tensor of its own, never a view.
    """
    batch, _, rows, length = x.shape
    n_out = length + 2 * padding - TAPS + 1
    pairs = -(-n_out // 2)
    seen = _at_points_of_input(x, padding, pairs)
    products = seen.new_empty(POINTS, weight.shape[0], seen.shape[2])
    for points in HALVES:
        torch.bmm(_at_points_of_weight(weight, points), seen[points], out=products[points])
    even, odd = _transform(OUTPUT, products.flatten(1)).view(2, -1, batch, rows, pairs)
    y = x.new_empty(batch, weight.shape[0], rows, n_out)
    y[..., 0::2] = even.transpose(0, 1)
    y[..., 1::2] = odd.transpose(0, 1)[..., : n_out // 2]
    return y


def input_gradient(gradient: Tensor, weight: Tensor, padding: int) -> Tensor:
    """The gradient with respect to ``x`` (B, C, P, T) of the function above.

    Args:
        gradient: (B, O, P, T'), of its result.
        weight: (O, C, 5).
        padding: zeros on each side.

    Returns:
        (B, C, P, T).
    """
    batch, _, rows, n_out = gradient.shape
    pairs = -(-n_out // 2)
    came_out = _at_points_of_output(gradient, pairs)
    products = came_out.new_empty(POINTS, weight.shape[1], came_out.shape[2])
    for points in HALVES:
        kernels = _at_points_of_weight(weight, points).mT
        torch.bmm(kernels, came_out[points], out=products[points])
    seen = _transform(INPUT, products.flatten(1), transposed=True)
    seen = seen.view(POINTS // 2, 2, -1, batch, rows, pairs).permute(0, 3, 2, 4, 5, 1)
    padded = gradient.new_zeros(*seen.shape[1:4], pairs + POINTS // 2 - 1, 2)
    for start, part in enumerate(seen):
        padded[..., start : start + pairs, :] += part
    length = n_out + TAPS - 1 - 2 * padding
    return padded.flatten(3)[..., padding : padding + length].contiguous()


def weight_gradient(x: Tensor, gradient: Tensor, padding: int) -> Tensor:
    """The gradient with respect to ``weight`` (O, C, 5).

    Args:
        x: (B, C, P, T).
        gradient: (B, O, P, T'), of the result.
        padding: zeros on each side.

    Returns:
        (O, C, 5).
    """
    pairs = -(-gradient.shape[3] // 2)
    seen = _at_points_of_input(x, padding, pairs)
    came_out = _at_points_of_output(gradient, pairs)
    result = x.new_zeros(gradient.shape[1] * x.shape[1], TAPS)
    for points in HALVES:
        products = came_out[points] @ seen[points].mT
        result.addmm_(products.flatten(1).mT, _matrix(KERNEL, gradient)[points])
    return result.view(gradient.shape[1], x.shape[1], TAPS)


def _at_points_of_weight(weight: Tensor, points: slice) -> Tensor:
    """(O, C, 5) -> (3, O, C)."""
    kernels = _matrix(KERNEL, weight)[points] @ weight.reshape(-1, TAPS).mT
    return kernels.view(-1, *weight.shape[:2])


def _at_points_of_input(x: Tensor, padding: int, pairs: int) -> Tensor:
    """(B, C, P, T) -> (6, C, B P pairs)."""
    right = 2 * (pairs - 1) + POINTS - x.shape[3] - padding
    padded = functional.pad(x.transpose(0, 1), (padding, right))
    windows = padded.unfold(3, POINTS, 2).reshape(-1, POINTS)
    return _transform(INPUT, windows.mT).view(POINTS, x.shape[1], -1)


def _at_points_of_output(gradient: Tensor, pairs: int) -> Tensor:
    """(B, O, P, T') -> (6, O, B P pairs)."""
    padded = functional.pad(gradient.transpose(0, 1), (0, 2 * pairs - gradient.shape[3]))
    both = _transform(OUTPUT, padded.reshape(-1, 2).mT, transposed=True)
    return both.view(POINTS, gradient.shape[1], -1)


def _transform(
    matrix: tuple[tuple[float, ...], ...], columns: Tensor, *, transposed: bool = False
) -> Tensor:
    values = _matrix(matrix, columns)
    return (values.mT if transposed else values) @ columns


def _matrix(matrix: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    return torch.tensor(matrix, dtype=like.dtype, device=like.device)
