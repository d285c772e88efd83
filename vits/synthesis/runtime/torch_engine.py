"""PyTorch engine: encoded sentences in, samples out, on one device."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from torch import Tensor

from vits.audio.speaker_encoders.vector import SpeakerVector
from vits.errors import VoiceError
from vits.fast import optimize_for_inference, optimize_for_training
from vits.models.batched_decoding import decode_batched, group_by_length
from vits.models.conditioning import SpeakerVectors
from vits.models.decoder_streaming import partial_decoder
from vits.models.outputs import EncodedText, PriorSample
from vits.models.pitch import PitchControl
from vits.models.streaming import decode_in_chunks, plan_chunks
from vits.models.vits import Vits
from vits.synthesis.request import Request
from vits.synthesis.runtime.engine import (
    BATCH_FRAMES,
    MAX_SENTENCE_SECONDS,
    NOT_FINITE,
    TOO_LONG,
    Samples,
)
from vits.synthesis.runtime.isolation import isolated, neutral
from vits.synthesis.runtime.precision import choose_precision
from vits.synthesis.runtime.seeds import seeded_generator
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import ResolvedSpeaker

__all__ = ["TorchEngine", "to_samples"]

FIRST_CHUNK_SECONDS = 0.1  # enough playback to have the next chunk ready


class TorchEngine:
    """Synthesises encoded sentences: whole, in chunks, or several in one batch.

    Calls share no state. Every sentence is sampled by itself, so its length and noise do not depend
    on what else is synthesised.

    Args:
        generator: taken over and changed in place: weight norm is folded.
        device: where to compute.
        precision: as in ``Voice``.

    Attributes:
        precision: the resolved one: ``fp32``, ``bf16`` or ``plain``.

    Raises:
        VoiceError: there is no such device, or no such precision.
    """

    def __init__(
        self, generator: Vits, device: str | torch.device, precision: str = "fp32"
    ) -> None:
        self.device = _find_device(device)
        self.device_name = str(self.device)
        on_cpu = self.device.type == "cpu"
        self.precision = choose_precision(precision, on_cpu=on_cpu, stacklevel=5)
        with neutral(self.device):
            generator.fold_weight_norm()
            self.model = generator.eval().requires_grad_(False).to(self.device)
            if self.precision == "plain":
                optimize_for_training(self.model)
            else:
                optimize_for_inference(self.model, self.precision)
        audio = generator.config.audio
        self.sample_rate, self.hop_length = audio.sample_rate, audio.hop_length
        self.has_pitch = generator.config.pitch is not None
        self.speaker_vectors = generator.config.speaker_vectors
        self.max_frames = MAX_SENTENCE_SECONDS * self.sample_rate // self.hop_length
        self._first_chunk = round(FIRST_CHUNK_SECONDS * self.sample_rate / self.hop_length)
        flow = self.model.prior_flow
        # what a cut costs, in frames of the decoder or of each coupling of the flow
        # a flow that attends to whole sentences runs once
        flow_cost = (flow.receptive_radius or 0) // len(flow.couplings)
        self._cut = max(partial_decoder(self.model.decoder).cut_cost, flow_cost)

    def predict_durations(self, ids: Sequence[int], request: Request) -> list[int]:
        """Return the frames of each symbol that ``sample`` would use."""
        generator = seeded_generator(self.device, request.seed)
        with isolated(self.device), _memory_guard():
            noise = self._duration_noise(ids, generator)
            text, conditioning = self._encode(ids, request)
            return _to_list(self._predict(text, conditioning, request.settings, noise))

    def sample(
        self, ids: Sequence[int], request: Request, durations: Sequence[int] | None = None
    ) -> PriorSample:
        """Sample durations and latent of one sentence.

        Args:
            ids: symbol ids.
            request: of this sentence.
            durations: frames of each symbol; None: predicted. With those that would have been
                predicted, the latent is the same.
        """
        generator = seeded_generator(self.device, request.seed)
        with isolated(self.device), _memory_guard():
            noise = self._duration_noise(ids, generator)  # drawn first, needed or not
            text, conditioning = self._encode(ids, request)
            if durations is None:
                frames = self._predict(text, conditioning, request.settings, noise)
            else:
                frames = torch.tensor([durations], device=self.device)
            return self.model.sample_prior(
                text,
                frames,
                conditioning,
                noise_scale=request.settings.noise_scale,
                pitch_control=self._pitch_control(request),
                generator=generator,
            )

    def durations(self, sample: PriorSample) -> list[int]:
        """Return the frames of each symbol of a sampled sentence."""
        return _to_list(sample.durations)

    def decode(self, sample: PriorSample) -> Samples:
        """Return the samples (L,) of a sentence."""
        with isolated(self.device), _memory_guard():
            return to_samples(self.model.decode(sample)[0])

    def decode_in_chunks(self, sample: PriorSample) -> Iterator[Samples]:
        """Yield the samples of a sentence in growing chunks; joined, they equal ``decode``'s."""
        plan = plan_chunks(sample.z.shape[2], self._cut, self._first_chunk)
        waves = decode_in_chunks(self.model, sample, plan)
        for _ in plan:
            # not around the yield: the mode belongs to the thread, which is the caller's meanwhile
            with isolated(self.device), _memory_guard():
                samples = to_samples(next(waves))
            yield samples

    def decode_all(
        self, samples: Sequence[PriorSample], batch_frames: int = BATCH_FRAMES
    ) -> list[Samples]:
        """Return the samples of several sentences, those of similar length decoded in one batch.

        Args:
            samples: the sentences.
            batch_frames: most frames of one batch; a longer sentence is a batch of its own.
        """
        waves: dict[int, Samples] = {}
        for group in group_by_length([sample.z.shape[2] for sample in samples], batch_frames):
            with isolated(self.device), _memory_guard():
                decoded = decode_batched(self.model, [samples[index] for index in group])
                waves.update(zip(group, map(to_samples, decoded), strict=True))
        return [waves[index] for index in range(len(samples))]

    def speaker_tensor(self, speaker: ResolvedSpeaker) -> Tensor | None:
        """Return a speaker as the model takes it; None for a model of one speaker."""
        if self.model.config.n_speakers == 1:
            return None
        values = speaker.values if isinstance(speaker, SpeakerVector) else speaker
        found = torch.tensor([values], device=self.device)
        embedding = self.model.speaker_embedding
        if isinstance(speaker, tuple) and isinstance(embedding, SpeakerVectors):
            return found @ embedding.vectors
        return found

    def _encode(self, ids: Sequence[int], request: Request) -> tuple[EncodedText, Tensor | None]:
        """Encode a sentence and embed its speaker."""
        conditioning = self.model.speaker_conditioning(self.speaker_tensor(request.speaker))
        language = request.language
        languages = None if language is None else torch.tensor([language], device=self.device)
        batch = torch.tensor([ids], device=self.device)
        lengths = torch.tensor([len(ids)], device=self.device)
        return self.model.encode(batch, lengths, languages, conditioning), conditioning

    def _pitch_control(self, request: Request) -> PitchControl:
        """Return the pitch of the settings, with that of the symbols if they have their own."""
        shift, factor = request.settings.pitch, request.settings.pitch_range
        if request.symbol_pitch is None:
            return PitchControl(shift, factor)
        values = torch.tensor(request.symbol_pitch, dtype=torch.float32, device=self.device)
        shifts, factors = values.unsqueeze(1)
        return PitchControl(shift + shifts, factor * factors)

    def _predict(
        self, text: EncodedText, conditioning: Tensor | None, settings: Settings, noise: Tensor
    ) -> Tensor:
        return self.model.predict_durations(
            text,
            conditioning,
            noise_scale=settings.noise_scale_duration,
            length_scale=settings.length_scale,
            noise=noise,
            max_frames=self.max_frames,
        )

    def _duration_noise(self, ids: Sequence[int], generator: torch.Generator) -> Tensor:
        shape = (1, 2, len(ids))
        return torch.randn(shape, dtype=torch.float32, device=self.device, generator=generator)


def to_samples(wave: Tensor) -> Samples:
    """Copy a wave (1, 1, L) to the CPU as (L,) float32.

    Raises:
        VoiceError: samples are not finite.
    """
    samples: Samples = wave[0, 0].float().cpu().numpy()
    if not np.isfinite(samples).all():
        raise VoiceError(NOT_FINITE)
    return samples


def _to_list(durations: Tensor) -> list[int]:
    return cast(list[int], durations[0].tolist())  # pyright: ignore[reportUnknownMemberType]


@contextmanager
def _memory_guard() -> Generator[None]:
    """Explain a failed allocation: only long predicted durations need that much memory."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
            raise VoiceError(TOO_LONG) from error
        raise


def _find_device(device: str | torch.device) -> torch.device:
    """Return a device after checking that it works."""
    try:
        found = torch.device(device)
        torch.zeros(1, device=found)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise VoiceError(f"device {str(device)!r} cannot be used ({reason}); try cpu") from error
    return found
