"""What ``vits create`` prints: one line for each stage; the commands' own output goes to files."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

__all__ = ["Progress", "clock", "logged"]


class Progress:
    """One line for each stage: rewritten on a terminal, printed when it is done elsewhere.

    Args:
        stream: where to print; None: standard output.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self._live = self.stream.isatty()
        self._width = 0

    def update(self, stage: str, text: str) -> None:
        """Show what a stage does, on a terminal."""
        if self._live:
            self._write(f"\r{self._line(stage, text)}")

    def finish(self, stage: str, text: str) -> None:
        """Print the result of a stage."""
        line = self._line(stage, text) if self._live else f"{stage:<10}{text}"
        self._write(f"{chr(13) * self._live}{line}\n")
        self._width = 0

    def _line(self, stage: str, text: str) -> str:
        """Return the line, with blanks over the rest of the one before."""
        line = f"{stage:<10}{text}"
        padded = line.ljust(self._width)
        self._width = len(line)
        return padded

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds.

    >>> clock(-1), clock(65.4), clock(4000)
    ('0:00', '1:05', '66:40')
    """
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02}"


@contextlib.contextmanager
def logged(path: Path) -> Iterator[None]:
    """Append what is printed to a file instead."""
    with (
        path.open("a", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        yield
