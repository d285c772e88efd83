"""ONNX Runtime engine for a voice in parts: a sentence is decoded in one run or chunk by chunk.

One graph maps text to the prior and to durations; NumPy stretches and samples the prior. Of a whole
sentence, a second graph computes the wave. A third computes it in chunks: it carries its state from
chunk to chunk, so that chunks cost no more than the whole, except for copying the state. Nothing
here imports torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vits.audio.speaker_encoders.vector import SpeakerVector
from vits.config import SpeakerVectorsConfig
from vits.errors import VoiceError
from vits.synthesis.bundle.onnx_bundle import (
    ADD_AGAIN,
    DECODER_FILE,
    FLOW_FILE,
    GRAPH_FILE,
    PITCH_FILE,
    SOURCE_N_FFT,
    SPEAKER_ENCODER,
    SPEAKER_VECTOR_SIZE,
    TEXT_FILE,
    WAVE_FILE,
    WEIGHTS_CHECKSUM,
    checksum,
)
from vits.synthesis.bundle.voice_bundle import WEIGHTS
from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import (
    BATCH_FRAMES,
    MAX_SENTENCE_SECONDS,
    NOT_FINITE,
    TOO_LONG,
    Samples,
)
from vits.synthesis.runtime.excitation import control_pitch, make_source
from vits.synthesis.runtime.noise import TorchNoise
from vits.synthesis.runtime.onnx_session import (
    EXPORT_AGAIN,
    DeferredGraph,
    load_graph,
    run_graph,
)
from vits.synthesis.speakers import ResolvedSpeaker

__all__ = ["PartsEngine", "SampledSentence", "chunk_sizes"]

FIRST_CHUNK_SECONDS = 0.1  # enough playback to have the next chunk ready
GROWTH = 2  # from chunk to chunk: a voice twice as fast as real time never falls behind
LARGEST_CHUNK = 128  # frames; what fits the caches of a CPU

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]


class SampledSentence(NamedTuple):
    """A sampled sentence that can be decoded.

    Attributes:
        durations: frames of each symbol.
        z: sample of the prior (1, C, T).
        conditioning: the speaker (1, G, 1), or None.
        pitch: (1, 2, T) log F0 (log Hz) and voicing; None for a voice without pitch.
        source: (1, 2 + K, T) what excites the decoder, or None.
    """

    durations: list[int]
    z: Floats
    conditioning: Floats | None
    pitch: Floats | None = None
    source: Floats | None = None

    @property
    def signals(self) -> Arrays:
        """What the decoder takes frame by frame besides the latent, by the name of its input."""
        return {} if self.source is None else {"source": self.source}


def chunk_sizes(n_frames: int, first: int, lookahead: int) -> list[int]:
    """Return the frames that go into the decoder, chunk by chunk.

    Args:
        n_frames: T of the sentence.
        first: frames that the first chunk gives.
        lookahead: frames that the first chunk needs besides.

    >>> chunk_sizes(400, 9, 50)
    [59, 18, 36, 72, 215]
    """
    sizes, left, size = list[int](), n_frames, first + lookahead
    while left > 2 * size or (left > size and not sizes):
        sizes.append(size)
        left -= size
        first = min(GROWTH * first, LARGEST_CHUNK)
        size = first
    return [*sizes, left]


class PartsEngine:
    """Synthesises encoded sentences: whole, in chunks, or several in one batch.

    Calls share no state. The noise is torch's, so a seed gives the same samples as in torch, up to
    rounding.

    Args:
        folder: written by ``vits export --to onnx``, or a voice folder with graphs.
        sample_rate: samples per second (Hz).
        hop_length: samples per frame.
        threads: number of threads; None: ``OMP_NUM_THREADS``, or all CPUs this process may use.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        VoiceError: ONNX Runtime does not load a graph, or the files do not belong together.
    """

    def __init__(
        self, folder: Path, sample_rate: int, hop_length: int, threads: int | None = None
    ) -> None:
        self.sample_rate, self.hop_length = sample_rate, hop_length
        self.max_frames = MAX_SENTENCE_SECONDS * sample_rate // hop_length
        self.device_name = "cpu in ONNX Runtime"

        weights = GRAPH_FILE if (folder / GRAPH_FILE).is_file() else WEIGHTS

        def find(name: str) -> DeferredGraph:
            return DeferredGraph(folder / name, threads, shares=weights)

        self._text = load_graph(folder / TEXT_FILE, threads, shares=weights)
        self._wave, self._decoder = find(WAVE_FILE), find(DECODER_FILE)
        self._flow = find(FLOW_FILE) if (folder / FLOW_FILE).is_file() else None
        metadata = self._text.get_modelmeta().custom_metadata_map
        _require_match(folder, weights, metadata)
        self._lookahead = int(metadata["lookahead"])
        self._first_chunk = max(1, round(FIRST_CHUNK_SECONDS * sample_rate / hop_length))
        inputs = {entry.name: entry.shape for entry in self._text.get_inputs()}
        self.speaker_vectors = _vectors(metadata)
        self._n_speakers = int(inputs["speakers"][1]) if "speakers" in inputs else 1
        self.multilingual = "languages" in inputs
        self.has_pitch = SOURCE_N_FFT in metadata
        self._pitch = find(PITCH_FILE) if self.has_pitch else None
        self._source_n_fft = int(metadata.get(SOURCE_N_FFT, 0))

    def predict_durations(self, ids: Sequence[int], request: Request) -> list[int]:
        """Return the frames of each symbol that ``sample`` would use."""
        text = self._encode(ids, request, TorchNoise(request.seed))
        return [int(count) for count in text["durations"][0]]

    def sample(
        self, ids: Sequence[int], request: Request, durations: Sequence[int] | None = None
    ) -> SampledSentence:
        """Sample durations and latent of one sentence.

        Args:
            ids: symbol ids.
            request: of this sentence.
            durations: frames of each symbol; None: predicted. With those that would have been
                predicted, the sample is the same.

        Raises:
            VoiceError: the sentence is too long.
        """
        noise = TorchNoise(request.seed)
        text = self._encode(ids, request, noise)
        frames = text["durations"][0] if durations is None else np.array(durations, np.int64)
        n_frames = int(frames.sum())
        if n_frames > self.max_frames:
            raise VoiceError(TOO_LONG)
        mean, log_std = (np.repeat(text[name], frames, axis=2) for name in ("mean", "log_std"))
        drawn, scale = noise.normal(mean.shape), np.float32(request.settings.noise_scale)
        z: Floats = mean + drawn * np.exp(log_std) * scale
        sample = SampledSentence([int(count) for count in frames], z, text.get("conditioning"))
        if self._pitch is None:
            return sample
        hidden = np.repeat(text["hidden"], frames, axis=2)
        feed = _speaker({"hidden": hidden, "mean": mean}, sample.conditioning)
        (pitch,) = run_graph(self._pitch.session, ["pitch"], feed)
        pitch = control_pitch(pitch, frames, request)
        source = make_source(
            pitch,
            noise.normal((1, 1, n_frames * self.hop_length)),
            sample_rate=self.sample_rate,
            hop_length=self.hop_length,
            n_fft=self._source_n_fft,
        )
        return sample._replace(pitch=pitch, source=source)

    def durations(self, sample: SampledSentence) -> list[int]:
        """Return the frames of each symbol of a sampled sentence."""
        return sample.durations

    def decode(self, sample: SampledSentence) -> Samples:
        """Return the samples (L,) of a sentence; a very long one is computed in chunks."""
        n_frames = sample.z.shape[2]
        if n_frames > BATCH_FRAMES:
            sizes = chunk_sizes(n_frames, LARGEST_CHUNK, self._lookahead)
            return np.concatenate(list(self._decode_in_chunks(sample, sizes)))
        feed = _speaker({"z": sample.z, **sample.signals}, sample.conditioning)
        (wave,) = run_graph(self._wave.session, ["wave"], feed)
        return _finite(wave[0, 0])

    def decode_in_chunks(self, sample: SampledSentence) -> Iterator[Samples]:
        """Yield the samples of a sentence in growing chunks; joined, they equal ``decode``'s."""
        sizes = chunk_sizes(sample.z.shape[2], self._first_chunk, self._lookahead)
        rest = np.zeros(0, np.float32)
        for samples in self._decode_in_chunks(sample, sizes):
            samples = np.concatenate([rest, samples])
            whole = len(samples) // self.hop_length * self.hop_length
            samples, rest = samples[:whole], samples[whole:]
            if len(samples):
                yield samples

    def decode_all(
        self, samples: Sequence[SampledSentence], batch_frames: int = BATCH_FRAMES
    ) -> list[Samples]:
        """Return the samples of several sentences, those of similar length decoded in one batch.

        Args:
            samples: the sentences.
            batch_frames: most frames of one batch; a longer sentence is a batch of its own.
        """
        waves: list[Samples] = [np.zeros(0, np.float32)] * len(samples)
        group = list[int]()
        for index in sorted(range(len(samples)), key=lambda i: samples[i].z.shape[2]):
            n_frames = samples[index].z.shape[2]
            shortest = samples[group[0]].z.shape[2] if group else n_frames
            if group and ((len(group) + 1) * shortest > batch_frames or n_frames > 2 * shortest):
                self._decode_group(samples, group, waves)
                group = []
            group.append(index)
        self._decode_group(samples, group, waves)
        return waves

    def _decode_group(
        self, samples: Sequence[SampledSentence], group: Sequence[int], waves: list[Samples]
    ) -> None:
        """Decode sentences together as far as the shortest goes, and then each to its end."""
        common = min((samples[index].z.shape[2] for index in group), default=0) - 1
        if len(group) < 2 or common <= self._lookahead:
            for index in group:
                waves[index] = self.decode(samples[index])
            return
        found = [samples[index] for index in group]
        speakers = [s.conditioning for s in found if s.conditioning is not None]
        signals = [self._signals(sample) for sample in found]
        begin = {n: np.concatenate([s[n][..., :common] for s in signals]) for n in signals[0]}
        joined = np.concatenate(speakers) if speakers else None
        begun, states = self._run(begin, joined, self._initial(len(group)), first=True, last=False)
        for row, index in enumerate(group):
            own = {name: value[row : row + 1] for name, value in states.items()}
            rest = {name: value[..., common:] for name, value in signals[row].items()}
            ended, _ = self._run(rest, samples[index].conditioning, own, first=False, last=True)
            waves[index] = np.concatenate([begun[row], ended[0]])

    def _encode(self, ids: Sequence[int], request: Request, noise: TorchNoise) -> Arrays:
        """Return prior, durations and speaker of a text."""
        settings = request.settings
        feed: Arrays = {
            "ids": np.array([ids], np.int64),
            "id_lengths": np.array([len(ids)], np.int64),
            "noise_scale_duration": np.array([settings.noise_scale_duration], np.float32),
            "length_scale": np.array([settings.length_scale], np.float32),
            "duration_noise": noise.normal((1, 2, len(ids))),
        }
        if self._n_speakers > 1:
            feed["speakers"] = _shares(request.speaker, self._n_speakers)
        if isinstance(request.speaker, SpeakerVector):  # of this kind, as the voice has checked
            feed["speaker_vector"] = np.array([request.speaker.values], np.float32)
        if self.multilingual:
            feed["languages"] = np.array([request.language or 0], np.int64)
        names = [entry.name for entry in self._text.get_outputs()]
        return dict(zip(names, run_graph(self._text, names, feed), strict=True))

    def _signals(self, sample: SampledSentence) -> Arrays:
        """Return what the decoder takes frame by frame, by the names of its inputs.

        ``z`` is the prior's sample, or the latent where the flow is a graph of its own.
        """
        if self._flow is None:
            return {"z": sample.z, **sample.signals}
        feed = _speaker({"z": sample.z}, sample.conditioning)
        (latent,) = run_graph(self._flow.session, ["latent"], feed)
        return {"z": latent, **sample.signals}

    def _decode_in_chunks(self, sample: SampledSentence, sizes: Sequence[int]) -> Iterator[Samples]:
        signals, states, start = self._signals(sample), self._initial(1), 0
        for number, size in enumerate(sizes):
            last = number == len(sizes) - 1
            part = {name: value[..., start : start + size] for name, value in signals.items()}
            wave, states = self._run(part, sample.conditioning, states, first=not number, last=last)
            yield wave[0]
            start += size

    def _initial(self, batch: int) -> Arrays:
        """Return the states with which a sentence begins."""
        entries = self._decoder.session.get_inputs()
        channels = {e.name: e.shape[1] for e in entries if e.name.startswith("state_")}
        return {name: np.zeros((batch, n, 0), np.float32) for name, n in channels.items()}

    def _run(
        self,
        signals: Arrays,
        conditioning: Floats | None,
        states: Arrays,
        *,
        first: bool,
        last: bool,
    ) -> tuple[Samples, Arrays]:
        """Return a chunk of waves (B, L), and the states for the next one."""
        ends = {"first": np.array([first], np.int64), "last": np.array([last], np.int64)}
        feed = _speaker({**signals, **ends, **states}, conditioning)
        names = ["wave"] if last else ["wave", *(name.replace("state", "next") for name in states)]
        wave, *left = run_graph(self._decoder.session, names, feed)
        return _finite(wave[:, 0]), dict(zip(states, left, strict=False))


