"""ONNX Runtime engine for a single graph: encoded sentences in, whole sentences out.

Folders that an earlier version exported have nothing else; see ``parts_engine`` for the others.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.config import SpeakerVectorsConfig
from vits.errors import VoiceError
from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import (
    BATCH_FRAMES,
    MAX_SENTENCE_SECONDS,
    NOT_FINITE,
    TOO_LONG,
    Samples,
)
from vits.synthesis.runtime.noise import prior_noise, torch_randn
from vits.synthesis.runtime.onnx_session import EXPORT_AGAIN, load_graph, run_graph
from vits.synthesis.settings import SCALES

__all__ = ["NO_LENGTHS", "NO_MIX", "OnnxEngine"]

NO_LENGTHS = (
    "an old export cannot keep lengths (seconds, word_seconds, phoneme_seconds): its graph "
    f"predicts the durations itself; {EXPORT_AGAIN}, or use length_scale"
)
NO_MIX = (
    "an old export cannot mix speakers: its graph takes a single speaker id; name one speaker, or "
    f"{EXPORT_AGAIN}"
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
        self._session = load_graph(graph, threads, profile)
        entries = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        inputs = {entry.name: entry.shape for entry in entries}
        missing = {"ids", "id_lengths", "noise", "duration_noise"} - inputs.keys()
        if missing:
            raise VoiceError(f"the graph {graph} has no input {min(missing)}; {EXPORT_AGAIN}")
        self._multispeaker, self.multilingual = "speakers" in inputs, "languages" in inputs
        self.has_pitch = False  # an old export has none
        self.speaker_vectors: SpeakerVectorsConfig | None = None  # an old export takes none
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
            feed["noise"] = prior_noise(request.seed, self._channels, n_frames)
            wave, frames = run_graph(self._session, ("wave", "durations"), feed)
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

    def decode_all(
        self, samples: Sequence[_Sentence], batch_frames: int = BATCH_FRAMES
    ) -> list[Samples]:
        """Return the samples of several sentences, which the graph has decoded already."""
        del batch_frames
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
