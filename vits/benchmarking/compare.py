"""Synthesis speed of several voices: each in its own process, measured in turns."""

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

__all__ = ["TEXTS", "SpeedResult", "benchmark"]

_SENTENCE = "The rain had stopped before the morning, and the streets were quiet and clean."
TEXTS = {
    "short": "Good morning.",
    "medium": _SENTENCE,
    "long": f"{_SENTENCE} A dog ran over the bridge, and nobody called it back. "
    "She opened the window, listened for a while, and then went on with her letter.",
}


@dataclass(frozen=True, kw_only=True)
class SpeedResult:
    """Speed of one voice with one text and one number of threads; medians over the rounds.

    Attributes:
        voice: voice folder.
        precision: resolved precision, as in ``load``; ``graph`` for an exported voice.
        snr: signal-to-noise ratio against the same voice in its first precision (dB); None for the
            first one, and where the samples are identical.
        threads: number of threads.
        text: a key of ``TEXTS``.
        rounds: how often the text was spoken.
        seconds: length of the speech (seconds).
        factor: real-time factor: wall time over ``seconds``.
        cpu_factor: CPU time over ``seconds``.
        ratio: wall time over that of the first voice in the same round.
        cpu_ratio: CPU time over that of the first voice in the same round.
        first_chunk: wall time to the first chunk of a stream (seconds).
        peak_bytes: peak memory of the process so far; 0 if the system does not report it.
        load_seconds: wall time from the start of the process until the voice is loaded.
        load_cpu_seconds: CPU time from the start of the process until the voice is loaded.
        start_cpu_seconds: CPU time from the start of the process to the end of the first speech.
        parts: time of each part of one run (seconds), by the names in ``worker.PARTS``.
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
) -> list[SpeedResult]:
    """Measure the speed of voices in turns, after one warm-up round.

    Args:
        voices: voice folders and exported voices.
        threads: numbers of threads.
        texts: keys of ``TEXTS``.
        rounds: how often each text is spoken.
        precisions: precisions of each voice folder; an exported voice has its own.

    Raises:
        VoiceError: a voice cannot be loaded or cannot speak a text.
    """
    results: list[SpeedResult] = []
    for count in threads:
        with ExitStack() as stack:
            workers = [
                stack.enter_context(closing(_Worker(voice, count, precision)))
                for voice in voices
                for precision in (["fp32"] if is_onnx_voice(voice) else precisions)
            ]
            for worker in workers:
                worker.load()
            measured = [_measure(workers, text, rounds) for text in texts]
            # last, because timing the parts takes additional memory
            for text_results in measured:
                for result, worker in zip(text_results, workers, strict=True):
                    text = TEXTS[result.text]
                    parts = worker.ask({"text": text, "parts": True})["parts"]
                    snr = _snr(_first_precision(workers, worker), worker, text)
                    results.append(replace(result, parts=parts, snr=snr))
    return results


def _first_precision(workers: Sequence["_Worker"], worker: "_Worker") -> "_Worker":
    """Return the worker with the first precision of the same voice."""
    return next(other for other in workers if other.voice == worker.voice)


def _snr(reference: "_Worker", worker: "_Worker", text: str) -> float | None:
    """Return the signal-to-noise ratio of a worker's speech against a reference (dB)."""
    if worker is reference:
        return None
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference.npy", "other.npy")]
        for process, path in zip((reference, worker), paths, strict=True):
            process.ask({"text": text, "samples": str(path)})
        expected, samples = (np.load(path) for path in paths)
    if len(samples) != len(expected):
        raise VoiceError(
            f"{worker.voice} gave {len(samples)} samples in {worker.precision}, but "
            f"{len(expected)} in {reference.precision}"
        )
    noise = float(np.square(expected - samples).sum())
    return float(10 * np.log10(np.square(expected).sum() / noise)) if noise else None


def _measure(workers: Sequence["_Worker"], text: str, rounds: int) -> list[SpeedResult]:
    """Speak a text with every worker in turns."""
    for worker in workers:
        answer = worker.ask({"text": TEXTS[text]})
        worker.start_cpu = worker.start_cpu or answer["since_start"]
    answers: list[list[dict[str, float]]] = [[] for _ in workers]
    for _ in range(rounds):
        for own, worker in zip(answers, workers, strict=True):
            own.append(worker.ask({"text": TEXTS[text]}))
    return [
        _summarize(worker, text, own, answers[0])
        for own, worker in zip(answers, workers, strict=True)
    ]


def _summarize(
    worker: "_Worker",
    text: str,
    answers: Sequence[dict[str, float]],
    first: Sequence[dict[str, float]],
) -> SpeedResult:
    """Take medians over the rounds; ``first`` are the answers of the first worker."""

    def middle(key: str) -> float:
        return median(answer[key] for answer in answers)

    def against_first(key: str) -> float:
        return median(own[key] / other[key] for own, other in zip(answers, first, strict=True))

    seconds = middle("seconds")
    return SpeedResult(
        voice=str(worker.voice),
        precision=worker.precision,
        snr=None,
        threads=worker.threads,
        text=text,
        rounds=len(answers),
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


class _Worker:
    """A process that speaks with one voice; call ``load`` first."""

    def __init__(self, voice: Path, threads: int, precision: str) -> None:
        self.voice, self.threads, self.precision = voice, threads, precision
        self.load_seconds = self.load_cpu = self.start_cpu = 0.0
        self._process: subprocess.Popen[str] | None = None

    def load(self) -> None:
        """Start the process and wait until the voice is loaded."""
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
        """Send a question to ``worker.main`` and return the answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer either
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
