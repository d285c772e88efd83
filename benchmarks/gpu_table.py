"""Tables in Markdown of what ``gpu.sh`` has measured.

    python benchmarks/gpu_table.py FOLDER

It reads the JSON files of the folder, writes ``table.md`` there and prints it. What was not
measured is left out.
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["tables"]

Row = tuple[Any, ...]


def tables(folder: Path) -> Iterator[str]:
    """Yield a table for each kind of file in a folder that has any."""
    kinds = {
        "training-*.json": ("batch", "engine", "s per step", "speed-up", "GiB"),
        "profile-*.json": (
            "precision",
            "compile",
            "s per step",
            "launches",
            "waits",
            "busy",
            "GiB",
        ),
        "alignment.json": ("block", "shape", "variant", "ms", "speed-up"),
        "discriminators.json": ("layout, passes", "ms", "speed-up"),
        "parallel.json": ("strategy", "s per step", "GiB"),
    }
    for pattern, header in kinds.items():
        found = [json.loads(path.read_text()) for path in sorted(folder.glob(pattern))]
        rows = [row for content in found for row in ROWS[pattern](content)]
        if rows:
            lines = [header, ("---",) * len(header), *rows]
            yield "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _training(content: Any) -> Iterator[Row]:
    for x in content["engines"]:
        yield (
            content["settings"]["batch"],
            *(x[k] for k in ("engine", "seconds_per_step", "speedup", "peak_gib")),
        )


def _profile(content: Any) -> Iterator[Row]:
    settings = content["settings"]
    names = ("seconds_per_step", "launches", "waits", "gpu_busy", "peak_gib")
    yield settings["precision"], settings["compile"], *(content[name] for name in names)


def _alignment(content: Any) -> Iterator[Row]:
    for block, shapes in content.items():
        for shape, variants in shapes.items():
            for name, x in variants.items():
                yield block, shape, name, x["ms"], x["ratio"]


def _discriminators(content: Any) -> Iterator[Row]:
    for x in content:
        yield x["variant"], x["ms"], x["speedup"]


def _parallel(content: Any) -> Iterator[Row]:
    for name in content[0]:
        columns = ([x[name][key] for x in content] for key in ("step_s", "peak_gib"))
        yield name, *map(statistics.median, columns)


ROWS = {
    "training-*.json": _training,
    "profile-*.json": _profile,
    "alignment.json": _alignment,
    "discriminators.json": _discriminators,
    "parallel.json": _parallel,
}


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def main() -> int:
    """Write and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of gpu.sh")
    folder = parser.parse_args().folder
    text = "\n\n".join(tables(folder)) + "\n"
    (folder / "table.md").write_text(text)
    print(text, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
