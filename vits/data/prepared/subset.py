"""Writing some of the utterances of a prepared folder as a folder of their own."""

import json
from collections.abc import Sequence
from pathlib import Path

from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.index import PCM16, PITCH
from vits.data.prepared.stored_pitch import pitch_digest, write_pitch
from vits.data.prepared.stored_vectors import write_vectors
from vits.errors import DataError

__all__ = ["write_subset"]


def write_subset(dataset: PreparedDataset, indices: Sequence[int], folder: Path) -> None:
    """Write utterances of a prepared folder to another one; symbols and speakers keep their ids.

    ``dataset.json`` is removed first and written last, so a folder that has one is complete.

    Args:
        dataset: utterances of a prepared folder.
        indices: the utterances to write, at least one, in order.
        folder: output folder, another one than that of ``dataset``; its utterances are replaced.

    Raises:
        DataError: there is nothing to write, or the folder is that of ``dataset``.
    """
    if not indices:
        raise DataError(f"0 utterances of {dataset.folder} to write to {folder}; choose at least 1")
    if folder.resolve() == dataset.folder.resolve():
        raise DataError(f"output {folder} is the corpus itself; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").unlink(missing_ok=True)
    samples = 0
    with (
        atomic_write(folder / "audio.i16") as waves,
        atomic_write(folder / "manifest.jsonl") as manifest,
        (dataset.folder / "audio.i16").open("rb") as source,
        waves.open("wb") as audio,
        manifest.open("w", encoding="utf-8", newline="\n") as lines,
    ):
        for index in indices:
            row = dataset.row(index)
            source.seek(row["offset"] * PCM16.itemsize)
            audio.write(source.read(row["samples"] * PCM16.itemsize))
            lines.write(json.dumps({**row, "offset": samples}, ensure_ascii=False) + "\n")
            samples += row["samples"]
    info = {**dataset.info, "utterances": len(indices), "samples": samples}
    if dataset.pitched:
        pitch = [dataset.stored_pitch(index) for index in indices]
        with atomic_write(folder / PITCH) as partial:
            write_pitch(partial, pitch)
        info["pitch"] = {**info["pitch"], "sha256": pitch_digest(pitch)}
    if dataset.speaker_vectors is not None:
        described = info.pop("speaker_vectors")
        chosen = dataset.speaker_vectors[list(indices)]
        write_vectors(folder, info, described["encoder"], chosen)
        return
    with atomic_write(folder / "dataset.json") as partial:
        text = json.dumps(info, ensure_ascii=False, indent=2) + "\n"
        partial.write_text(text, encoding="utf-8", newline="\n")
