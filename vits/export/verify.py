"""Verify a graph: same ids and noise in ONNX Runtime and in torch give the same wave."""

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
from vits.export.example_inputs import MAX_FRAMES, example_inputs
from vits.export.session import Session, expose_noise, expose_pitch
from vits.export.target import ExampleInput, GraphSpec
from vits.models.pitch import make_source
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = [
    "ERROR_LIMITS",
    "TRIALS",
    "Verification",
    "difference_of",
    "infer",
    "require_equivalent",
    "verify",
]

PITCH_LIMIT = 1e-4  # largest difference of log F0: 0.17 cents
TRIALS = 3
REPEATS = 3

# Largest error of a precision: for fp32 of a sample relative to the peak, else the signal-to-noise
# ratio (dB). The first covers rounding; the others were measured, with a margin for other voices.
ERROR_LIMITS = {"fp32": 1e-4, "fp16": 40.0, "int8": 20.0}


class Verification(NamedTuple):
    """Differences over several sentences, with and without noise.

    Attributes:
        difference: largest difference of two samples relative to the peak of the sentence;
            infinite if lengths or durations differ.
        decibels: power of the error relative to that of the wave in the worst sentence (dB).
        sentences: number of comparisons.
        seconds: length of the sentence whose speed was measured.
        graph_factor: real-time factor of the graph, without loading.
        torch_factor: real-time factor of torch.
        threads: threads that both used.
    """

    difference: float
    decibels: float
    sentences: int
    seconds: float
    graph_factor: float
    torch_factor: float
    threads: int

    def with_worse(self, difference: float, decibels: float) -> "Verification":
        """Return the verification with one more comparison."""
        return self._replace(
            difference=max(self.difference, difference),
            decibels=max(self.decibels, decibels),
            sentences=self.sentences + 1,
        )


def verify(
    path: Path, spec: GraphSpec, bundle: VoiceBundle, model: Vits, language: int | None = None
) -> Verification:
    """Compare a written graph with its model in torch.

    The file itself is run without noise. If noise is not an input, a copy with noise as input and
    durations as output is run with noise.

    Args:
        path: the graph.
        spec: how it was traced.
        bundle: the voice.
        model: the model in torch, with weight norm folded.
        language: language id that is fixed in the graph; None: it supports all languages.

    Raises:
        VoiceError: the graph does not run, or the model predicts extreme durations.
    """
    plain = path.read_bytes()
    alone = Session(plain)
    pitched = model.config.pitch is not None
    exposed = plain if spec.optional else expose_noise(plain, pitched=pitched)
    noisy = alone if spec.optional else Session(exposed)
    if pitched:  # the plain one draws noise in any case
        alone = noisy = Session(expose_pitch(exposed))
    difference, decibels, n_sentences = _compare_all(
        alone, noisy, spec, lambda trial: example_inputs(bundle, trial, language), model
    )
    *_, longest = example_inputs(bundle, language=language)
    feed = _feed(noisy, spec, longest)
    seconds = infer(model, longest)[0].shape[-1] / bundle.generator.config.audio.sample_rate
    graph, reference = _fastest(lambda: noisy.run(feed), lambda: infer(model, longest))
    return Verification(
        difference=difference,
        decibels=decibels,
        sentences=n_sentences,
        seconds=seconds,
        graph_factor=graph / seconds,
        torch_factor=reference / seconds,
        threads=torch.get_num_threads(),
    )


def require_equivalent(verification: Verification, precision: str) -> None:
    """Require that a graph matches the voice.

    Raises:
        VoiceError: its error exceeds the limit of its precision.
    """
    limit = ERROR_LIMITS[precision]
    if precision == "fp32":
        same, rule = verification.difference <= limit, f"{limit:g} of its peak"
    else:
        same, rule = verification.decibels <= -limit, f"-{limit:g} dB"
    if not same:
        raise VoiceError(
            f"the {precision} graph does not match the voice: its wave differs from torch's by "
            f"{verification.difference:.2g} of its peak ({verification.decibels:.0f} dB); at most "
            f"{rule} is allowed; nothing was written"
        )


def _compare_all(
    plain: Session,
    noisy: Session,
    spec: GraphSpec,
    examples: Callable[[int], Iterator[ExampleInput]],
    model: Vits,
) -> tuple[float, float, int]:
    """Return the worst of all sentences, as ``_compare``, and their number.

    A duration within a rounding error of an integer looks like a wrong graph. That is rare, so a
    mismatch is tried again with other noise and another length scale.
    """
    errors: list[tuple[float, float]] = []
    for trial in range(TRIALS):
        errors = []
        for example in examples(trial):
            errors.append(_compare(plain, spec, _without_noise(example), model))
            errors.append(_compare(noisy, spec, example, model))
        if all(math.isfinite(difference) for difference, _ in errors):
            break
    return max(d for d, _ in errors), max(d for _, d in errors), len(errors)


