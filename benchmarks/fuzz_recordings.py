"""Mutated recordings: does any of them end a preparation, or vanish from its report?

    python benchmarks/fuzz_recordings.py --files 2000 --json fuzz.json

One second of speech-like sound is written as WAV, FLAC, OGG and MP3. Every file is one of these
with some bits flipped, a part cut, repeated, zeroed or replaced, its numbers set to extremes,
or another file's ending. All of them are prepared together as a corpus. Faults: an exception, a row
that is neither kept nor rejected, a rejected row without a reason of one line, more than a gigabyte
of memory, or more than ten seconds for a file.
"""

import argparse
import io
import json
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from vits.config import AudioConfig, FrontendConfig
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pipeline import prepare
from vits.data.prepared.manifest import Row
from vits.text import Frontend, SymbolTable

RATE = 16_000
KINDS = {
    "wav": ("WAV", "PCM_16"),
    "24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEADER = 64
SECONDS_PER_FILE, MEMORY = 10.0, 1 << 30


def originals() -> dict[str, bytes]:
    """Return the recordings by their ending."""
    time_s = np.arange(RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.01, RATE)
    wave = 0.3 * np.sin(2 * np.pi * 150 * time_s) * (1 + np.sin(2 * np.pi * 4 * time_s)) / 2 + noise
    files = {}
    for kind, (container, subtype) in KINDS.items():
        buffer = io.BytesIO()
        soundfile.write(buffer, wave, RATE, subtype, format=container)
        files[kind] = buffer.getvalue()
    return files


def mutate(rng: random.Random, data: bytes, other: bytes) -> tuple[str, bytes]:
    """Return a mutation of a file, and its name."""
    changed = bytearray(data)
    kind = rng.choice(("bits", "header", "number", "cut", "head", "zeros", "repeat", "mix", "tail"))
    start = rng.randrange(len(data))
    length = rng.randint(1, len(data) // 4)
    if kind == "bits":
        for _ in range(rng.randint(1, 30)):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    elif kind == "header":
        for _ in range(rng.randint(1, 8)):
            changed[rng.randrange(HEADER)] = rng.randrange(256)
    elif kind == "number":
        form = rng.choice(("<I", ">I"))
        struct.pack_into(form, changed, rng.randrange(HEADER), rng.choice(EXTREMES))
    elif kind == "cut":
        del changed[start:]
    elif kind == "head":
        del changed[: min(start, 4096)]
    elif kind == "zeros":
        changed[start : start + length] = bytes(len(changed[start : start + length]))
    elif kind == "repeat":
        changed[start:start] = changed[start : start + length]
    elif kind == "mix":
        changed[start : start + length] = other[start : start + length]
    else:
        changed += rng.randbytes(length)
    return kind, bytes(changed)


def fuzz(folder: Path, n_files: int, seed: int) -> tuple[dict[str, Any], list[str]]:
    """Prepare mutated recordings in a folder; return the figures, and one line for each fault."""
    rng, files = random.Random(seed), originals()
    rows, kinds = [], Counter[str]()
    for number in range(n_files):
        ending = rng.choice(list(files))
        kind, data = mutate(rng, files[ending], files[rng.choice(list(files))])
        shown = rng.choice(list(files)) if rng.random() < 0.05 else ending
        path = folder / f"{number}.{kind}.{shown}"
        path.write_bytes(data)
        kinds[kind] += 1
        rows.append(Row(id=str(number), audio=str(path), text="a word"))
    audio = AudioConfig(sample_rate=8000, n_fft=256, win_length=256, hop_length=64, n_mels=20)
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable.from_texts(["a word"]))
    started, faults = time.monotonic(), list[str]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the decoders said about files that are kept
        try:
            config = PrepareConfig(audio=audio)
            report = prepare(rows, folder / "prepared", config, frontend, workers=1).report
        except Exception as error:  # the fault to find
            return {"files": n_files, "kinds": dict(kinds)}, [f"{type(error).__name__}: {error}"]
    seconds = time.monotonic() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert report is not None
    lines = (folder / "prepared" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    rejected = [json.loads(line) for line in lines]
    for row in rejected:
        if not row["reason"] or not row["detail"] or "\n" in row["detail"]:
            faults.append(f"{row['audio']}: no reason of one line: {row}")
    names = {row["id"] for row in rejected}
    if len(names) != len(rejected) or report.kept + len(rejected) != n_files:
        faults.append(f"{report.kept} kept and {len(rejected)} rejected of {n_files}")
    if grown > MEMORY:
        faults.append(f"{grown >> 20} MiB of memory")
    if seconds > SECONDS_PER_FILE * n_files:
        faults.append(f"{seconds:.0f} s")
    return {
        "files": n_files,
        "kept": report.kept,
        "rejected": len(rejected),
        "reasons": dict(Counter(row["reason"] for row in rejected)),
        "kinds": dict(kinds),
        "seconds": seconds,
        "memory_mib": grown >> 20,
    }, faults


def main() -> int:
    """Print the figures and the faults; return 1 if there are faults."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures, faults = fuzz(Path(folder), args.files, args.seed)
    for line in faults[:50]:
        print(line)
    print(json.dumps(figures))
    if args.json:
        args.json.write_text(json.dumps({**figures, "faults": faults}, indent=2) + "\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
