"""Make the README's picture and sample: a sentence of the voice in the box.

``python docs/pictures/make_speech.py`` writes speech.png and speech.mp3 beside this file.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

import vits
from vits.audio.mel import MelSpectrogram
from vits.config import AudioConfig

TEXT = "The birch canoe slid on the smooth planks."
INK, ACCENT = "#30363d", "#2f6fab"


def main() -> None:
    """Speak the text; draw its wave, its mel spectrogram and the times of its words."""
    folder = Path(__file__).parent
    speech = vits.synthesize(TEXT, seed=7)
    speech.save(folder / "speech.mp3")
    audio = AudioConfig(sample_rate=speech.sample_rate, n_fft=512, win_length=512, hop_length=64)
    wave = torch.from_numpy(np.pad(speech.samples, (0, audio.n_fft)))[None, None]
    mel = MelSpectrogram(audio)(wave)[0].numpy()

    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(10, 3.2), sharex=True, height_ratios=(1, 3), layout="constrained"
    )
    seconds = np.arange(len(speech.samples)) / speech.sample_rate
    top.plot(seconds, speech.samples, color=ACCENT, linewidth=0.4)
    top.set_yticks([])
    top.spines[:].set_visible(False)
    top.tick_params(bottom=False)
    bottom.imshow(
        mel,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=mel.max() - 9,
        extent=(0, mel.shape[1] * audio.hop_length / speech.sample_rate, 0, audio.n_mels),
    )
    for word in speech.words:
        for axes in (top, bottom):
            axes.axvline(word.start, color=INK if axes is top else "white", linewidth=0.6)
        bottom.text(
            (word.start + word.end) / 2, 74, word.text, color="white", ha="center", fontsize=10
        )
    bottom.set_xlim(0, speech.seconds)
    bottom.set_yticks([])
    bottom.set_xlabel("seconds", color=INK)
    figure.savefig(folder / "speech.png", dpi=110, facecolor="white")
    picture = Image.open(folder / "speech.png").convert("RGB")
    few_colours = picture.quantize(48, dither=Image.Dither.NONE)
    few_colours.save(folder / "speech.png", optimize=True)


if __name__ == "__main__":
    main()
