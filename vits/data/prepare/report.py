"""What became of a corpus: counts, lengths, reasons."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vits.data.prepare.checks import Reason
from vits.errors import DataError

__all__ = ["Report", "make_report"]

_SHOWN = 10
_SYMBOLS = 30


@dataclass(frozen=True, kw_only=True)
class Report:
    """The account of a preparation: ``kept + rejected = rows``.

    Attributes:
        rows: rows of the corpus.
        kept: rows written.
        rejected: rows left out, by reason.
        examples: the first of them: ``id``, ``audio``, ``reason``, ``detail``.
        hours: length of what was kept (h).
        seconds: shortest, median and longest of it (s); zeros where nothing was kept.
        speakers: kept rows of each speaker.
        unused_symbols: rows of the symbol table that no kept row uses.
        dropped_symbols: unknown symbols that were dropped, counted.
        compared: kept rows whose duration was compared with the rest.
    """

    rows: int
    kept: int
    rejected: dict[str, int]
    examples: list[dict[str, str]]
    hours: float
    seconds: tuple[float, float, float]
    speakers: dict[str, int]
    unused_symbols: list[str]
    dropped_symbols: dict[str, int]
    compared: int

    def __post_init__(self) -> None:
        """Check the account."""
        left_out = sum(self.rejected.values())
        if self.kept + left_out != self.rows:
            raise DataError(
                f"{self.kept} kept + {left_out} rejected must be {self.rows} rows; "
                "delete the output folder and prepare again"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of ``report.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Report":
        """Build a report from the JSON object of ``report.json``."""
        return cls(**{**values, "seconds": tuple(values["seconds"])})

    def text(self) -> str:
        """Return the report as a table for people."""
        left_out = sum(self.rejected.values())
        lines = [
            ("input", f"{self.rows} rows"),
            ("kept", f"{self.kept} rows, {_length(self.hours)}"),
            ("rejected", f"{left_out} rows"),
            *((f"  {reason}", str(count)) for reason, count in self.rejected.items()),
            ("seconds", "min {:.2f}, median {:.2f}, max {:.2f}".format(*self.seconds)),
            ("speakers", _counts(self.speakers)),
            ("never used", _symbols(self.unused_symbols)),
        ]
        if self.dropped_symbols:
            lines.append(("dropped", _counts(self.dropped_symbols)))
        if self.compared < self.kept:
            few = f"{self.kept - self.compared} rows: too few to compare, or the check is off"
            lines.append(("not compared", few))
        width = max(len(name) for name, _ in lines)
        table = [f"{name:<{width}}  {value}" for name, value in lines]
        return "\n".join([*table, *self._examples(left_out), *self._advice()])

    def _examples(self, left_out: int) -> list[str]:
        """Return the first rejected rows as lines, and the place of the others."""
        shown = self.examples[:_SHOWN]
        lines = [f"rejected {row['id']}: {row['reason']}: {row['detail']}" for row in shown]
        if left_out > len(shown):
            lines.append(f"and {left_out - len(shown)} more: see rejected.jsonl")
        return lines

    def _advice(self) -> list[str]:
        """Return what could be done about many rejected rows."""
        if Reason.UNKNOWN_SYMBOLS.value not in self.rejected:
            return []
        return ["--unknown extend gives symbols like these rows of their own in the table"]


def make_report(
    kept: Sequence[Mapping[str, Any]],
    rejected: Sequence[Mapping[str, str]],
    *,
    rows: int,
    sample_rate: int,
    symbols: Sequence[str],
    dropped: Mapping[str, int],
    compared: int,
) -> Report:
    """Count what was kept and what was left out.

    Args:
        kept: manifest lines.
        rejected: lines of ``rejected.jsonl``.
        rows: rows of the corpus.
        sample_rate: of the waves written (Hz).
        symbols: the symbol table.
        dropped: unknown symbols that were dropped, counted.
        compared: kept rows whose duration was compared with the rest.

    Raises:
        DataError: the numbers do not add up.
    """
    reasons = Counter(row["reason"] for row in rejected)
    seconds = sorted(row["samples"] / sample_rate for row in kept) or [0.0]
    used = {i for row in kept for i in row["ids"]}
    return Report(
        rows=rows,
        kept=len(kept),
        rejected={r.value: reasons[r.value] for r in Reason if reasons[r.value]},
        examples=[dict(row) for row in rejected[:_SHOWN]],
        hours=math.fsum(seconds) / 3600,
        seconds=(seconds[0], statistics.median(seconds), seconds[-1]),
        speakers=dict(sorted(Counter(row["speaker"] for row in kept).items())),
        unused_symbols=[symbol for i, symbol in enumerate(symbols) if i not in used],
        dropped_symbols=dict(sorted(dropped.items())),
        compared=compared,
    )


def _length(hours: float) -> str:
    """Return a length in the unit that suits it."""
    return f"{hours:.2f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"


def _counts(counts: Mapping[str, int]) -> str:
    """Return the largest counts, and how many names there are."""
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name or '(unnamed)'} {count}" for name, count in top[:_SHOWN])
    return f"{len(counts)}: {listed}{', …' if len(counts) > _SHOWN else ''}"


def _symbols(symbols: Sequence[str]) -> str:
    """Return symbols side by side, and how many they are."""
    shown = " ".join(s if s.isalnum() or s.isascii() else ascii(s) for s in symbols[:_SYMBOLS])
    return f"{len(symbols)} symbols: {shown}{' …' if len(symbols) > _SYMBOLS else ''}"
