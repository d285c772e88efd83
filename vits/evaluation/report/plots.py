"""Plot an utterance: speech with its words, recording, and warping path."""

from io import BytesIO
from typing import TYPE_CHECKING

from vits.evaluation.evaluate import EvaluatedUtterance
from vits.evaluation.metrics import ANALYSIS, analyse, to_analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_FRAME_SECONDS = ANALYSIS.hop_length / ANALYSIS.sample_rate


def draw(spoken: EvaluatedUtterance, recording: EvaluatedUtterance | None = None) -> bytes:
    """Return a PNG of the log-mel spectrograms, the times of words and the warping path."""
    from matplotlib.figure import Figure  # no pyplot, no global state, no display

    panels = 1 if recording is None else 3
    figure = Figure(figsize=(8, 1.9 * panels), layout="constrained")
    axes = list(figure.subplots(panels, squeeze=False).flat)
    _mel(axes[0], spoken, "spoken")
    for word in spoken.speech.words:
        axes[0].axvline(word.start, color="white", linewidth=0.6)
        axes[0].text(word.start, 72, f" {word.text}", color="white", fontsize=7, clip_on=True)
    if recording is not None:
        _mel(axes[1], recording, "recorded")
        _path(axes[2], spoken)
    data = BytesIO()
    figure.savefig(data, format="png", dpi=80)
    return data.getvalue()


def _mel(axes: "Axes", utterance: EvaluatedUtterance, title: str) -> None:
    """Plot the log-mel spectrogram of a wave, silence included."""
    speech = utterance.speech
    mel = analyse(to_analysis(speech.samples, speech.sample_rate, keep_silence=True)).mel
    extent = (0.0, len(mel) * _FRAME_SECONDS, 0.0, float(mel.shape[1]))
    axes.imshow(mel.T, aspect="auto", origin="lower", extent=extent)
    axes.set_ylabel(f"{title}, mel band", fontsize=7)


def _path(axes: "Axes", spoken: EvaluatedUtterance) -> None:
    """Plot the warping path; a straight line means equal speaking rates."""
    if spoken.path is not None:
        axes.plot(*(spoken.path.T * _FRAME_SECONDS), linewidth=1)
    axes.set_xlabel("recorded (s)", fontsize=7)
    axes.set_ylabel("spoken (s)", fontsize=7)
    axes.grid(alpha=0.3)
