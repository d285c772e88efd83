"""The pitch of a prepared folder: ``pitch.i16``, written by ``vits prepare --pitch``."""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vits.data.prepared.index import PCM16, PITCH
from vits.errors import DataError

__all__ = ["check_pitch", "check_pitch_digest", "pitch_contour", "pitch_digest", "write_pitch"]

VOICED = 500  # thousandths of confidence from which a frame is voiced
SILENT_CENTS = 1200 * math.log2(180)  # of a recording without voice: any value will do

_REMEDY = "make it again with `vits prepare --pitch`"


def check_pitch(folder: Path, info: dict[str, Any], n_frames: int) -> bool:
    """Return whether a folder has pitch; check the size of its file.

    Args:
        folder: the prepared folder.
        info: content of ``dataset.json``.
        n_frames: frames of all utterances together.

    Raises:
        DataError: the file is missing or of another size.
    """
    if "pitch" not in info:
        return False
    path, expected = folder / PITCH, 2 * n_frames * PCM16.itemsize
    actual = path.stat().st_size if path.is_file() else 0
    if actual != expected:
        raise DataError(f"{path} has {actual} bytes, must have {expected}; {_REMEDY}")
    return True


def check_pitch_digest(folder: Path, info: dict[str, Any]) -> None:
    """Check that the content of ``pitch.i16`` is what ``dataset.json`` was written with.

    Raises:
        DataError: it was changed.
    """
    if "pitch" not in info:
        return
    found = hashlib.sha256((folder / PITCH).read_bytes()).hexdigest()
    if found != info["pitch"].get("sha256"):
        raise DataError(f"{folder / PITCH} was changed since it was measured; {_REMEDY}")


def pitch_digest(rows: Iterable[np.ndarray]) -> str:
    """Return the SHA-256 that ``dataset.json`` keeps of pitch, each (T, 2) int16."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(np.asarray(row, dtype=PCM16).tobytes())
    return digest.hexdigest()


def write_pitch(path: Path, rows: Iterable[np.ndarray]) -> None:
    """Write pitch, each (T, 2) int16, in the order of the manifest."""
    with path.open("wb") as file:
        for row in rows:
            file.write(np.asarray(row, dtype=PCM16).tobytes())


def pitch_contour(rows: np.ndarray) -> Tensor:
    """Turn stored pitch into what the model is trained on.

    Args:
        rows: (T, 2) int16: cents above 1 Hz, and confidence in thousandths.

    Returns:
        (2, T) float32: log F0 (log Hz), interpolated linearly through frames without voice; and
        voicing, 0 or 1.
    """
    voiced = rows[:, 1] >= VOICED
    places = np.flatnonzero(voiced)
    cents = np.full(len(rows), SILENT_CENTS)
    if len(places):
        cents = np.interp(np.arange(len(rows)), places, rows[places, 0])
    contour = np.stack([cents * (math.log(2) / 1200), voiced.astype(np.float64)])
    return torch.from_numpy(contour.astype(np.float32))
