"""Audit report of a corpus, as text and as JSON."""

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
    """Use of the symbol table by the corpus.

    Attributes:
        symbols: number of symbols in the table.
        unused: symbols that never occur.
        rare: counts of symbols that occur fewer than 10 times.
    """

    symbols: int
    unused: list[str]
    rare: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """All findings about a corpus.

    Attributes:
        rows: number of rows examined.
        findings: findings sorted by row, then by fault.
        measured: 5th, 50th and 95th percentile of each measurement; the name includes the unit.
        coverage: use of the symbol table.
        notes: checks that were not possible, with the reason.
    """

    rows: int
    findings: list[Finding]
    measured: dict[str, tuple[float, float, float]]
    coverage: Coverage
    notes: list[str]

    @property
    def left_out(self) -> dict[int, list[Finding]]:
        """Rows to exclude, each with the findings that exclude it."""
        rows: dict[int, list[Finding]] = {}
        for finding in self.findings:
            if finding.left_out:
                rows.setdefault(finding.row, []).append(finding)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the report as the JSON object of ``check.json``."""
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
        """Return the report as plain-text tables."""
        left_out = self.left_out
        lines = [
            f"rows      {self.rows}",
            f"kept      {self.rows - len(left_out)}",
            f"left out  {len(left_out)}",
            "",
            f"{'fault':<16}{'rows':>6}  action",
        ]
        for name, count in self._counts().items():
            action = "left out" if count["left_out"] else "reported only"
            lines.append(f"{name:<16}{count['rows']:>6}  {action}")
        lines += ["", f"{'measured':<34}{'5 %':>8}{'median':>8}{'95 %':>8}"]
        for name, values in self.measured.items():
            lines.append(f"{name:<34}" + "".join(f"{value:8.2f}" for value in values))
        lines += ["", *self._symbols(), *(f"note: {note}" for note in self.notes)]
        shown = list(left_out.values())[:_SHOWN]
        lines += [f"left out {row[0].id}: {_reasons(row)}" for row in shown]
        if len(left_out) > len(shown):
            lines.append(f"and {len(left_out) - len(shown)} more, see the JSON report")
        return "\n".join(lines)

    def _counts(self) -> dict[str, dict[str, int]]:
        """Count the rows with each fault, and the rows excluded because of it."""
        rows = Counter(finding.fault for finding in self.findings)
        excluded = Counter(finding.fault for finding in self.findings if finding.left_out)
        return {f.value: {"rows": rows[f], "left_out": excluded[f]} for f in Fault if rows[f]}

    def _symbols(self) -> list[str]:
        """Return lines about unused and rare symbols."""
        unused, rare = self.coverage.unused, self.coverage.rare
        lines = [f"{len(unused)} of {self.coverage.symbols} symbols never occur"]
        if rare:
            least = sorted(rare.items(), key=lambda item: (item[1], item[0]))[:_SYMBOLS]
            listed = ", ".join(f"{symbol!r} {count}" for symbol, count in least)
            lines.append(f"fewer than 10 occurrences: {listed}")
        return lines


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the 5th, 50th and 95th percentile of the finite values; zeros if there are none."""
    finite = [value for value in values if np.isfinite(value)] or [0.0]
    low, middle, high = np.percentile(finite, (5, 50, 95))
    return float(low), float(middle), float(high)


def _reasons(findings: Sequence[Finding]) -> str:
    """Return the faults of a row and their reasons as one line."""
    return "; ".join(f"{finding.fault.value}: {finding.reason}" for finding in findings)
