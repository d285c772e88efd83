"""A corpus of tones and a tiny network that trains in seconds, for ``faults.py``."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from vits.config import AudioConfig, FrontendConfig
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row
from vits.text import Frontend, SymbolTable

__all__ = ["make_corpus", "settings"]

LETTERS = "abcdefgh"
RATE, HOP = 8000, 64


def make_corpus(folder: Path) -> Path:
    """Write recordings with one tone per letter and prepare them."""
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows = []
    for i in range(16):
        word = "".join(draw.choice(list(LETTERS), int(draw.integers(3, 6))))
        tones = [
            0.4 * np.sin(2 * np.pi * 300 * (1 + LETTERS.index(x)) * np.arange(1024) / RATE)
            for x in word
        ]
        soundfile.write(folder / f"{i}.wav", np.concatenate(tones), RATE)
        rows.append(Row(id=str(i), audio=str(folder / f"{i}.wav"), text=word, speaker=""))
    audio = AudioConfig(sample_rate=RATE, n_fft=256, win_length=256, hop_length=HOP, n_mels=20)
    options = PrepareConfig(audio=audio, limits=RecordingLimits(segment_frames=8))
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable(("_", *LETTERS)))
    prepare(rows, folder / "data", options, frontend, workers=1)
    return folder / "data"


def settings(data: Path, steps: int) -> dict[str, Any]:
    """Return the configuration of the runs."""
    audio = {"sample_rate": RATE, "n_fft": 256, "win_length": 256, "hop_length": HOP, "n_mels": 20}
    return {
        "trainer": {
            "accelerator": "cpu",
            "max_steps": steps,
            "val_check_interval": 15,
            "log_every_n_steps": 1,
            "enable_progress_bar": False,
        },
        "model": {
            "config": {
                "hidden_channels": 24,
                "latent_channels": 16,
                "segment_frames": 8,
                "audio": audio,
                "text_encoder": {"filter_channels": 32, "n_layers": 1},
                "posterior_encoder": {"n_layers": 2},
                "prior_flow": {"n_layers": 1, "n_flows": 2},
                "duration_predictor": {"n_flows": 2},
                "decoder": {
                    "resblock": "2",
                    "resblock_kernel_sizes": [3],
                    "resblock_dilations": [[1, 3]],
                    "upsample_rates": [8, 8],
                    "upsample_kernel_sizes": [16, 16],
                    "initial_channels": 32,
                },
                "discriminator": {
                    "periods": [2],
                    "period_channels": [4, 8],
                    "scale_channels": [4, 4, 4, 4, 4, 4],
                    "scale_groups": [1, 1, 1, 1, 1, 1],
                },
            },
            "training": {
                "optimizer": {"decay": 0.9, "decay_steps": 7},
                "adversarial": {"start": 5},
                "ema_decay": 0.9,
            },
        },
        "data": {"train": str(data), "n_validation": 2, "max_frames": 600},
        "checkpoint": {"every_n_steps": 2, "keep_last": 3},
    }
