"""The speaker vectors of a prepared folder: ``speaker_vectors.f32``, one for each utterance."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from vits.data.prepared.atomic_write import atomic_write
from vits.errors import DataError

__all__ = ["FLOAT32", "VECTORS", "read_vectors", "write_vectors"]

VECTORS = "speaker_vectors.f32"
"""Name of the file."""

FLOAT32 = np.dtype("<f4")
_REMEDY = "make it again with `vits prepare --speaker-vectors`"


def read_vectors(folder: Path, info: dict[str, Any], count: int) -> np.ndarray | None:
    """Read the vectors (N, V) float32 of a folder; None if it has none.

    Args:
        folder: the prepared folder.
        info: content of ``dataset.json``.
        count: N, the utterances of the folder.

    Raises:
        DataError: the file is missing, or not the one that ``dataset.json`` describes.
    """
    if "speaker_vectors" not in info:
        return None
    path, described = folder / VECTORS, info["speaker_vectors"]
    data = path.read_bytes() if path.is_file() else b""
    expected = count * described["size"] * FLOAT32.itemsize
    if len(data) != expected:
        raise DataError(f"{path} has {len(data)} bytes, must have {expected}; {_REMEDY}")
    if hashlib.sha256(data).hexdigest() != described["sha256"]:
        raise DataError(f"{path} was changed since it was written; {_REMEDY}")
    return np.frombuffer(data, FLOAT32).reshape(count, described["size"])


def write_vectors(
    folder: Path, info: dict[str, Any], encoder: str, vectors: Iterable[np.ndarray]
) -> None:
    """Write vectors, each (V,), in the order of the manifest, and describe them.

    Args:
        folder: the prepared folder.
        info: content of ``dataset.json``, which is written again with their description.
        encoder: name of the speaker encoder.
        vectors: one for each utterance, at least one.
    """
    data = np.stack([np.asarray(vector, FLOAT32) for vector in vectors])
    described = {
        "encoder": encoder,
        "size": data.shape[1],
        "sha256": hashlib.sha256(data.tobytes()).hexdigest(),
    }
    with atomic_write(folder / VECTORS) as partial:
        partial.write_bytes(data.tobytes())
    with atomic_write(folder / "dataset.json") as partial:
        text = json.dumps({**info, "speaker_vectors": described}, ensure_ascii=False, indent=2)
        partial.write_text(text + "\n", encoding="utf-8", newline="\n")