def _finite(samples: Samples) -> Samples:
    """Return samples after checking them.

    Raises:
        VoiceError: they are not finite.
    """
    if not np.isfinite(samples).all():
        raise VoiceError(NOT_FINITE)
    return samples


def _require_match(folder: Path, weights: str, metadata: Mapping[str, str]) -> None:
    """Require that the graphs were made for the weights beside them.

    Raises:
        VoiceError: the file of weights was replaced.
    """
    if weights == GRAPH_FILE:
        if metadata.get("model_bytes") != str((folder / GRAPH_FILE).stat().st_size):
            raise VoiceError(
                f"{folder / TEXT_FILE} and {GRAPH_FILE} are not of one export; {EXPORT_AGAIN}"
            )
    elif metadata.get(WEIGHTS_CHECKSUM) != checksum(folder / WEIGHTS):
        raise VoiceError(f"the graphs in {folder} were made for other weights; {ADD_AGAIN}")


def _speaker(feed: Arrays, conditioning: Floats | None) -> Mapping[str, NDArray[Any]]:
    return feed if conditioning is None else {**feed, "conditioning": conditioning}


def _vectors(metadata: Mapping[str, str]) -> SpeakerVectorsConfig | None:
    """Return the speaker vectors that a text graph takes; None: none."""
    if SPEAKER_ENCODER not in metadata:
        return None
    encoder, size = metadata[SPEAKER_ENCODER], metadata.get(SPEAKER_VECTOR_SIZE, "")
    if not size.isdecimal():
        raise VoiceError(f"{TEXT_FILE}: {SPEAKER_VECTOR_SIZE} {size!r} is no size; {EXPORT_AGAIN}")
    return SpeakerVectorsConfig(encoder=encoder, size=int(size))


def _shares(speaker: ResolvedSpeaker, n_speakers: int) -> Floats:
    """Return the weights (1, N) of a speaker or of a mix; of a vector those of any."""
    if isinstance(speaker, tuple):
        return np.array([speaker], np.float32)
    row = 0 if isinstance(speaker, SpeakerVector) else speaker  # a vector takes its place
    return np.eye(1, n_speakers, row, dtype=np.float32)
