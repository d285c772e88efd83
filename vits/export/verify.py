"""Proof that a graph is the same voice: the same ids and noise in ONNX Runtime and in torch."""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import TextError, VoiceError
from vits.export.extras import require
from vits.export.target import Plan, Request
from vits.models.vits import Vits
from vits.synthesis.bundle import VoiceBundle
from vits.text import Frontend, UnknownSymbolWarning

__all__ = ["BOUNDS", "Proof", "example", "prove", "require_same"]

TEXTS = (
    "The birch canoe slid on the smooth planks, and nobody saw it.",
    "Why?",
    "Glue the sheet to the dark blue background; it is easy to tell the depth of a well.",
)
SEED = 20210611
TRIALS = 3
MOST_FRAMES = 20_000  # an untrained voice may want hours
REPEATS = 3

# Largest error for a precision: of a sample, over the loudest one, or of all, as a ratio of powers
# (dB). The first is rounding; the others are what was measured with room for other voices.
BOUNDS = {"fp32": 1e-4, "fp16": 30.0, "int8": 10.0}


class Proof(NamedTuple):
    """What a comparison found, over several sentences with and without noise.

    Attributes:
        difference: largest difference of two samples over the loudest of its sentence; infinite if
            lengths or timings differ.
        decibels: power of all differences over that of the waves (dB), at most the worst sentence's.
        sentences: how many were compared.
        seconds: length of the one whose speed was measured.
        graph_factor: real-time factor of the graph, loaded.
        torch_factor: that of torch.
        threads: that both had.
    """

    difference: float
    decibels: float
    sentences: int
    seconds: float
    graph_factor: float
    torch_factor: float
    threads: int


def example(bundle: VoiceBundle) -> Request:
    """Return what a graph is recorded with."""
    return next(_requests(bundle, SEED))


def prove(path: Path, plan: Plan, bundle: VoiceBundle, model: Vits) -> Proof:
    """Compare a written graph with the model it was made of.

    The file itself speaks without noise. Where noise is no input, a copy in which it is one speaks
    with it.

    Args:
        path: the graph.
        plan: what it was made by.
        bundle: the voice.
        model: its model with folded weights, as it speaks in torch.

    Raises:
        VoiceError: the graph does not run, or the model wants to speak for hours.
    """
    noisy = path.read_bytes() if plan.optional else _with_noise_inputs(path)
    sessions = _session(path.read_bytes()), _session(noisy)
    for trial in range(TRIALS):
        found = [
            _compare(session, plan, request, model)
            for request in _requests(bundle, SEED + trial)
            for session, request in (
                (sessions[0], _without_noise(request)),
                (sessions[1], request),
            )
        ]
        difference, decibels = max(d for d, _ in found), max(d for _, d in found)
        if math.isfinite(difference):
            break
        # a duration within a rounding error of a whole number is rare, and looks like a wrong graph
    *_, longest = _requests(bundle, SEED)
    feed = _feed(sessions[1], plan, longest)
    wave = _speak(model, longest)[0]
    seconds = wave.shape[-1] / bundle.generator.config.audio.sample_rate
    return Proof(
        difference=difference,
        decibels=decibels,
        sentences=len(found),
        seconds=seconds,
        graph_factor=_fastest(lambda: sessions[1].run(None, feed)) / seconds,
        torch_factor=_fastest(lambda: _speak(model, longest)) / seconds,
        threads=torch.get_num_threads(),
    )


def require_same(proof: Proof, precision: str) -> None:
    """Require that a graph is the same voice.

    Raises:
        VoiceError: it is not, by more than its precision's bound.
    """
    bound = BOUNDS[precision]
    if precision == "fp32":
        same, rule = proof.difference <= bound, f"{bound:g} of its peak"
    else:
        same, rule = proof.decibels <= -bound, f"-{bound:g} dB"
    if not same:
        raise VoiceError(
            f"the {precision} graph is not the same voice: its wave differs from torch's by "
            f"{proof.difference:.2g} of its peak ({proof.decibels:.0f} dB), and at most {rule} is "
            "allowed; nothing was written"
        )


def _requests(bundle: VoiceBundle, seed: int) -> Iterator[Request]:
    """Yield sentences of several lengths, each with its noise."""
    inference, config = bundle.inference, bundle.generator.config
    generator = torch.Generator().manual_seed(seed)
    for number, ids in enumerate(_sentences(bundle.frontend)):
        yield Request(
            ids=torch.tensor([ids]),
            noise_scale=inference.noise_scale,
            length_scale=inference.length_scale,
            noise_scale_duration=inference.noise_scale_duration,
            speaker=number % config.n_speakers,
            duration_noise=torch.randn(1, 2, len(ids), generator=generator),
            noise=torch.randn(1, config.latent_channels, MOST_FRAMES, generator=generator),
        )


