"""Report on a preparation: kept and rejected rows, durations, speakers and symbols."""

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
    """Report on a preparation; ``kept + rejected = rows``.

    Attributes:
        rows: number of rows of the corpus.
        kept: number of rows written.
        rejected: number of rejected rows by reason.
        examples: the first rejected rows: ``id``, ``audio``, ``reason``, ``detail``.
        hours: total duration of the kept rows (h).
        seconds: shortest, median and longest duration of the kept rows (s); zeros if none.
        speakers: number of kept rows by speaker.
        unused_symbols: symbols of the table that no kept row uses.
        dropped_symbols: counts of unknown symbols that were dropped.
        compared: number of rows whose duration was compared with the median.
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
        """Check that the counts add up."""
        left_out = sum(self.rejected.values())
        if self.kept + left_out != self.rows:
            raise DataError(
                f"{self.kept} kept and {left_out} rejected rows must add up to {self.rows}; "
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
        """Return the report as a plain-text table."""
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
            few = f"{self.kept - self.compared} rows: too few for a median, or the check is off"
            lines.append(("not compared", few))
        width = max(len(name) for name, _ in lines)
        table = [f"{name:<{width}}  {value}" for name, value in lines]
        return "\n".join([*table, *self._examples(left_out), *self._advice()])

    def _examples(self, left_out: int) -> list[str]:
        """Return lines for the first rejected rows, and where to find the others."""
        shown = self.examples[:_SHOWN]
        lines = [f"rejected {row['id']}: {row['reason']}: {row['detail']}" for row in shown]
        if left_out > len(shown):
            lines.append(f"and {left_out - len(shown)} more, see rejected.jsonl")
        return lines

    def _advice(self) -> list[str]:
        """Return advice on rejected rows."""
        if Reason.UNKNOWN_SYMBOLS.value not in self.rejected:
            return []
        return ["--unknown extend adds unknown symbols to the symbol table"]


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
    """Build the report from the kept and rejected rows.

    Args:
        kept: manifest lines.
        rejected: lines of ``rejected.jsonl``.
        rows: number of rows of the corpus.
        sample_rate: sample rate of the written waves (Hz).
        symbols: the symbol table.
        dropped: counts of unknown symbols that were dropped.
        compared: number of rows whose duration was compared with the median.

    Raises:
        DataError: the counts do not add up.
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
    """Return a duration in hours or minutes."""
    return f"{hours:.2f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"


def _counts(counts: Mapping[str, int]) -> str:
    """Return the number of names and the largest counts."""
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name or '(unnamed)'} {count}" for name, count in top[:_SHOWN])
    return f"{len(counts)}: {listed}{', …' if len(counts) > _SHOWN else ''}"


def _symbols(symbols: Sequence[str]) -> str:
    """Return the number of symbols and the first of them."""
    shown = " ".join(s if s.isalnum() or s.isascii() else ascii(s) for s in symbols[:_SYMBOLS])
    return f"{len(symbols)} symbols: {shown}{' …' if len(symbols) > _SYMBOLS else ''}"
