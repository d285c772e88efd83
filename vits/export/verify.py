"""Proof that a graph is the same voice: the same ids and noise in ONNX Runtime and in torch."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import VoiceError
from vits.export.example_inputs import MOST_FRAMES, sentences
from vits.export.session import Session, opened
from vits.export.target import Plan, Request
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["BOUNDS", "Proof", "prove", "require_same"]

TRIALS = 3
REPEATS = 3

# Largest error for a precision: of a sample, over the loudest one, or of all, as a ratio of powers
# (dB). The first is rounding; the others are what was measured with room for other voices.
BOUNDS = {"fp32": 1e-4, "fp16": 40.0, "int8": 20.0}


class Proof(NamedTuple):
    """What a comparison found, over several sentences with and without noise.

    Attributes:
        difference: largest difference of two samples over the loudest of its sentence;
            infinite if lengths or timings differ.
        decibels: power of the differences over that of the wave, of the worst sentence (dB).
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


def prove(
    path: Path, plan: Plan, bundle: VoiceBundle, model: Vits, language: int | None = None
) -> Proof:
    """Compare a written graph with the model it was made of.

    The file itself speaks without noise. Where noise is no input, a copy in which it is one, and
    timings are an output, speaks with it.

    Args:
        path: the graph.
        plan: what it was made by.
        bundle: the voice.
        model: its model with folded weights, as it speaks in torch.
        language: the one of several that the graph speaks; None: all that there are.

    Raises:
        VoiceError: the graph does not run, or the model wants to speak for hours.
    """
    plain = path.read_bytes()
    alone = Session(plain)
    noisy = alone if plan.optional else Session(opened(plain))
    difference, decibels, n_sentences = _compare_all(
        alone, noisy, plan, lambda trial: sentences(bundle, trial, language), model
    )
    *_, longest = sentences(bundle, language=language)
    feed = _feed(noisy, plan, longest)
    seconds = _speak(model, longest)[0].shape[-1] / bundle.generator.config.audio.sample_rate
    graph, reference = _fastest(lambda: noisy.run(feed), lambda: _speak(model, longest))
    return Proof(
        difference=difference,
        decibels=decibels,
        sentences=n_sentences,
        seconds=seconds,
        graph_factor=graph / seconds,
        torch_factor=reference / seconds,
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


def _compare_all(
    plain: Session,
    noisy: Session,
    plan: Plan,
    spoken: Callable[[int], Iterator[Request]],
    model: Vits,
) -> tuple[float, float, int]:
    """Return the worst of all sentences, as ``_compare``, and how many there were.

    A duration within a rounding error of a whole number looks like a wrong graph. It is rare; other
    noise and another pace then tell the two apart.
    """
    found: list[tuple[float, float]] = []
    for trial in range(TRIALS):
        found = []
        for request in spoken(trial):
            found.append(_compare(plain, plan, _without_noise(request), model))
            found.append(_compare(noisy, plan, request, model))
        if all(math.isfinite(difference) for difference, _ in found):
            break
    return max(d for d, _ in found), max(d for _, d in found), len(found)


def _without_noise(request: Request) -> Request:
    return replace(request, noise_scale=0.0, noise_scale_duration=0.0)


def _speak(model: Vits, request: Request) -> tuple[NDArray[Any], NDArray[Any]]:
    with torch.inference_mode():
        spoken = model.infer(
            request.ids,
            torch.tensor([request.ids.shape[1]]),
            torch.tensor([request.speaker]) if model.config.n_speakers > 1 else None,
            torch.tensor([request.language]),
            noise_scale=request.noise_scale,
            noise_scale_duration=request.noise_scale_duration,
            length_scale=request.length_scale,
            duration_noise=request.duration_noise,
            noise=request.noise,
            max_frames=MOST_FRAMES,
        )
    return spoken.wave[0, 0].numpy(), spoken.durations.numpy()


def _compare(session: Session, plan: Plan, request: Request, model: Vits) -> tuple[float, float]:
    """Return the largest difference over the peak, and the power of differences (dB)."""
    wave, *durations = session.run(_feed(session, plan, request))
    expected, timings = _speak(model, request)
    wave = wave.reshape(-1)
    same_times = all(np.array_equal(found.reshape(timings.shape), timings) for found in durations)
    if wave.shape != expected.shape or not same_times:
        return math.inf, math.inf
    error = wave.astype(np.float64) - expected
    if not np.isfinite(error).all():
        return math.inf, math.inf
    power = float(np.square(expected, dtype=np.float64).sum())
    ratio = float(np.square(error).sum()) / max(power, 1e-30)
    peak = max(float(np.abs(expected).max()), 1e-30)
    return float(np.abs(error).max()) / peak, 10 * math.log10(max(ratio, 1e-20))


def _feed(session: Session, plan: Plan, request: Request) -> dict[str, NDArray[Any]]:
    """Return the inputs of a request as arrays, the noise among them where it is one."""
    tensors = plan.inputs(request)
    for name in {"duration_noise", "noise"} & session.inputs:
        tensors[name] = getattr(request, name)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _fastest(*works: Callable[[], Any]) -> list[float]:
    """Return the shortest of several times (seconds) of each, taken in turns."""
    times = [math.inf] * len(works)
    for _ in range(REPEATS):
        for number, work in enumerate(works):
            started = time.perf_counter()
            work()
            times[number] = min(times[number], time.perf_counter() - started)
    return times
