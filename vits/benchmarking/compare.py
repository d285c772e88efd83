"""How fast voices speak, side by side: each in a process of its own, in turns."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vits.errors import VoiceError
from vits.synthesis.bundle.onnx_bundle import is_onnx_voice

__all__ = ["TEXTS", "Figures", "benchmark"]

_SENTENCE = "The rain had stopped before the morning, and the streets were quiet and clean."
TEXTS = {
    "short": "Good morning.",
    "medium": _SENTENCE,
    "long": f"{_SENTENCE} A dog ran over the bridge, and nobody called it back. "
    "She opened the window, listened for a while, and then went on with her letter.",
}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured of one voice with one text and one number of threads; medians of rounds.

    Attributes:
        voice: its folder.
        precision: that was chosen, as in ``load``; of an exported voice ``graph``.
        snr: of the samples against those of the same voice's first precision (decibels); None where
            there is no other, or where they are the very same.
        threads: that computed.
        text: a key of ``TEXTS``.
        rounds: how often it was spoken.
        seconds: length of what was spoken.
        factor: real-time factor: time on the clock over ``seconds``.
        cpu_factor: the same with the processor's time.
        ratio: time on the clock over that of the first voice in the same round.
        cpu_ratio: the same with the processor's time.
        first_chunk: time to the first chunk of a stream (seconds).
        peak_bytes: most memory of the process up to here; 0 where the system does not tell.
        load_seconds: from the start of the process until the voice is loaded.
        load_cpu_seconds: the same in the processor's time.
        start_cpu_seconds: from the start of the process to the first wave, in the processor's time.
        parts: where the time went (seconds), once, by the names in ``measuring.PARTS``.
    """

    voice: str
    precision: str
    snr: float | None
    threads: int
    text: str
    rounds: int
    seconds: float
    factor: float
    cpu_factor: float
    ratio: float
    cpu_ratio: float
    first_chunk: float
    peak_bytes: int
    load_seconds: float
    load_cpu_seconds: float
    start_cpu_seconds: float
    parts: dict[str, float]


def benchmark(
    voices: Sequence[Path],
    threads: Sequence[int],
    texts: Sequence[str],
    rounds: int = 5,
    precisions: Sequence[str] = ("fp32",),
) -> list[Figures]:
    """Measure voices, the same text in turns, after one round that warms up.

    Args:
        voices: voice folders and exported ones.
        threads: numbers of threads.
        texts: keys of ``TEXTS``.
        rounds: how often each text is spoken.
        precisions: in which each voice folder is measured; an exported one has its own.

    Raises:
        VoiceError: a voice cannot be loaded or cannot say the text.
    """
    found: list[Figures] = []
    for count in threads:
        with ExitStack() as running:
            workers = [
                running.enter_context(closing(_Worker(voice, count, precision)))
                for voice in voices
                for precision in (["fp32"] if is_onnx_voice(voice) else precisions)
            ]
            for worker in workers:
                worker.load()
            measured = [_measure(workers, text, rounds) for text in texts]
            # last, because telling the parts takes memory of its own
            for row, worker in (
                (r, w) for rows in measured for r, w in zip(rows, workers, strict=True)
            ):
                parts = worker.ask({"text": TEXTS[row.text], "parts": True})["parts"]
                snr = _to_noise(_first_of(workers, worker), worker, TEXTS[row.text])
                found.append(replace(row, parts=parts, snr=snr))
    return found


def _first_of(workers: Sequence["_Worker"], worker: "_Worker") -> "_Worker":
    """Return the worker with the same voice's first precision."""
    return next(other for other in workers if other.voice == worker.voice)


def _to_noise(first: "_Worker", worker: "_Worker", text: str) -> float | None:
    """Compare what two workers say (decibels)."""
    if worker is first:
        return None
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("first.npy", "other.npy")]
        for asked, path in zip((first, worker), paths, strict=True):
            asked.ask({"text": text, "samples": str(path)})
        expected, given = (np.load(path) for path in paths)
    if len(given) != len(expected):
        raise VoiceError(
            f"{worker.voice} gave {len(given)} samples in {worker.precision}, but {len(expected)} "
            f"in {first.precision}"
        )
    noise = float(np.square(expected - given).sum())
    return float(10 * np.log10(np.square(expected).sum() / noise)) if noise else None


def _measure(workers: Sequence["_Worker"], text: str, rounds: int) -> list[Figures]:
    """Speak a text with every worker in turns."""
    for worker in workers:
        answer = worker.ask({"text": TEXTS[text]})
        worker.start_cpu = worker.start_cpu or answer["since_start"]
    taken: list[list[dict[str, float]]] = [[] for _ in workers]
    for _ in range(rounds):
        for answers, worker in zip(taken, workers, strict=True):
            answers.append(worker.ask({"text": TEXTS[text]}))
    found: list[Figures] = []
    for answers, worker in zip(taken, workers, strict=True):

        def middle(key: str, rows: list[dict[str, float]] = answers) -> float:
            return median(row[key] for row in rows)

        def against_first(key: str, rows: list[dict[str, float]] = answers) -> float:
            return median(row[key] / other[key] for row, other in zip(rows, taken[0], strict=True))

        seconds = middle("seconds")
        figures = Figures(
            voice=str(worker.voice),
            precision=worker.precision,
            snr=None,
            threads=worker.threads,
            text=text,
            rounds=rounds,
            seconds=seconds,
            factor=middle("wall") / seconds,
            cpu_factor=middle("cpu") / seconds,
            ratio=against_first("wall"),
            cpu_ratio=against_first("cpu"),
            first_chunk=middle("first_chunk"),
            peak_bytes=int(answers[-1]["peak"]),
            load_seconds=worker.load_seconds,
            load_cpu_seconds=worker.load_cpu,
            start_cpu_seconds=worker.start_cpu,
            parts={},
        )
        found.append(figures)
    return found


class _Worker:
    """A process that speaks with one voice; ``load`` comes first."""

    def __init__(self, voice: Path, threads: int, precision: str) -> None:
        self.voice, self.threads, self.precision = voice, threads, precision
        self.load_seconds = self.load_cpu = self.start_cpu = 0.0
        self._process: subprocess.Popen[str] | None = None

    def load(self) -> None:
        """Start the process and wait until it can speak."""
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vits.benchmarking.worker", str(self.voice), self.precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {name: str(self.threads) for name in names},
        )
        loaded = self._answer()
        self.load_cpu, self.precision = float(loaded["cpu"]), str(loaded["precision"])
        self.load_seconds = time.perf_counter() - started

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Put a question of ``measuring.main``."""
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # there is no answer then
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise VoiceError(f"the process that measured {self.voice} ended; try it with vits say")
        values: dict[str, Any] = json.loads(line)
        if "error" in values:
            raise VoiceError(str(values["error"]))
        return values

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
