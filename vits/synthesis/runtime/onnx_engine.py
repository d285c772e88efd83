"""A graph in ONNX Runtime: encoded sentences in, samples out, without torch."""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.errors import MissingExtraError, VoiceError
from vits.synthesis.runtime.engine import MAX_SENTENCE_SECONDS, NOT_FINITE, TOO_LONG, Samples
from vits.synthesis.runtime.noise import draw_like_torch
from vits.synthesis.runtime.seeds import Chance, sentence_seed
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Who

__all__ = ["NO_LENGTHS", "NO_MIX", "OnnxEngine"]

NO_LENGTHS = (
    "a voice in ONNX Runtime cannot keep lengths (seconds, word_seconds, phoneme_seconds): its "
    "graph has durations of its own; use the voice folder it was exported from, or length_scale"
)
NO_MIX = (
    "a voice in ONNX Runtime cannot mix speakers: its graph takes a row; name one speaker, or use "
    "the voice folder it was exported from"
)
# Frames of noise drawn for a symbol at first; a slower sentence is spoken once more with enough.
FRAMES_PER_SYMBOL = 12


class _Spoken(NamedTuple):
    """A sentence: frames of each symbol, and samples (L,)."""

    frames: list[int]
    samples: Samples


class OnnxEngine:
    """Speaks one encoded sentence.

    Calls share nothing that changes. The noise of the durations is torch's, so a seed gives the
    rhythm that it gives in torch; that of the prior is NumPy's, because torch's depends on how
    long the sentence is, which only the graph knows.

    Args:
        graph: the file, as ``vits export --to onnx`` writes it.
        sample_rate: samples per second (Hz).
        hop_length: samples of a frame.
        threads: that compute one sentence; None: as ``OMP_NUM_THREADS`` says, else all processors
            this process may use.
        profile: start of the name of a file that ``end_profile`` writes; None: none.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        VoiceError: it does not load the graph.
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
        self.place = "cpu in ONNX Runtime"
        self._session = _load(graph, threads or _usable_threads(), profile)
        entries = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        inputs = {entry.name: entry.shape for entry in entries}
        missing = {"ids", "id_lengths", "noise", "duration_noise"} - inputs.keys()
        if missing:
            raise VoiceError(
                f"the graph {graph} has no input {min(missing)}; write it again with: "
                "vits export VOICE --to onnx -o DIR"
            )
        self._several, self.multilingual = "speakers" in inputs, "languages" in inputs
        self._channels = int(inputs["noise"][1])

    def predict(
        self,
        ids: Sequence[int],
        who: Who,
        how: Settings,
        chance: Chance,
        *,
        language: int | None = None,
    ) -> list[int]:
        """Return the frames of each symbol that ``draw`` would give one sentence."""
        return self.draw(ids, who, how, chance, language=language).frames

    def draw(
        self,
        ids: Sequence[int],
        who: Who,
        how: Settings,
        chance: Chance,
        durations: Sequence[int] | None = None,
        *,
        language: int | None = None,
    ) -> _Spoken:
        """Speak one sentence; there is no way into the graph between durations and wave.

        Raises:
            VoiceError: durations or a mix are asked for, or what was spoken is too long.
        """
        if durations is not None:
            raise VoiceError(NO_LENGTHS)
        if isinstance(who, tuple):
            raise VoiceError(NO_MIX)
        seed = sentence_seed(*chance)
        feed = self._feed(ids, who, how, language) | {
            "duration_noise": draw_like_torch(seed, (1, 2, len(ids)))
        }
        n_frames = int(FRAMES_PER_SYMBOL * max(1.0, how.length_scale)) * len(ids)
        while True:
            feed["noise"] = self._noise(seed, n_frames)
            wave, frames = self._run(feed)
            needed = int(frames.sum())
            if needed > self.max_frames:
                raise VoiceError(TOO_LONG)
            if needed <= n_frames:
                break
            n_frames = needed  # the noise starts as it did, and so the durations are the same
        samples: Samples = wave[0, 0]
        if not np.isfinite(samples).all():
            raise VoiceError(NOT_FINITE)
        return _Spoken([int(count) for count in frames[0]], samples)

    def frames(self, drawn: _Spoken) -> list[int]:
        """Return the frames of each symbol of a sentence."""
        return drawn.frames

    def speak(self, drawn: _Spoken) -> Samples:
        """Return the samples (L,) of a sentence."""
        return drawn.samples

    def speak_in_chunks(self, drawn: _Spoken) -> Iterator[Samples]:
        """Yield the sentence: the graph gives it as a whole."""
        yield drawn.samples

    def end_profile(self) -> Path:
        """Write how long each operation took, as ONNX Runtime does, and return the file."""
        return Path(self._session.end_profiling())

    def _feed(
        self, ids: Sequence[int], who: int, how: Settings, language: int | None
    ) -> dict[str, NDArray[np.generic]]:
        feed: dict[str, NDArray[np.generic]] = {
            "ids": np.array([ids], np.int64),
            "id_lengths": np.array([len(ids)], np.int64),
            "noise_scale": np.array([how.noise_scale], np.float32),
            "length_scale": np.array([how.length_scale], np.float32),
            "noise_scale_duration": np.array([how.noise_scale_duration], np.float32),
        }
        if self._several:
            feed["speakers"] = np.array([who], np.int64)
        if self.multilingual:
            feed["languages"] = np.array([language or 0], np.int64)
        return feed

    def _noise(self, seed: int, n_frames: int) -> NDArray[np.float32]:
        """Draw (1, C, T) frame by frame, so that more frames start with the same ones."""
        rng = np.random.default_rng(seed)
        drawn = rng.standard_normal((1, n_frames, self._channels), np.float32)
        return np.swapaxes(drawn, 1, 2)

    def _run(self, feed: Mapping[str, NDArray[np.generic]]) -> list[NDArray[Any]]:
        try:
            return self._session.run(["wave", "durations"], dict(feed))
        except Exception as error:  # its errors have no base of their own
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
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, os.fspath(profile)
    # what the last level adds takes longer to load than it saves
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    try:
        return runtime.InferenceSession(
            os.fspath(graph), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no base of their own
        raise VoiceError(
            f"ONNX Runtime does not load {graph}: {error}; copy it again, or write it again with: "
            "vits export VOICE --to onnx -o DIR"
        ) from error


def _usable_threads() -> int:
    """Return how many threads to compute with, where nobody says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
