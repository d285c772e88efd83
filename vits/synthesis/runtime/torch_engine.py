"""A generator on a device: encoded sentences in, samples out."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.models.drawing import draw_durations, draw_prior
from vits.models.fast import make_fast
from vits.models.outputs import PriorDraw
from vits.models.streaming import plan_chunks, speak_in_chunks
from vits.models.together import speak_together
from vits.models.vits import Vits
from vits.synthesis.runtime.engine import MAX_SENTENCE_SECONDS, NOT_FINITE, TOO_LONG, Samples
from vits.synthesis.runtime.precision import choose_precision
from vits.synthesis.runtime.seeds import Chance, seeded_generator
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Who

__all__ = ["Engine", "to_samples"]

FIRST_CHUNK_SECONDS = 0.1  # a sound: time enough to have the next chunk ready


class Engine:
    """Speaks one encoded sentence, whole or in chunks, or many at once.

    Calls share nothing that changes. Every sentence is drawn by itself: so its length and its noise
    are the same whatever is spoken beside it.

    Args:
        generator: becomes the engine's own and is changed in place: weight norm is folded.
        device: where to compute.
        precision: as in ``Voice``.

    Attributes:
        precision: the one that was chosen: ``fp32``, ``bf16`` or ``plain``.

    Raises:
        VoiceError: there is no such device, or no such precision.
    """

    def __init__(
        self, generator: Vits, device: str | torch.device, precision: str = "fp32"
    ) -> None:
        self.device = _find_device(device)
        self.place = str(self.device)
        on_processor = self.device.type == "cpu"
        self.precision = choose_precision(precision, on_processor=on_processor, stacklevel=5)
        generator.fold_weight_norm()
        self.model = generator.eval().requires_grad_(False).to(self.device)
        if self.precision != "plain":
            make_fast(self.model, bf16=self.precision == "bf16")
        audio = generator.config.audio
        self.sample_rate, self.hop_length = audio.sample_rate, audio.hop_length
        self.max_frames = MAX_SENTENCE_SECONDS * self.sample_rate // self.hop_length
        self._first_chunk = round(FIRST_CHUNK_SECONDS * self.sample_rate / self.hop_length)
        flow = self.model.prior_flow
        # what a cut costs, in frames of the decoder or of each coupling of the flow
        self._cut = max(self.model.decoder.cut, flow.context // len(flow.couplings))

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
        generator = seeded_generator(self.device, *chance)
        with torch.inference_mode(), _memory_guard():
            durations = draw_durations(
                self.model,
                torch.tensor([ids], device=self.device),
                torch.tensor([len(ids)], device=self.device),
                self.name_speaker(who),
                self._name_language(language),
                noise_scale_duration=how.noise_scale_duration,
                length_scale=how.length_scale,
                duration_noise=self._duration_noise(ids, generator),
                max_frames=self.max_frames,
            )
        return cast(list[int], durations[0].tolist())  # pyright: ignore[reportUnknownMemberType]

    def draw(
        self,
        ids: Sequence[int],
        who: Who,
        how: Settings,
        chance: Chance,
        durations: Sequence[int] | None = None,
        *,
        language: int | None = None,
    ) -> PriorDraw:
        """Draw durations and latent of one sentence.

        Args:
            ids: rows of the symbol table.
            who: the speaker.
            how: the settings.
            chance: of this sentence.
            durations: frames of each symbol; None: drawn. Where they are those that would have been
                drawn, the latent is the same too.
            language: row of the language embedding; None where there is none.
        """
        generator = seeded_generator(self.device, *chance)
        with torch.inference_mode(), _memory_guard():
            given = None if durations is None else torch.tensor([durations], device=self.device)
            return draw_prior(
                self.model,
                torch.tensor([ids], device=self.device),
                torch.tensor([len(ids)], device=self.device),
                self.name_speaker(who),
                self._name_language(language),
                noise_scale=how.noise_scale,
                noise_scale_duration=how.noise_scale_duration,
                length_scale=how.length_scale,
                durations=given,
                duration_noise=self._duration_noise(ids, generator),
                generator=generator,
                max_frames=self.max_frames,
            )

    def frames(self, drawn: PriorDraw) -> list[int]:
        """Return the frames of each symbol of a sentence."""
        return cast(list[int], drawn.durations[0].tolist())  # pyright: ignore[reportUnknownMemberType]

    def name_speaker(self, who: Who) -> Tensor | None:
        """Return a speaker as the model takes it; None where it has only one."""
        if self.model.config.n_speakers == 1:
            return None
        return torch.tensor([who], device=self.device)

    def _name_language(self, language: int | None) -> Tensor | None:
        return None if language is None else torch.tensor([language], device=self.device)

    def _duration_noise(self, ids: Sequence[int], generator: torch.Generator) -> Tensor:
        return torch.randn((1, 2, len(ids)), device=self.device, generator=generator)

    def speak(self, drawn: PriorDraw) -> Samples:
        """Return the samples (L,) of a sentence."""
        with torch.inference_mode(), _memory_guard():
            return to_samples(self.model.decode_prior(drawn)[0])

    def speak_in_chunks(self, drawn: PriorDraw) -> Iterator[Samples]:
        """Yield the samples of a sentence in growing chunks; joined, they are ``speak``'s."""
        plan = plan_chunks(drawn.z.shape[2], self._cut, self._first_chunk)
        waves = speak_in_chunks(self.model, drawn, plan)
        for _ in plan:
            # not around the yield: the mode is the thread's, and the caller's in between
            with torch.inference_mode(), _memory_guard():
                samples = to_samples(next(waves))
            yield samples

    def speak_together(self, draws: Sequence[PriorDraw]) -> list[Samples]:
        """Return the samples of several sentences, decoded in one batch."""
        with torch.inference_mode(), _memory_guard():
            return [to_samples(wave) for wave in speak_together(self.model, draws)]


def to_samples(wave: Tensor) -> Samples:
    """Bring a wave (1, 1, L) to the CPU as (L,) float32.

    Raises:
        VoiceError: samples are not finite.
    """
    samples: Samples = wave[0, 0].float().cpu().numpy()
    if not np.isfinite(samples).all():
        raise VoiceError(NOT_FINITE)
    return samples


@contextmanager
def _memory_guard() -> Generator[None]:
    """Explain a failed allocation: nothing but the predicted durations makes it that large."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
            raise VoiceError(TOO_LONG) from error
        raise


def _find_device(device: str | torch.device) -> torch.device:
    """Return the device, once it is known to work."""
    try:
        found = torch.device(device)
        torch.zeros(1, device=found)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise VoiceError(f"device {str(device)!r} cannot be used ({reason}); try cpu") from error
    return found
