"""ONNX Runtime engine: encoded sentences in, samples out, without torch."""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.errors import MissingExtraError, VoiceError
from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import MAX_SENTENCE_SECONDS, NOT_FINITE, TOO_LONG, Samples
from vits.synthesis.runtime.noise import torch_randn
from vits.synthesis.settings import SCALES

__all__ = ["NO_LENGTHS", "NO_MIX", "OnnxEngine", "usable_cores"]

NO_LENGTHS = (
    "a voice in ONNX Runtime cannot keep lengths (seconds, word_seconds, phoneme_seconds): its "
    "graph predicts the durations itself; use the voice folder it was exported from, or "
    "length_scale"
)
NO_MIX = (
    "a voice in ONNX Runtime cannot mix speakers: its graph takes a single speaker id; name one "
    "speaker, or use the voice folder it was exported from"
)
# Frames of noise drawn per symbol at first: more than most sentences take. A slower sentence is
# run once more with enough noise.
FRAMES_PER_SYMBOL = 12


class _Sentence(NamedTuple):
    """A synthesised sentence: frames of each symbol, and samples (L,)."""

    durations: list[int]
    samples: Samples


class OnnxEngine:
    """Synthesises one encoded sentence.

    Calls share no state. The noise of the durations is torch's, so a seed gives the same durations
    as in torch; that of the prior is NumPy's, because torch's depends on the length of the
    sentence, which only the graph knows.

    Args:
        graph: file written by ``vits export --to onnx``.
        sample_rate: samples per second (Hz).
        hop_length: samples per frame.
        threads: number of threads; None: ``OMP_NUM_THREADS``, or all CPUs this process may use.
        profile: prefix of the file that ``end_profile`` writes; None: no profile.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        VoiceError: ONNX Runtime does not load the graph.
    """

    def __init__(
        self,
        graph: Path,
        sample_rate: int,
        hop_length: int,
        threads: int | None = None,
        profile: Path | None = None,
    ) -> None:
        self.sample_rate, self.hop_length = sample_rate, hop_length
        self.max_frames = MAX_SENTENCE_SECONDS * sample_rate // hop_length
        self.device_name = "cpu in ONNX Runtime"
        self._session = _load(graph, threads or _usable_threads(), profile)
        entries = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        inputs = {entry.name: entry.shape for entry in entries}
        missing = {"ids", "id_lengths", "noise", "duration_noise"} - inputs.keys()
        if missing:
            raise VoiceError(
                f"the graph {graph} has no input {min(missing)}; write it again with: "
                "vits export VOICE --to onnx -o DIR"
            )
        self._multispeaker, self.multilingual = "speakers" in inputs, "languages" in inputs
        self.has_pitch = False  # vits.export refuses a voice with pitch
        self._channels = int(inputs["noise"][1])

    def predict_durations(self, ids: Sequence[int], request: Request) -> list[int]:
        """Return the frames of each symbol that ``sample`` would use."""
        return self.sample(ids, request).durations

    def sample(
        self, ids: Sequence[int], request: Request, durations: Sequence[int] | None = None
    ) -> _Sentence:
        """Synthesise one sentence, wave and all: the graph cannot stop after the durations.

        Raises:
            VoiceError: durations or a mix of speakers are given, or the sentence is too long.
        """
        if durations is not None:
            raise VoiceError(NO_LENGTHS)
        if isinstance(request.speaker, tuple):
            raise VoiceError(NO_MIX)
        feed = self._feed(ids, request)
        length_scale = request.settings.length_scale
        n_frames = int(FRAMES_PER_SYMBOL * max(1.0, length_scale)) * len(ids)
        while True:
            feed["noise"] = self._noise(request.seed, n_frames)
            wave, frames = self._run(feed)
            needed = int(frames.sum())
            if needed > self.max_frames:
                raise VoiceError(TOO_LONG)
            if needed <= n_frames:
                break
            n_frames = needed  # the noise only grows at its end, so the durations stay the same
        samples: Samples = wave[0, 0]
        if not np.isfinite(samples).all():
            raise VoiceError(NOT_FINITE)
        return _Sentence([int(count) for count in frames[0]], samples)

    def durations(self, sample: _Sentence) -> list[int]:
        """Return the frames of each symbol of a sentence."""
        return sample.durations

    def decode(self, sample: _Sentence) -> Samples:
        """Return the samples (L,) of a sentence."""
        return sample.samples

    def decode_all(self, samples: Sequence[_Sentence]) -> list[Samples]:
        """Return the samples of several sentences, which the graph has decoded already."""
        return [sample.samples for sample in samples]

    def decode_in_chunks(self, sample: _Sentence) -> Iterator[Samples]:
        """Yield the whole sentence: the graph gives it in one piece."""
        yield sample.samples

    def end_profile(self) -> Path:
        """Write ONNX Runtime's timings of each operation, and return the file."""
        return Path(self._session.end_profiling())

    def _feed(self, ids: Sequence[int], request: Request) -> dict[str, NDArray[np.generic]]:
        feed: dict[str, NDArray[np.generic]] = {
            "ids": np.array([ids], np.int64),
            "id_lengths": np.array([len(ids)], np.int64),
            "duration_noise": torch_randn(request.seed, (1, 2, len(ids))),
        }
        for name in SCALES:
            feed[name] = np.array([getattr(request.settings, name)], np.float32)
        if self._multispeaker:
            feed["speakers"] = np.array([request.speaker], np.int64)
        if self.multilingual:
            feed["languages"] = np.array([request.language or 0], np.int64)
        return feed

    def _noise(self, seed: int, n_frames: int) -> NDArray[np.float32]:
        """Draw (1, C, T) frame by frame, so that more frames begin with the same ones."""
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((1, n_frames, self._channels), np.float32)
        return np.swapaxes(noise, 1, 2)

    def _run(self, feed: Mapping[str, NDArray[np.generic]]) -> list[NDArray[Any]]:
        try:
            return self._session.run(["wave", "durations"], dict(feed))
        except Exception as error:  # its errors share no base class
            if "alloc" in str(error).lower():
                raise VoiceError(TOO_LONG) from error
            raise VoiceError(f"ONNX Runtime does not run the graph: {error}") from error


