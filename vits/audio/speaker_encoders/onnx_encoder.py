"""A speaker encoder in ONNX, by its path: ECAPA-TDNN, CAM++ and others on filterbanks."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vits.audio._torchaudio import import_torchaudio
from vits.audio.speaker_encoders.encoder import RATE
from vits.errors import MissingExtraError, MissingFileError, VoiceError, one_line

__all__ = ["OnnxEncoder"]

N_MELS = 80


class OnnxEncoder:
    """Runs a graph that maps log mel filterbanks (1, T, 80) to a vector (1, V).

    The filterbanks are Kaldi's, 25 ms every 10 ms with a Hamming window, of samples at the scale of
    16 bits, minus their mean over time: what the exports of WeSpeaker and 3D-Speaker take.

    Args:
        path: the graph, in one file.

    Attributes:
        name: ``onnx:`` and the start of the file's SHA-256.
        size: length of its vectors.

    Raises:
        MissingFileError: there is no such file.
        MissingExtraError: ONNX Runtime is not installed.
        VoiceError: the file is no such graph.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise MissingFileError(f"speaker encoder {path} does not exist; check the path")
        self.path = path
        self.name = f"onnx:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
        self._session = _open(path)
        self.size = len(self(np.zeros(2 * RATE, np.float32)))

    def __call__(self, speech: np.ndarray) -> np.ndarray:
        """Return the unit vector (V,) of speech (L,) at 16 kHz."""
        features = import_torchaudio().compliance.kaldi.fbank(
            torch.from_numpy(speech)[None] * 32768,
            num_mel_bins=N_MELS,
            sample_frequency=RATE,
            window_type="hamming",
            dither=0.0,
        )
        features = (features - features.mean(0)).numpy()[None]
        (entry, *others) = self._session.get_inputs()
        try:
            if others:
                raise ValueError(f"it has {1 + len(others)} inputs")
            vector = np.asarray(self._session.run(None, {entry.name: features})[0]).reshape(-1)
        except Exception as error:  # those of ONNX Runtime share no base class
            reason = one_line(error, 200)
            raise VoiceError(
                f"speaker encoder {self.path} must map filterbanks (1, T, {N_MELS}) to a vector: "
                f"{reason}"
            ) from error
        return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def _open(path: Path) -> Any:
    try:
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("a speaker encoder in ONNX", error.name, "onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class
        reason = one_line(error, 200)
        raise VoiceError(f"speaker encoder {path} is no ONNX graph: {reason}") from error
