"""A voice in memory: text in, speech out."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.errors import VoiceError
from vits.models.vits import Vits
from vits.synthesis.bundle import VoiceBundle
from vits.synthesis.card import Card
from vits.synthesis.recording import prepare_recording
from vits.synthesis.script import encode_sentences
from vits.synthesis.seeds import choose_seed, seeded_generator
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.speakers import find_speaker
from vits.synthesis.speech import Speech, Timing
from vits.synthesis.timing import time_symbols
from vits.text import Encoding, Frontend, describe_drift

__all__ = ["FrontendDriftWarning", "Voice"]

# A sentence of 400 characters lasts half a minute; twenty times that is no speech any more.
MAX_SENTENCE_SECONDS = 600
TOO_LONG = (
    "a sentence came out too long for the memory; use a smaller noise_scale_duration or "
    "length_scale, or train the voice for longer"
)


class FrontendDriftWarning(UserWarning):
    """The front end is not the one the voice was trained with."""


class Voice:
    """A trained voice, ready to speak.

    Calls share nothing that changes, so one voice may speak in many threads at once.
    """

    def __init__(self, bundle: VoiceBundle, device: str | torch.device = "cpu") -> None:
        """Build the generator and put it on a device.

        Args:
            bundle: everything a voice consists of. Its generator becomes this voice's own and is
                changed in place, so that it can no longer be written or trained.
            device: where to compute, e.g. ``cpu``, ``cuda`` or ``cuda:1``.

        Warns:
            FrontendDriftWarning: this machine's front end differs from the one in training.

        Raises:
            VoiceError: there is no such device.
        """
        self._config = bundle.generator.config
        self._frontend = bundle.frontend
        self._speakers = bundle.speakers
        self._inference = bundle.inference
        self._card = bundle.card
        self._device = _find_device(device)
        self._model = _prepare(bundle.generator).to(self._device)
        drift = describe_drift(bundle.fingerprint, bundle.frontend.fingerprint())
        if drift:
            warnings.warn(
                f"voice {self._card.name}: text may be read differently than in training: "
                f"{'; '.join(drift)}",
                FrontendDriftWarning,
                stacklevel=3,
            )

    @property
    def sample_rate(self) -> int:
        """Samples per second of everything the voice says (Hz)."""
        return self._config.audio.sample_rate

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names of the speakers by row; may be empty when there is one."""
        return self._speakers

    @property
    def card(self) -> Card:
        """Origin, licence and training of the voice."""
        return self._card

    @property
    def inference(self) -> InferenceConfig:
        """How the voice speaks unless a call says otherwise."""
        return self._inference

    @property
    def frontend(self) -> Frontend:
        """How text becomes symbols."""
        return self._frontend

    @property
    def device(self) -> torch.device:
        """Where the voice computes."""
        return self._device

    def __repr__(self) -> str:
        """Describe the voice in one line."""
        count = self._config.n_speakers
        return (
            f"Voice({self._card.name!r}, {self._frontend.config.language}, {self.sample_rate} Hz, "
            f"{count} speaker{'s' * (count > 1)}, {self._card.training_steps} training steps, "
            f"on {self._device})"
        )

    def __call__(
        self,
        text: str,
        *,
        speaker: str | int | None = None,
        noise_scale: float | None = None,
        noise_scale_duration: float | None = None,
        length_scale: float | None = None,
        sentence_silence: float | None = None,
        seed: int | None = None,
    ) -> Speech:
        """Speak a text, sentence by sentence.

        Args:
            text: 1 to 100,000 characters.
            speaker: a name or a row of ``speakers``; None: the first.
            noise_scale: how varied the sound is, at least 0; None: the voice's own.
            noise_scale_duration: how varied the rhythm is, at least 0; None: the voice's own.
            length_scale: factor on every duration, in (0, 10]; None: the voice's own.
            sentence_silence: pause between two sentences (seconds), in [0, 60]; None: the
                voice's own.
            seed: from 0 to 2**63 - 1; the same seed gives the same samples on the same machine.
                None: a new one, found in ``Speech.seed``.

        Warns:
            UnknownSymbolWarning: symbols that the voice does not know are not spoken.
            SkippedSentenceWarning: whole sentences have nothing that the voice can say.

        Raises:
            TextError: the text is empty, too long, or has nothing that this voice can say.
            VoiceError: an unknown speaker, or a value outside its range.
        """
        how = self._inference.override(
            noise_scale=noise_scale,
            noise_scale_duration=noise_scale_duration,
            length_scale=length_scale,
            sentence_silence=sentence_silence,
        )
        row = find_speaker(self._speakers, self._config.n_speakers, speaker)
        seed = choose_seed(seed)
        rate = self.sample_rate
        waves: list[NDArray[np.float32]] = []
        phonemes: list[Timing] = []
        words: list[Timing] = []
        position = 0
        silence = np.zeros(round(how.sentence_silence * rate), np.float32)
        for index, encoding in enumerate(encode_sentences(self._frontend, text)):
            if index:
                waves.append(silence)
                position += len(silence)
            wave, durations = self._speak(
                encoding, row, how, seeded_generator(self._device, seed, index)
            )
            frame_seconds = self._config.audio.hop_length / rate
            timed = time_symbols(encoding, durations, frame_seconds, position / rate)
            phonemes += timed[0]
            words += timed[1]
            waves.append(wave)
            position += len(wave)
        return Speech(np.concatenate(waves), rate, tuple(phonemes), tuple(words), seed)

    def convert(
        self,
        wave: NDArray[np.floating] | Tensor,
        sample_rate: int,
        source: str | int,
        target: str | int,
        *,
        noise_scale: float = 1.0,
        seed: int | None = None,
    ) -> Speech:
        """Say a recording of one of the voice's speakers with the voice of another.

        Source: Kim et al. 2021, section 4.4.

        Args:
            wave: (L,) floating point in [-1, 1], at most 5 minutes.
            sample_rate: of ``wave`` (Hz); it is resampled to the voice's own.
            source: who speaks in ``wave``: a name or a row of ``speakers``.
            target: who is to speak.
            noise_scale: factor on the posterior's standard deviation, at least 0.
            seed: from 0 to 2**63 - 1; None: a new one.

        Returns:
            Speech without phonemes and words.

        Raises:
            VoiceError: the voice has one speaker, or not this one, or a value is out of range.
            AudioError: ``wave`` is not (L,), not finite, too short or too long.
        """
        count = self._config.n_speakers
        if count == 1:
            raise VoiceError(
                f"voice {self._card.name} has one speaker; conversion needs two or more"
            )
        rows = [find_speaker(self._speakers, count, speaker) for speaker in (source, target)]
        how = self._inference.override(noise_scale=noise_scale)
        seed = choose_seed(seed)
        with torch.inference_mode():
            spectrogram = prepare_recording(wave, sample_rate, self._config.audio, self._device)
            lengths = torch.tensor([spectrogram.shape[-1]], device=self._device)
            ids = torch.tensor(rows, device=self._device)
            spoken = self._model.convert(
                spectrogram,
                lengths,
                ids[:1],
                ids[1:],
                noise_scale=how.noise_scale,
                generator=seeded_generator(self._device, seed, 0),
            )
        return Speech(_to_samples(spoken.wave), self.sample_rate, seed=seed)

    def _speak(
        self, encoding: Encoding, row: int, how: InferenceConfig, generator: torch.Generator
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Speak one sentence: its samples (L,) and the frames of each of its symbols."""
        several = self._config.n_speakers > 1
        with torch.inference_mode(), _memory_guard():
            spoken = self._model.speak(
                torch.tensor([encoding.ids], device=self._device),
                torch.tensor([len(encoding.ids)], device=self._device),
                torch.tensor([row], device=self._device) if several else None,
                noise_scale=how.noise_scale,
                noise_scale_duration=how.noise_scale_duration,
                length_scale=how.length_scale,
                generator=generator,
                max_frames=MAX_SENTENCE_SECONDS * self.sample_rate // self._config.audio.hop_length,
            )
        durations = cast(list[int], spoken.durations[0].tolist())  # pyright: ignore[reportUnknownMemberType]
        return _to_samples(spoken.wave), durations


def _prepare(generator: Vits) -> Vits:
    """Fix a generator for speaking, without weight normalisation."""
    generator.fold_weight_norm()
    return generator.eval().requires_grad_(False)


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


def _to_samples(wave: Tensor) -> NDArray[np.float32]:
    """Bring a wave (1, 1, L) to the CPU as (L,) float32."""
    samples: NDArray[np.float32] = wave[0, 0].float().cpu().numpy()
    if not np.isfinite(samples).all():
        raise VoiceError(
            "the voice gave samples that are not finite; use smaller noise scales, "
            "or bundle the voice again from an intact checkpoint"
        )
    return samples
