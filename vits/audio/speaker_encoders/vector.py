"""The vector of a speaker, and the file it is stored in."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from vits.config.json_file import load_json_object
from vits.errors import ConfigError, MissingFileError, VoiceError, brief, name_file

__all__ = ["SUFFIX", "SpeakerVector", "average"]

SUFFIX = ".speaker"
FORMAT = 1
KEYS = {"format", "encoder", "recordings", "values"}
LONGEST = 4096  # values


@dataclass(frozen=True, kw_only=True)
class SpeakerVector:
    """The embedding of a speaker that a speaker encoder computed from recordings.

    Attributes:
        encoder: name of the encoder.
        values: the vector, of length 1.
        recordings: names of the recordings that it was made from.
    """

    encoder: str
    values: tuple[float, ...]
    recordings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 < len(self.values) <= LONGEST or not all(map(math.isfinite, self.values)):
            raise VoiceError(
                f"a speaker vector of {len(self.values)} values must have 1 to {LONGEST} finite "
                "ones; make it again from recordings"
            )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the vector to a file, JSON of about 5 kB.

        Raises:
            VoiceError: the name does not end with ``.speaker``.
        """
        path = Path(path)
        if path.suffix != SUFFIX:
            raise VoiceError(f"speaker file {path} must end with {SUFFIX}")
        content = {
            "format": FORMAT,
            "encoder": self.encoder,
            "recordings": list(self.recordings),
            "values": list(self.values),
        }
        with name_file(path):
            path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "SpeakerVector":
        """Read a file of ``write``.

        Raises:
            MissingFileError: there is no such file.
            VoiceError: it is no file of ``write``.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingFileError(f"speaker file {path} does not exist; check the path")
        try:
            found = load_json_object(path)
        except (ConfigError, OSError) as error:
            raise VoiceError(f"speaker file {path} cannot be read: {error}") from error
        if found.keys() != KEYS or found["format"] != FORMAT:
            raise VoiceError(
                f"speaker file {path} must have exactly {', '.join(sorted(KEYS))}, with format "
                f"{FORMAT}; make it again from recordings"
            )
        values = _list_of(path, found, "values", (int, float))
        recordings = _list_of(path, found, "recordings", (str,))
        encoder = found["encoder"]
        if not isinstance(encoder, str):
            raise VoiceError(f"speaker file {path}: encoder {brief(encoder)} must be a name")
        numbers = tuple(float(value) for value in values)
        return cls(encoder=encoder, values=numbers, recordings=tuple(recordings))


def average(vectors: Sequence[SpeakerVector]) -> SpeakerVector:
    """Return the direction of the mean of vectors of one encoder, at least one.

    Raises:
        VoiceError: there is none, they are of different encoders, or they cancel out.
    """
    names = sorted({vector.encoder for vector in vectors})
    if len(names) != 1:
        raise VoiceError(
            f"{len(vectors)} speaker vectors must be one or more of one encoder, not of "
            f"{', '.join(names) or 'none'}"
        )
    if len(vectors) == 1:
        return vectors[0]
    import numpy as np  # late: `vits say --help` must not load it

    mean = np.mean([vector.values for vector in vectors], axis=0)
    length = float(np.linalg.norm(mean))
    if not length > 0:
        raise VoiceError("the speaker vectors cancel out; take recordings of one speaker")
    return SpeakerVector(
        encoder=names[0],
        values=tuple((mean / length).tolist()),
        recordings=tuple(name for vector in vectors for name in vector.recordings),
    )


def _list_of(path: Path, found: dict[str, Any], key: str, kinds: tuple[type, ...]) -> list[Any]:
    values = found[key]
    if not isinstance(values, list) or not all(
        isinstance(value, kinds) and not isinstance(value, bool)
        for value in cast(list[object], values)
    ):
        raise VoiceError(f"speaker file {path}: {key} must be a list of {kinds[-1].__name__}")
    return cast(list[Any], values)