def _sentences(frontend: Frontend) -> list[tuple[int, ...]]:
    """Return ids of English sentences, or of the symbols there are, if the voice cannot say them."""
    table, config = frontend.symbols, frontend.config
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        try:
            return [frontend.encode(text, unknown="drop").ids for text in TEXTS]
        except TextError:
            used = [row for row, s in enumerate(table.symbols) if table.id(s) == row]
    sentences: list[tuple[int, ...]] = []
    blank = table.id(config.blank) if config.blank else 0
    for text in TEXTS:
        ids = [used[i * len(used) // len(text)] for i in range(len(text))]
        if config.blanks:
            ids = [blank, *(row for each in ids for row in (each, blank))]
        if config.bounds:
            ids = [table.id("^"), *ids, table.id("$")]
        sentences.append(tuple(ids))
    return sentences


def _without_noise(request: Request) -> Request:
    return replace(request, noise_scale=0.0, noise_scale_duration=0.0)


def _speak(model: Vits, request: Request) -> tuple[NDArray[Any], NDArray[Any]]:
    with torch.inference_mode():
        spoken = model.speak(
            request.ids,
            torch.tensor([request.ids.shape[1]]),
            torch.tensor([request.speaker]) if model.config.n_speakers > 1 else None,
            noise_scale=request.noise_scale,
            noise_scale_duration=request.noise_scale_duration,
            length_scale=request.length_scale,
            duration_noise=request.duration_noise,
            noise=request.noise,
            max_frames=MOST_FRAMES,
        )
    return spoken.wave[0, 0].numpy(), spoken.durations.numpy()


def _compare(session: Any, plan: Plan, request: Request, model: Vits) -> tuple[float, float]:
    """Return the largest difference over the peak, and the power of differences (dB)."""
    wave, *durations = session.run(None, _feed(session, plan, request))
    expected, timings = _speak(model, request)
    wave = wave.reshape(-1)
    if wave.shape != expected.shape or any(not np.array_equal(d, timings) for d in durations):
        return math.inf, math.inf
    error = wave.astype(np.float64) - expected
    if not np.isfinite(error).all():
        return math.inf, math.inf
    power = float(np.square(expected, dtype=np.float64).sum())
    ratio = float(np.square(error).sum()) / max(power, 1e-30)
    peak = max(float(np.abs(expected).max()), 1e-30)
    return float(np.abs(error).max()) / peak, 10 * math.log10(max(ratio, 1e-20))


def _feed(session: Any, plan: Plan, request: Request) -> dict[str, NDArray[Any]]:
    """Return the inputs of a request as arrays, the noise among them where it is one."""
    tensors = plan.inputs(request)
    for entry in session.get_inputs():
        if entry.name in ("duration_noise", "noise"):
            tensors[entry.name] = getattr(request, entry.name)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _with_noise_inputs(path: Path) -> bytes:
    """Return a graph in which whatever drew noise is an input, cut to the shape it had."""
    onnx = require("onnx")
    model = onnx.load(path)
    drawing = [node for node in model.graph.node if node.op_type == "RandomNormalLike"]
    # a predictor that is not stochastic draws nothing, and the prior is always the last to draw
    for node, name in zip(drawing, ("duration_noise", "noise")[-len(drawing) :], strict=True):
        helper = onnx.helper
        model.graph.input.append(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None, None])
        )
        shape, zeros, steps = (f"{name}.{part}" for part in ("shape", "zeros", "steps"))
        at = list(model.graph.node).index(node)
        for array, constant in ((np.zeros(3), zeros), (np.ones(3), steps)):
            values = onnx.numpy_helper.from_array(array.astype(np.int64), constant)
            model.graph.initializer.append(values)
        new = [
            helper.make_node("Shape", [node.input[0]], [shape]),
            helper.make_node("Slice", [name, zeros, shape, "", steps], [node.output[0]]),
        ]
        model.graph.node.remove(node)
        for offset, made in enumerate(new):
            model.graph.node.insert(at + offset, made)
    return model.SerializeToString()


def _session(model: bytes) -> Any:
    """Load a graph into ONNX Runtime, with the threads that torch has."""
    runtime = require("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - its classes have no common base of their own
        raise VoiceError(f"ONNX Runtime does not load the graph: {error}") from error


def _fastest(work: Callable[[], Any]) -> float:
    """Return the shortest of several times (seconds)."""
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
