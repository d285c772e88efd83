"""A voice in memory: text in, speech out."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.errors import TextError, VoiceError
from vits.synthesis.batching import BATCH_FRAMES, check_batch, speak_texts
from vits.synthesis.bundle import VoiceBundle
from vits.synthesis.card import Card
from vits.synthesis.conversion import convert_recording
from vits.synthesis.drift import warn_of_drift
from vits.synthesis.engine import Engine
from vits.synthesis.script import Sentence, check_text, read_sentences
from vits.synthesis.seeds import choose_seed
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.speakers import find_speaker
from vits.synthesis.speech import Speech
from vits.synthesis.stream import Request, join, stream_speech
from vits.text import Frontend

__all__ = ["Voice"]


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
        self._engine = Engine(bundle.generator, device)
        warn_of_drift(bundle, stacklevel=4)

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
        return self._engine.device

    def __repr__(self) -> str:
        """Describe the voice in one line."""
        count = self._config.n_speakers
        return (
            f"Voice({self._card.name!r}, {self._frontend.config.language}, {self.sample_rate} Hz, "
            f"{count} speaker{'s' * (count > 1)}, {self._card.training_steps} training steps, "
            f"on {self.device})"
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
        paragraph_silence: float | None = None,
        punctuation_silence: Mapping[str, float] | None = None,
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
            paragraph_silence: pause at an empty line (seconds), in [0, 60]; None: the voice's own.
            punctuation_silence: pause after sentences that end with certain marks (seconds), e.g.
                ``{"?": 0.4}``; None: the voice's own.
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
            paragraph_silence=paragraph_silence,
            punctuation_silence=punctuation_silence,
        )
        request = self._request(speaker, seed, how)
        check_text(text)
        sentences = list(read_sentences(self._frontend, text))
        return join(list(stream_speech(self._engine, sentences, request, whole_sentences=True)))

    def stream(
        self,
        text: str,
        *,
        speaker: str | int | None = None,
        noise_scale: float | None = None,
        noise_scale_duration: float | None = None,
        length_scale: float | None = None,
        sentence_silence: float | None = None,
        paragraph_silence: float | None = None,
        punctuation_silence: Mapping[str, float] | None = None,
        seed: int | None = None,
        whole_sentences: bool = False,
    ) -> Iterator[Speech]:
        """Speak a text of any length, chunk by chunk, as the chunks are asked for.

        Joined, the chunks have the samples of ``voice(text)`` with the same settings and seed, to
        1e-5 of the peak, and exactly its length and times. The first chunk of a sentence is small,
        so that it is there soon; later ones are larger. A pause is a chunk of its own.

        Args:
            text: at least 1 character.
            speaker: as all that follow but the last, see ``__call__``.
            noise_scale: how varied the sound is.
            noise_scale_duration: how varied the rhythm is.
            length_scale: factor on every duration.
            sentence_silence: pause between two sentences (seconds).
            paragraph_silence: pause at an empty line (seconds).
            punctuation_silence: pause after certain marks (seconds).
            seed: the same for all chunks.
            whole_sentences: one chunk for each sentence, bit for bit what ``voice(text)`` gives.

        Returns:
            Chunks. Each has the phonemes and words that start in it, with times from the start of
            the stream; ``Speech.start`` is its own place. Not to be shared by threads.

        Raises:
            TextError: the text is empty. That nothing in it can be said shows with the first
                chunk, and brackets ``[[`` that do not match when their sentence comes.
            VoiceError: an unknown speaker, or a value outside its range.
        """
        how = self._inference.override(
            noise_scale=noise_scale,
            noise_scale_duration=noise_scale_duration,
            length_scale=length_scale,
            sentence_silence=sentence_silence,
            paragraph_silence=paragraph_silence,
            punctuation_silence=punctuation_silence,
        )
        request = self._request(speaker, seed, how)
        check_text(text, longest=None)
        sentences = read_sentences(self._frontend, text)
        return stream_speech(self._engine, sentences, request, whole_sentences=whole_sentences)

    def synthesize(
        self,
        texts: Sequence[str],
        *,
        speaker: str | int | None = None,
        noise_scale: float | None = None,
        noise_scale_duration: float | None = None,
        length_scale: float | None = None,
        sentence_silence: float | None = None,
        paragraph_silence: float | None = None,
        punctuation_silence: Mapping[str, float] | None = None,
        seeds: Sequence[int | None] | None = None,
        batch_frames: int = BATCH_FRAMES,
    ) -> list[Speech]:
        """Speak many texts; sentences of about the same length are decoded together.

        Each text gets the samples it would get alone with its seed, to 1e-5 of the peak, and
        exactly the length and times.

        Args:
            texts: each as in ``__call__``.
            speaker: of all texts, as all that follow but the last two; see ``__call__``.
            noise_scale: how varied the sound is.
            noise_scale_duration: how varied the rhythm is.
            length_scale: factor on every duration.
            sentence_silence: pause between two sentences (seconds).
            paragraph_silence: pause at an empty line (seconds).
            punctuation_silence: pause after certain marks (seconds).
            seeds: one for each text; None: new ones.
            batch_frames: frames decoded at once, at least 1: more is faster on a GPU and takes
                more memory. A longer sentence is decoded by itself.

        Raises:
            TextError: as in ``__call__``; the message tells which text.
            VoiceError: as in ``__call__``, or not as many seeds as texts.
        """
        how = self._inference.override(
            noise_scale=noise_scale,
            noise_scale_duration=noise_scale_duration,
            length_scale=length_scale,
            sentence_silence=sentence_silence,
            paragraph_silence=paragraph_silence,
            punctuation_silence=punctuation_silence,
        )
        requests = [
            self._request(speaker, seed, how) for seed in check_batch(texts, seeds, batch_frames)
        ]
        scripts: list[list[Sentence]] = []
        for index, text in enumerate(texts):
            try:
                check_text(text)
                scripts.append(list(read_sentences(self._frontend, text)))
            except TextError as error:
                raise TextError(f"text {index}: {error}") from error
        return speak_texts(self._engine, scripts, requests, batch_frames)

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
        how = self._inference.override(noise_scale=noise_scale)
        request = self._request(source, seed, how)
        row = find_speaker(self._speakers, count, target)
        return convert_recording(self._engine, wave, sample_rate, request, row)

    def _request(
        self, speaker: str | int | None, seed: int | None, how: InferenceConfig
    ) -> Request:
        row = find_speaker(self._speakers, self._config.n_speakers, speaker)
        return Request(row, how, choose_seed(seed))
