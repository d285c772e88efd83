"""Worker process that measures one voice; ``benchmark`` exchanges lines of JSON with it.

It imports torch only if the voice does, so that load time and memory are the voice's own.
"""

import json
import re
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from vits.errors import VitsError
from vits.interop.load import load
from vits.synthesis.bundle.onnx_bundle import is_onnx_voice, read_onnx_voice
from vits.synthesis.onnx_voice import OnnxVoice
from vits.synthesis.runtime.onnx_engine import OnnxEngine
from vits.text import split_sentences

if TYPE_CHECKING:
    from vits.synthesis.voice import Voice

__all__ = ["PARTS", "main", "time_parts"]

SEED = 7  # the same durations in every runtime, so the same seconds of speech
PARTS = ("front end", "text encoder", "duration predictor", "prior flow", "decoder", "rest")

# Parts by the start of the names of a graph's operations. The exporter names operations after
# modules; the splines of the durations and the expansion of the prior have no module and count as
# the rest.
_SCOPES = {
    "text_encoder": "text encoder",
    "decoder": "decoder",
    "wavenet": "prior flow",
    "post": "prior flow",
    "stack": "duration predictor",
    "projection": "duration predictor",
}
_SCOPE = re.compile(r"/core/([a-z_]+?)(?:_\d+)?/")


def main(folder: str, precision: str = "fp32") -> int:
    """Load a voice, report it, and answer questions until the input ends.

    A voice folder runs in torch, an exported one in ONNX Runtime.

    A question is ``{"text": ...}``; with ``"parts": true`` it asks for the time of each part, with
    ``"samples": FILE`` for the samples in a NumPy file.
    """
    warnings.simplefilter("ignore")  # unknown symbols do not matter for the speed
    try:
        runtime = None if is_onnx_voice(Path(folder)) else "torch"
        voice = load(folder, precision=precision, runtime=runtime)
        chosen = "graph" if isinstance(voice, OnnxVoice) else voice.precision
        cpu = time.process_time()
        _answer({"cpu": cpu, "peak": _peak_bytes(), "precision": chosen})
        for line in sys.stdin:
            question = json.loads(line)
            if question.get("parts"):
                _answer({"parts": time_parts(voice, Path(folder), question["text"])})
            elif "samples" in question:
                np.save(question["samples"], voice(question["text"], seed=SEED).samples)
                _answer({})
            else:
                _answer(_speak(voice, question["text"]))
    except VitsError as error:
        _answer({"error": str(error)})
    return 0


def _answer(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _speak(voice: "Voice | OnnxVoice", text: str) -> dict[str, float]:
    """Time a whole speech, then the first chunk of a stream (seconds, bytes)."""
    wall, cpu = time.perf_counter(), time.process_time()
    speech = voice(text, seed=SEED)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    since_start = time.process_time()
    started = time.perf_counter()
    next(voice.stream(text, seed=SEED))
    return {
        "seconds": speech.seconds,
        "wall": wall,
        "cpu": cpu,
        "since_start": since_start,
        "first_chunk": time.perf_counter() - started,
        "peak": _peak_bytes(),
    }


def _peak_bytes() -> int:
    """Return the peak memory of this process; 0 if the system does not report it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def time_parts(voice: "Voice | OnnxVoice", folder: Path, text: str) -> dict[str, float]:
    """Return the time of each part of the synthesis of a text (seconds), by ``PARTS``.

    In ONNX Runtime a second copy of the graph is profiled, operation by operation.
    """
    started = time.perf_counter()
    for sentence in split_sentences(text):
        voice.frontend.encode(sentence, unknown="drop")
    encoding = time.perf_counter() - started
    if isinstance(voice, OnnxVoice):
        seconds = _time_graph(voice, folder, text)
    else:
        seconds = _time_modules(voice, text)
        seconds["rest"] = max(0.0, seconds["rest"] - encoding)
    seconds["front end"] = encoding
    return {part: seconds.get(part, 0.0) for part in PARTS}


def _time_modules(voice: "Voice", text: str) -> dict[str, float]:
    """Time the modules of a voice in PyTorch; the rest is everything outside of them."""
    model, seconds = voice._engine.model, defaultdict[str, float](float)  # pyright: ignore[reportPrivateUsage]
    methods: dict[str, tuple[Any, str]] = {
        "text encoder": (model.text_encoder, "forward"),
        "duration predictor": (model.duration_predictor, "predict"),
        "prior flow": (model.prior_flow, "inverse"),
        "decoder": (model.decoder, "forward"),
    }
    with _wrapped(methods, seconds):
        started = time.perf_counter()
        voice(text, seed=SEED)
        whole = time.perf_counter() - started
    seconds["rest"] = whole - sum(seconds.values())
    return seconds


@contextmanager
def _wrapped(methods: dict[str, tuple[Any, str]], seconds: dict[str, float]) -> Generator[None]:
    """Measure the time in methods of objects while the context is open."""

    def timed(part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            started = time.perf_counter()
            result = work(*args, **options)
            seconds[part] += time.perf_counter() - started
            return result

        return run

    for part, (owner, name) in methods.items():
        owner.__dict__[name] = timed(part, getattr(owner, name))
    try:
        yield
    finally:
        for owner, name in methods.values():
            del owner.__dict__[name]


def _time_graph(voice: OnnxVoice, folder: Path, text: str) -> dict[str, float]:
    """Time the operations of a graph by the module in their names; others are the rest."""
    parts, seconds = read_onnx_voice(folder), defaultdict[str, float](float)
    profiled = copy(voice)
    with TemporaryDirectory() as place:
        profile = Path(place) / "profile"
        engine = OnnxEngine(parts.graph, parts.sample_rate, parts.hop_length, profile=profile)
        profiled._engine = engine  # pyright: ignore[reportPrivateUsage]
        for _ in range(2):  # the first run is the warm-up
            profiled(text, seed=SEED)
        events: list[dict[str, Any]] = json.loads(engine.end_profile().read_text(encoding="utf-8"))
    runs = sorted(event["ts"] for event in events if event["name"] == "model_run")
    for event in events:
        name: str = event["name"]
        if name.endswith("_kernel_time") and event["ts"] >= runs[len(runs) // 2]:
            scope = _SCOPE.match(name)
            seconds[_SCOPES.get(scope[1], "rest") if scope else "rest"] += event["dur"] / 1e6
    return seconds


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