def _load(graph: Path, threads: int, profile: Path | None) -> Any:
    """Load a graph into ONNX Runtime."""
    try:
        runtime = import_module("onnxruntime")
    except ModuleNotFoundError as error:
        what = "a voice that was exported to ONNX"
        raise MissingExtraError.of(what, "onnxruntime", "onnx") from error
    _require_self_contained(graph)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # fatal only: errors are raised as exceptions
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, os.fspath(profile)
    # the last level of optimisation takes longer to load than it saves
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    try:
        return runtime.InferenceSession(
            os.fspath(graph), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors share no base class
        raise VoiceError(
            f"ONNX Runtime does not load {graph}: {error}; copy it again, or write it again with: "
            "vits export VOICE --to onnx -o DIR"
        ) from error


def _require_self_contained(graph: Path) -> None:
    """Require a graph without references to other files, which older versions read anywhere.

    Raises:
        VoiceError: it has one.
    """
    word, tail = b"location", b""  # the key of such a reference; no graph of ours has the word
    try:
        with graph.open("rb") as file:
            while block := file.read(1 << 20):
                if word in tail + block:
                    raise VoiceError(
                        f"{graph} refers to another file for its weights; write it again with: "
                        "vits export VOICE --to onnx -o DIR"
                    )
                tail = block[-len(word) :]
    except OSError as error:
        raise VoiceError(f"cannot read {graph}: {error.strerror}") from error


def _usable_threads() -> int:
    """Return the default number of threads."""
    setting = os.environ.get("OMP_NUM_THREADS", "")
    if setting.isdecimal() and int(setting):
        return int(setting)
    return usable_cores()


def usable_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
