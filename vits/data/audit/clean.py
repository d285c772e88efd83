"""Writing a clean copy of a prepared folder, without its faulty rows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vits.data.audit.report import AuditReport
from vits.data.prepared.atomic_write import atomic_write
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.subset import write_subset
from vits.errors import DataError

__all__ = ["check_output", "write_clean"]

REPORT = "check.json"


def check_output(folder: Path, source: Path) -> None:
    """Check that a folder is free, or holds an earlier clean copy that may be replaced.

    Raises:
        DataError: the folder is the corpus itself, a file, or has other content.
    """
    if folder.resolve() == source.resolve():
        raise DataError(f"output {folder} is the corpus itself; choose another folder")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"output {folder} is a file; choose a folder to write to")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / REPORT).is_file():
        raise DataError(
            f"output {folder} is not empty and has no {REPORT}, so it was not written by this "
            "command; choose another folder"
        )


def write_clean(dataset: PreparedDataset, report: AuditReport, folder: Path) -> int:
    """Write a prepared folder without the rows that the report excludes.

    ``dataset.json`` is removed first and written last, so a folder that has one is complete.
    Symbols and speakers keep their ids. ``rejected.jsonl`` lists every excluded row with its
    faults, ``check.json`` has all findings.

    Args:
        dataset: the examined data, all utterances of a prepared folder.
        report: audit report of the data.
        folder: output folder; see ``check_output``.

    Returns:
        The number of rows written.

    Raises:
        DataError: no row is left, or the folder cannot be used.
    """
    check_output(folder, dataset.folder)
    excluded = report.left_out
    kept = [index for index in range(len(dataset)) if index not in excluded]
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob("*.partial"):  # from a run that was killed
        leftover.unlink()
    _write(folder / REPORT, json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n")
    (folder / "dataset.json").unlink(missing_ok=True)
    _write(folder / "rejected.jsonl", "".join(_rejected(dataset, report)))
    if not kept:
        raise DataError(
            f"none of {len(dataset)} rows is left; see {folder / 'rejected.jsonl'} and exclude "
            "fewer faults"
        )
    write_subset(dataset, kept, folder)
    return len(kept)


def _rejected(dataset: PreparedDataset, report: AuditReport) -> Iterator[str]:
    """Yield the lines of ``rejected.jsonl``, in the format of `vits prepare`."""
    for index, findings in report.left_out.items():
        yield _line(
            {
                "id": dataset.names[index],
                "audio": dataset.row(index)["audio"],
                "reason": ", ".join(finding.fault.value for finding in findings),
                "detail": "; ".join(finding.reason for finding in findings),
            }
        )


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
