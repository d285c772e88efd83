"""Reading and checking the description and the index of a prepared folder."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vits.config import AudioConfig, from_dict
from vits.config.json_file import load_json_object
from vits.errors import ConfigError, DataError, MissingFileError, brief

__all__ = [
    "FORMAT",
    "PCM16",
    "PITCH",
    "Contents",
    "Index",
    "audio_config",
    "check_size",
    "read_contents",
    "read_info",
]

FORMAT = 1
"""Format version of prepared folders that this library reads."""

PCM16 = np.dtype("<i2")
"""Data type of ``audio.i16``: 16 bits, little endian."""

PITCH = "pitch.i16"
"""Name of the file with the pitch of every frame."""

_REMEDY = "make it with `vits prepare`"


class Index(NamedTuple):
    """Location of every utterance: arrays (N,) int64, which workers share without copying.

    Attributes:
        line: byte offset of the utterance's line in the manifest.
        offset: first sample in ``audio.i16``.
        samples: number of samples.
        first_id: index of its first symbol in the concatenated symbols.
        n_ids: number of symbols.
        speaker: speaker id.
        language: language id; 0 for data of one language.
        first_frame: index of its first frame in ``pitch.i16``.
    """

    line: np.ndarray
    offset: np.ndarray
    samples: np.ndarray
    first_id: np.ndarray
    n_ids: np.ndarray
    speaker: np.ndarray
    language: np.ndarray
    first_frame: np.ndarray


class Contents(NamedTuple):
    """Parsed content of ``manifest.jsonl``.

    Attributes:
        names: names of the utterances.
        ids: concatenated symbol ids of all utterances, int32.
        durations: frames of each of these symbols, int32; None without durations.
        entries: location of every utterance.
    """

    names: list[str]
    ids: np.ndarray
    durations: np.ndarray | None
    entries: Index


def read_info(folder: Path) -> dict[str, Any]:
    """Read and check ``dataset.json``.

    Raises:
        MissingFileError: the folder does not exist.
        DataError: the folder has no valid ``dataset.json`` of this format.
    """
    if not folder.is_dir():
        raise MissingFileError(f"{folder} is not a folder; {_REMEDY}")
    path = folder / "dataset.json"
    if not path.is_file():
        raise DataError(f"{folder} is not prepared data: it has no dataset.json; {_REMEDY}")
    try:
        info = load_json_object(path)
    except ConfigError as error:
        raise DataError(f"{error}; {_REMEDY} again") from error
    version = info.get("format")
    if version != FORMAT:
        raise DataError(
            f"{path} has format {brief(version)}, this version reads {FORMAT}; {_REMEDY}"
        )
    kinds = {"audio": dict, "frontend": dict, "speakers": list, "utterances": int}
    wrong = [key for key, kind in kinds.items() if not isinstance(info.get(key), kind)]
    if wrong or not isinstance(info["frontend"].get("symbols"), list):
        wrong = wrong or ["frontend.symbols"]
        raise DataError(f"{path} lacks a valid {', '.join(wrong)}; {_REMEDY} again")
    return info


def audio_config(info: dict[str, Any], folder: Path) -> AudioConfig:
    """Build the audio configuration from ``dataset.json``.

    Raises:
        DataError: a value is invalid for ``AudioConfig``.
    """
    try:
        return from_dict(AudioConfig, info["audio"], "audio")
    except ConfigError as error:
        raise DataError(f"{folder / 'dataset.json'}: {error}") from error


def read_contents(folder: Path, info: dict[str, Any], hop_length: int) -> Contents:
    """Read and check ``manifest.jsonl``.

    Raises:
        MissingFileError: the manifest does not exist.
        DataError: a row is invalid, or the number of rows differs from ``dataset.json``.
    """
    path = folder / "manifest.jsonl"
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; {_REMEDY} again")
    speakers = {name: i for i, name in enumerate(info["speakers"])} or {"": 0}
    n_symbols, languages = len(info["frontend"]["symbols"]), _languages(info, folder)
    names, ids, entries, position = dict[str, None](), list[np.ndarray](), list[list[int]](), 0
    durations = list[np.ndarray]()
    total_ids = total_frames = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            row = _checked_row(line, n_symbols, speakers, f"{path} line {number}")
            if row["id"] in names:
                raise DataError(f"{path} line {number}: id {brief(row['id'])} is a duplicate")
            names[row["id"]] = None
            ids.append(np.asarray(row["ids"], dtype=np.int32))
            if "durations" in row:
                durations.append(_durations(row, hop_length, f"{path} line {number}"))
            speaker, language = speakers[row["speaker"]], 0
            if languages:
                language = _language(row, languages, f"{path} line {number}")
            location = [position, row["offset"], row["samples"], total_ids, len(row["ids"])]
            entries.append([*location, speaker, language, total_frames])
            total_ids += len(row["ids"])
            total_frames += row["samples"] // hop_length
            position += len(line)
    if not names or len(names) != info["utterances"]:
        raise DataError(
            f"{path} has {len(names)} utterances, dataset.json says {info['utterances']}; they "
            f"must agree and be at least 1; {_REMEDY} again"
        )
    if len(durations) not in (0, len(names)):
        raise DataError(
            f"{path} has durations in {len(durations)} of {len(names)} rows, must be all or none; "
            "add them with `vits align`"
        )
    return Contents(
        list(names),
        np.concatenate(ids),
        np.concatenate(durations) if durations else None,
        Index(*np.array(entries, dtype=np.int64).T.copy()),
    )


def _checked_row(line: bytes, n_symbols: int, speakers: dict[str, int], where: str) -> dict:
    """Parse one manifest line and check the values that the dataset uses."""
    try:
        row = json.loads(line)
        name, ids, speaker = row["id"], row["ids"], row["speaker"]
        samples, offset = row["samples"], row["offset"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where} is not a manifest row ({error!r}); {_REMEDY} again") from error
    if not (isinstance(name, str) and isinstance(ids, list) and ids):
        raise DataError(f"{where} must have a name and at least one symbol; {_REMEDY} again")
    if not all(type(i) is int and 0 <= i < n_symbols for i in ids):
        raise DataError(f"{where} has ids outside the {n_symbols} symbols; {_REMEDY} again")
    if not (type(samples) is int and type(offset) is int and samples > 0 and offset >= 0):
        raise DataError(
            f"{where} has {brief(samples)} samples at {brief(offset)}, both must be "
            f"integers, the first positive; {_REMEDY} again"
        )
    if not isinstance(speaker, str) or speaker not in speakers:
        raise DataError(
            f"{where} has speaker {brief(speaker)}, not in dataset.json; {_REMEDY} again"
        )
    return row


def _durations(row: dict[str, Any], hop_length: int, where: str) -> np.ndarray:
    """Return the durations of a row; check that their sum is the number of frames of its wave."""
    values, frames = row["durations"], row["samples"] // hop_length
    if not isinstance(values, list) or not all(type(n) is int and n > 0 for n in values):
        raise DataError(
            f"{where} has durations that are not positive integers; add them with `vits align`"
        )
    if len(values) != len(row["ids"]) or sum(values) != frames:
        raise DataError(
            f"{where} has {len(values)} durations of {sum(values)} frames for {len(row['ids'])} "
            f"symbols and {frames} frames of {hop_length} samples; add them with `vits align`"
        )
    return np.asarray(values, dtype=np.int32)


def _languages(info: dict[str, Any], folder: Path) -> list[str]:
    """Return the language names of ``dataset.json``, by language id."""
    config = info["frontend"].get("config")
    found = config.get("languages", []) if isinstance(config, dict) else []
    pairs = isinstance(found, list) and all(isinstance(p, list) and len(p) == 2 for p in found)
    if not pairs:
        raise DataError(f"{folder / 'dataset.json'} has no valid languages; {_REMEDY} again")
    return [name for name, _ in found]


def _language(row: dict[str, Any], languages: list[str], where: str) -> int:
    """Return the language id of a row."""
    name = row.get("language")
    if name not in languages:
        raise DataError(f"{where} has language {brief(name)}, not in dataset.json; {_REMEDY} again")
    return languages.index(name)


def check_size(folder: Path, index: Index) -> None:
    """Check that ``audio.i16`` has exactly the size that the manifest requires.

    Raises:
        MissingFileError: the file does not exist.
        DataError: the file has a different size.
    """
    path = folder / "audio.i16"
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; {_REMEDY} again")
    expected = int((index.offset + index.samples).max()) * PCM16.itemsize
    actual = path.stat().st_size
    if actual != expected:
        raise DataError(
            f"{path} has {actual} bytes, its manifest needs {expected}; {_REMEDY} again"
        )
