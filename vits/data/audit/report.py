"""What is wrong with a corpus, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vits.data.audit.findings import Finding
from vits.data.audit.options import Fault

__all__ = ["AuditReport", "Coverage", "quantiles"]

_SHOWN = 20
_SYMBOLS = 30


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the symbol table is said.

    Attributes:
        symbols: rows of the table.
        unused: symbols that no row has.
        rare: symbols said fewer than 10 times, with their number.
    """

    symbols: int
    unused: list[str]
    rare: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """All findings of a corpus.

    Attributes:
        rows: rows examined.
        findings: sorted by row, then by fault.
        measured: 5th, 50th and 95th percentile of each measurement; its name has the unit.
        coverage: of the symbol table.
        notes: what could not be checked, and why.
    """

    rows: int
    findings: list[Finding]
    measured: dict[str, tuple[float, float, float]]
    coverage: Coverage
    notes: list[str]

    @property
    def left_out(self) -> dict[int, list[Finding]]:
        """Rows to leave out, each with the findings that cost it its place."""
        rows: dict[int, list[Finding]] = {}
        for finding in self.findings:
            if finding.left_out:
                rows.setdefault(finding.row, []).append(finding)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of ``check.json``."""
        left_out = self.left_out
        return {
            "rows": self.rows,
            "kept": self.rows - len(left_out),
            "left_out": len(left_out),
            "faults": self._counts(),
            "measured": {name: list(values) for name, values in self.measured.items()},
            "symbols": vars(self.coverage),
            "notes": self.notes,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def text(self) -> str:
        """Return the findings as tables for people."""
        left_out = self.left_out
        lines = [
            f"rows      {self.rows}",
            f"kept      {self.rows - len(left_out)}",
            f"left out  {len(left_out)}",
            "",
            f"{'fault':<16}{'rows':>6}  what becomes of them",
        ]
        for name, count in self._counts().items():
            fate = "left out" if count["left_out"] else "named only"
            lines.append(f"{name:<16}{count['rows']:>6}  {fate}")
        lines += ["", f"{'measured':<34}{'5 %':>8}{'median':>8}{'95 %':>8}"]
        for name, values in self.measured.items():
            lines.append(f"{name:<34}" + "".join(f"{value:8.2f}" for value in values))
        lines += ["", *self._symbols(), *(f"note: {note}" for note in self.notes)]
        shown = list(left_out.values())[:_SHOWN]
        lines += [f"left out {row[0].id}: {_reasons(row)}" for row in shown]
        if len(left_out) > len(shown):
            lines.append(f"and {len(left_out) - len(shown)} more: see the report")
        return "\n".join(lines)

    def _counts(self) -> dict[str, dict[str, int]]:
        """Count the rows of each fault, and those left out for it."""
        rows = Counter(finding.fault for finding in self.findings)
        gone = Counter(finding.fault for finding in self.findings if finding.left_out)
        return {f.value: {"rows": rows[f], "left_out": gone[f]} for f in Fault if rows[f]}

    def _symbols(self) -> list[str]:
        """Say which symbols are never or rarely said."""
        unused, rare = self.coverage.unused, self.coverage.rare
        lines = [f"{len(unused)} of {self.coverage.symbols} symbols are never said"]
        if rare:
            least = sorted(rare.items(), key=lambda item: (item[1], item[0]))[:_SYMBOLS]
            listed = ", ".join(f"{symbol!r} {count}" for symbol, count in least)
            lines.append(f"said fewer than 10 times: {listed}")
        return lines


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the 5th, 50th and 95th percentile of the finite ones among at least one value."""
    finite = [value for value in values if np.isfinite(value)] or [0.0]
    low, middle, high = np.percentile(finite, (5, 50, 95))
    return float(low), float(middle), float(high)


def _reasons(findings: Sequence[Finding]) -> str:
    """Join the reasons of a row."""
    return "; ".join(f"{finding.fault.value}: {finding.reason}" for finding in findings)
