"""Journal of a creation: which stages are done, with which inputs, and the time spent."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from vits.errors import DataError

__all__ = ["Journal", "digest", "listing"]

FORMAT = 1


class Journal:
    """A small JSON file that is replaced as a whole, so a kill leaves the old one or the new one.

    Args:
        path: the file; its folder exists.

    Raises:
        DataError: the file exists and is not a journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._values: dict[str, Any] = {"format": FORMAT, "seconds": 0.0, "stages": {}}
        self._last = time.monotonic()
        if not path.exists():
            return
        try:
            values = json.loads(path.read_bytes())
            known = values["format"] == FORMAT and isinstance(values["stages"], dict)
            values["seconds"] = float(values["seconds"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} is not a journal of vits create ({error}); remove it to begin anew"
            ) from error
        if not known:
            raise DataError(f"{path} has format {values['format']}, not {FORMAT}; remove it")
        self._values = values

    @property
    def seconds(self) -> float:
        """The time spent so far, over all starts (s)."""
        return self._values["seconds"] + time.monotonic() - self._last

    def facts(self, stage: str, key: str | None = None) -> dict[str, Any] | None:
        """Return the results of a finished stage; None if it is not done with these inputs.

        Args:
            stage: its name.
            key: digest of its inputs; None: with whatever inputs.
        """
        done = self._values["stages"].get(stage)
        return done["facts"] if done and key in (None, done["key"]) else None

    def finish(self, stage: str, key: str, facts: dict[str, Any]) -> None:
        """Write that a stage is done, with its inputs and its results as JSON values."""
        self._values["stages"][stage] = {"key": key, "facts": facts}
        self.save()

    def save(self) -> None:
        """Write the file with the time spent."""
        from vits.data.prepared.atomic_write import atomic_write

        self._values["seconds"], self._last = self.seconds, time.monotonic()
        with atomic_write(self.path) as partial:
            text = json.dumps(self._values, ensure_ascii=False, indent=1) + "\n"
            partial.write_text(text, encoding="utf-8", newline="\n")


def digest(*parts: Any) -> str:
    """Return the SHA-256 of JSON values.

    >>> digest("a", 1) == digest("a", 1) != digest("a", 2)
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def listing(path: Path) -> list[list[Any]]:
    """Return name, size and time of every file below a path, to notice that one has changed."""
    files = sorted(entry for entry in path.rglob("*") if entry.is_file()) or [path]
    stats = [(str(entry.relative_to(path)), entry.stat()) for entry in files]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
