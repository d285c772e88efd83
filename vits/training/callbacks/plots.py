"""The pictures a run draws: alignment, mel against mel, and curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alignment_figure", "curve_figure", "mel_figure", "save"]


def alignment_figure(path: NDArray[np.float32], symbols: Sequence[str]) -> "Figure":
    """Draw a path (T, S): frames to the right, symbols upward."""
    figure = _figure(10, max(3.0, 0.07 * len(symbols)))
    axes = figure.subplots()
    axes.imshow(path.T, aspect="auto", origin="lower", interpolation="nearest", cmap="Greys")
    axes.set_yticks(range(len(symbols)), symbols, fontsize=5)
    axes.set_xlabel("frame")
    axes.set_ylabel("symbol")
    return figure


def mel_figure(rows: Mapping[str, NDArray[np.float32]]) -> "Figure":
    """Draw log-mels (M, T) one above the other on one scale, titled by their keys."""
    figure = _figure(10, 2.2 * len(rows))
    low = min(float(mel.min()) for mel in rows.values())
    high = max(float(mel.max()) for mel in rows.values())
    for axes, (title, mel) in zip(
        np.atleast_1d(figure.subplots(len(rows))), rows.items(), strict=True
    ):
        axes.imshow(mel, aspect="auto", origin="lower", vmin=low, vmax=high)
        axes.set_title(title, fontsize=8)
        axes.set_ylabel("mel band")
    return figure


def curve_figure(curves: Mapping[str, tuple[Sequence[int], Sequence[float]]]) -> "Figure":
    """Draw one small panel for each curve (steps, values)."""
    columns = 3
    rows = -(-len(curves) // columns)
    figure = _figure(4 * columns, 2.6 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (title, (steps, values)) in zip(panels, curves.items(), strict=False):
        axes.plot(steps, values, linewidth=0.8)
        axes.set_title(title, fontsize=9)
        axes.grid(alpha=0.3)
    for axes in panels[len(curves) :]:
        axes.remove()
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _figure(width: float, height: float) -> "Figure":
    # the object interface: no pyplot, no global state, no display
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
