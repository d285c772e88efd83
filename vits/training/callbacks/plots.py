"""Figures of a run: alignment, mel spectrograms and metric curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alignment_figure", "curve_figure", "mel_figure", "render", "save"]


def alignment_figure(path: NDArray[np.float32], symbols: Sequence[str]) -> "Figure":
    """Plot an alignment path (T, S): frames on the x axis, symbols on the y axis."""
    figure = _figure(10, max(3.0, 0.07 * len(symbols)))
    axes = figure.subplots()
    axes.imshow(path.T, aspect="auto", origin="lower", interpolation="nearest", cmap="Greys")
    axes.set_yticks(range(len(symbols)), symbols, fontsize=5)
    axes.set_xlabel("frame")
    axes.set_ylabel("symbol")
    return figure


def mel_figure(mels: Mapping[str, NDArray[np.float32]]) -> "Figure":
    """Plot log-mels (M, T) below each other on one color scale, with their keys as titles."""
    figure = _figure(10, 2.2 * len(mels))
    low = min(float(mel.min()) for mel in mels.values())
    high = max(float(mel.max()) for mel in mels.values())
    for axes, (title, mel) in zip(
        np.atleast_1d(figure.subplots(len(mels))), mels.items(), strict=True
    ):
        axes.imshow(mel, aspect="auto", origin="lower", vmin=low, vmax=high)
        axes.set_title(title, fontsize=8)
        axes.set_ylabel("mel band")
    return figure


def curve_figure(curves: Mapping[str, tuple[Sequence[int], Sequence[float]]]) -> "Figure":
    """Plot each curve (steps, values) in a panel of its own."""
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


def render(figure: "Figure") -> NDArray[np.uint8]:
    """Draw a figure at 110 dpi: (height, width, 3), 0 to 255."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(110)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def save(image: NDArray[np.uint8], path: Path) -> None:
    """Write a picture as PNG; create its folder if necessary."""
    from matplotlib.image import imsave

    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)


def _figure(width: float, height: float) -> "Figure":
    """Create a figure of the given size (inches), without pyplot, global state or display."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