def _without_noise(example: ExampleInput) -> ExampleInput:
    return replace(example, noise_scale=0.0, noise_scale_duration=0.0)


@torch.inference_mode()
def infer(
    model: Vits, example: ExampleInput, pitch: NDArray[Any] | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return wave (L,) and durations; an empty wave if ``pitch`` differs from the model's.

    The phase of the excitation adds up F0, so a rounding error of F0 is a large difference of the
    wave. The wave is therefore that of the graph's pitch (1, 2, T), which is compared separately.
    """
    conditioning = model.speaker_conditioning(_speaker(model, example))
    lengths, language = torch.tensor([example.ids.shape[1]]), torch.tensor([example.language])
    text = model.encode(example.ids, lengths, language, conditioning)
    durations = model.predict_durations(
        text,
        conditioning,
        noise_scale=example.noise_scale_duration,
        length_scale=example.length_scale,
        noise=example.duration_noise,
        max_frames=MAX_FRAMES,
    )
    sample = model.sample_prior(
        text,
        durations,
        conditioning,
        noise_scale=example.noise_scale,
        noise=example.noise,
        excitation_noise=example.excitation_noise,
    )
    if pitch is not None and sample.source is not None:
        given, own = torch.from_numpy(pitch), sample.source
        if not _same_pitch(given, torch.cat([own.log_f0, own.voiced], dim=1)):
            return np.zeros(0, np.float32), durations.numpy()
        source = make_source(given, model.config.audio, example.excitation_noise)
        sample = sample._replace(source=source)
    wave, _ = model.decode(sample)
    return wave[0, 0].numpy(), durations.numpy()


def _same_pitch(pitch: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether voicing is equal and F0 up to ``PITCH_LIMIT``."""
    if pitch.shape != expected.shape or not torch.equal(pitch[:, 1], expected[:, 1]):
        return False
    return bool((pitch[:, 0] - expected[:, 0]).abs().max() <= PITCH_LIMIT)


def _speaker(model: Vits, example: ExampleInput) -> torch.Tensor | None:
    """Return the speaker of an example as the model takes it."""
    if model.config.n_speakers == 1:
        return None
    given = example.speaker_vector
    return given if given.shape[1] else torch.tensor([example.speaker])


def _compare(
    session: Session, spec: GraphSpec, example: ExampleInput, model: Vits
) -> tuple[float, float]:
    """Return the largest difference relative to the peak, and the error power (dB)."""
    wave, *durations = session.run(_feed(session, spec, example))
    pitch = durations.pop() if model.config.pitch is not None else None
    expected, frames = infer(model, example, pitch)
    same_durations = all(np.array_equal(d.reshape(frames.shape), frames) for d in durations)
    return difference_of(wave.reshape(-1), expected) if same_durations else (math.inf, math.inf)


def difference_of(wave: NDArray[Any], expected: NDArray[Any]) -> tuple[float, float]:
    """Return the largest difference relative to the peak, and the error power (dB).

    Args:
        wave: (L,).
        expected: (L,); of another length, both are infinite.
    """
    if wave.shape != expected.shape:
        return math.inf, math.inf
    error = wave.astype(np.float64) - expected
    if not np.isfinite(error).all():
        return math.inf, math.inf
    power = float(np.square(expected, dtype=np.float64).sum())
    ratio = float(np.square(error).sum()) / max(power, 1e-30)
    peak = max(float(np.abs(expected).max()), 1e-30)
    return float(np.abs(error).max()) / peak, 10 * math.log10(max(ratio, 1e-20))


def _feed(session: Session, spec: GraphSpec, example: ExampleInput) -> dict[str, NDArray[Any]]:
    """Return the inputs of an example as arrays, with noise if it is an input."""
    tensors = spec.inputs(example)
    for name in {"duration_noise", "noise", "excitation_noise"} & session.inputs:
        tensors[name] = getattr(example, name)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _fastest(*functions: Callable[[], Any]) -> list[float]:
    """Return the shortest time (s) of each function in several alternating runs."""
    times = [math.inf] * len(functions)
    for _ in range(REPEATS):
        for number, function in enumerate(functions):
            started = time.perf_counter()
            function()
            times[number] = min(times[number], time.perf_counter() - started)
    return times
