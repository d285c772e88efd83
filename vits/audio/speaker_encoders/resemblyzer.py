"""The speaker encoder whose weights come with the package ``resemblyzer``."""

from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vits.audio._torchaudio import import_torchaudio
from vits.audio.speaker_encoders.encoder import RATE, RESEMBLYZER
from vits.errors import MissingExtraError, VoiceError

__all__ = ["Ge2eNetwork", "Resemblyzer"]

N_FFT, HOP, N_MELS = 400, 160, 40  # 25 ms, 10 ms
SIZE, N_LAYERS = 256, 3
WINDOW, STEP = 160, 77  # frames: 1.6 s, and 1.3 windows a second
COVERAGE = 0.75  # of the last window that must be filled


class Ge2eNetwork(nn.Module):
    """Three LSTM layers; the last state of the last, projected, is the vector."""

    filterbank: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(N_MELS, SIZE, N_LAYERS, batch_first=True)
        self.linear = nn.Linear(SIZE, SIZE)
        filterbank = import_torchaudio().functional.melscale_fbanks(
            N_FFT // 2 + 1, 0.0, RATE / 2, N_MELS, RATE, norm="slaney", mel_scale="slaney"
        )
        self.register_buffer("filterbank", filterbank, persistent=False)

    def forward(self, mels: Tensor) -> Tensor:
        """Return unit vectors (B, 256) of mel powers (B, 160, 40)."""
        _, (hidden, _) = self.lstm(mels)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])))

    def mel_powers(self, speech: Tensor) -> Tensor:
        """Return mel powers (..., T, 40) of speech (..., L) at 16 kHz."""
        window = torch.hann_window(N_FFT, dtype=speech.dtype, device=speech.device)
        spectrum = torch.stft(
            speech, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True
        )
        return torch.view_as_real(spectrum).square().sum(-1).mT @ self.filterbank

    def embed(self, speech: Tensor) -> Tensor:
        """Return unit vectors (B, 256) of speech (B, L), each as one window of any length."""
        return self(self.mel_powers(speech))


class Resemblyzer:
    """LSTMs over mel powers of 1.6 s windows, trained to tell speakers apart.

    Only the file of weights is read; the package itself is not imported. Pauses are left out by
    their level, where the package uses a voice activity detector.

    Source: Wan et al. 2018, arXiv:1710.10467 (GE2E); Resemblyzer 0.1.4.

    Raises:
        MissingExtraError: the package is not installed.
    """

    name, size = RESEMBLYZER, SIZE

    def __init__(self) -> None:
        self.network = Ge2eNetwork()
        names = self.network.state_dict()
        weights = {name: value for name, value in _weights().items() if name in names}
        self.network.load_state_dict(weights)
        self.network.eval().requires_grad_(False)

    @torch.no_grad()
    def __call__(self, speech: np.ndarray) -> np.ndarray:
        """Return the unit vector (256,) of speech (L,) at 16 kHz: the mean of its windows."""
        n_frames = len(speech) // HOP + 1
        starts = list(range(0, max(1, n_frames - WINDOW + STEP + 1), STEP))
        if len(starts) > 1 and len(speech) - starts[-1] * HOP < COVERAGE * WINDOW * HOP:
            starts.pop()
        padded = np.zeros(max(len(speech), (starts[-1] + WINDOW) * HOP), np.float32)
        padded[: len(speech)] = speech
        mels = self.network.mel_powers(torch.from_numpy(padded))
        mean = self.network(torch.stack([mels[i : i + WINDOW] for i in starts])).mean(0)
        return nn.functional.normalize(mean, dim=0).numpy()


@cache
def _weights() -> dict[str, Any]:
    """Load the weights of the installed package."""
    try:
        listed = files(RESEMBLYZER) or []
    except PackageNotFoundError as error:
        raise MissingExtraError.of("hearing who speaks", RESEMBLYZER, "speakers") from error
    paths = [Path(str(entry.locate())) for entry in listed if entry.name == "pretrained.pt"]
    if not paths or not paths[0].is_file():
        raise VoiceError(
            f"the installed package {RESEMBLYZER} lacks pretrained.pt; install it again"
        )
    return torch.load(paths[0], map_location="cpu", weights_only=True)["model_state"]
