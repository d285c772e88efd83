"""A voice in memory: text in, speech out."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from vits.synthesis.markup import read_markup
from vits.synthesis.request import Control, Lengths, Request, Settings, read_request
from vits.synthesis.script import LONGEST_TEXT, Item, Sentence, check_text, read_sentences
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.speakers import Speaker, find_who
from vits.synthesis.speech import Speech
from vits.synthesis.stream import join, stream_speech
from vits.text import Frontend, prepare_lexicon

if TYPE_CHECKING:
    from typing_extensions import Unpack

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
        speaker: Speaker | None = None,
        noise_scale: float | None = None,
        noise_scale_duration: float | None = None,
        length_scale: float | None = None,
        sentence_silence: float | None = None,
        paragraph_silence: float | None = None,
        punctuation_silence: Mapping[str, float] | None = None,
        seed: int | None = None,
        seconds: float | None = None,
        word_seconds: Lengths | None = None,
        phoneme_seconds: Lengths | None = None,
        ssml: bool = False,
    ) -> Speech:
        """Speak a text, sentence by sentence.

        Args:
            text: 1 to 100,000 characters; ``[[...]]`` in it are phonemes.
            speaker: a name or a row of ``speakers``, or a mix of them with positive weights, of
                which the proportions count: ``{"ada": 0.7, "bob": 0.3}``; None: the first.
            noise_scale: how varied the sound is, at least 0; None: the voice's own.
            noise_scale_duration: how varied the rhythm is, at least 0; None: the voice's own.
            length_scale: factor on every duration, in (0, 10]; None: the voice's own.
            sentence_silence: pause between sentences (seconds), in [0, 60]; None: the voice's own.
            paragraph_silence: the same at an empty line.
            punctuation_silence: the same after sentences that end with certain marks, e.g.
                ``{"?": 0.4}``.
            seed: from 0 to 2**63 - 1; the same seed gives the same samples on the same machine.
                None: a new one, found in ``Speech.seed``.
            seconds: how long the whole is to last, to the nearest frame: durations are stretched
                or squeezed in proportion, pauses stay. None: as long as it takes.
            word_seconds: how long some words last, by their place in ``Speech.words``: ``{2: 0.8}``
                or a list with None for the others.
            phoneme_seconds: the same for phonemes, by their place in ``Speech.phonemes``.
            ssml: the text is SSML, see docs/control.md.

        Warns:
            UnknownSymbolWarning: symbols that the voice does not know are not spoken.
            SkippedSentenceWarning: whole sentences have nothing that the voice can say.

        Raises:
            TextError: the text is empty, too long, has nothing that this voice can say, or is no
                SSML of the kind that is understood.
            VoiceError: an unknown speaker, a value outside its range, or a length that cannot be.
        """
        control = Control(
            speaker=speaker,
            noise_scale=noise_scale,
            noise_scale_duration=noise_scale_duration,
            length_scale=length_scale,
            sentence_silence=sentence_silence,
            paragraph_silence=paragraph_silence,
            punctuation_silence=punctuation_silence,
            seed=seed,
            seconds=seconds,
            word_seconds=word_seconds,
            phoneme_seconds=phoneme_seconds,
            ssml=ssml,
        )
        request, items = self._read(text, LONGEST_TEXT, control)
        return join(list(stream_speech(self._engine, list(items), request, whole_sentences=True)))

    def stream(
        self, text: str, *, whole_sentences: bool = False, **control: "Unpack[Control]"
    ) -> Iterator[Speech]:
        """Speak a text of any length, chunk by chunk, as the chunks are asked for.

        Joined, the chunks have the samples of ``voice(text)`` with the same settings and seed, to
        1e-5 of the peak, and exactly its length and times. The first chunk of a sentence is small,
        so that it is there soon; later ones are larger. A pause is a chunk of its own.

        Args:
            text: at least 1 character.
            whole_sentences: one chunk for each sentence, bit for bit what ``voice(text)`` gives.
            **control: everything that ``__call__`` takes. With ``seconds``, ``word_seconds`` or
                ``phoneme_seconds`` the whole text is read before the first chunk comes, and SSML,
                which has at most 1,000,000 characters, is read at once.

        Returns:
            Chunks. Each has the phonemes and words that start in it, with times from the start of
            the stream; ``Speech.start`` is its own place. Not to be shared by threads.

        Raises:
            TextError: the text is empty, or no SSML. That nothing in it can be said shows with the
                first chunk, and brackets ``[[`` that do not match when their sentence comes.
            VoiceError: an unknown speaker, or a value outside its range.
        """
        request, items = self._read(text, None, control)
        return stream_speech(self._engine, items, request, whole_sentences=whole_sentences)

    def synthesize(
        self,
        texts: Sequence[str],
        *,
        seeds: Sequence[int | None] | None = None,
        batch_frames: int = BATCH_FRAMES,
        **settings: "Unpack[Settings]",
    ) -> list[Speech]:
        """Speak many texts; sentences of about the same length are decoded together.

        Each text gets the samples it would get alone with its seed, to 1e-5 of the peak, and
        exactly the length and times.

        Args:
            texts: each as in ``__call__``.
            seeds: one for each text; None: new ones.
            batch_frames: frames decoded at once, at least 1; a longer sentence is alone.
            **settings: of all texts: ``speaker``, the scales and the silences of ``__call__``.

        Raises:
            TextError: as in ``__call__``; the message tells which text.
            VoiceError: as in ``__call__``, or not as many seeds as texts.
        """
        requests = [
            self._request({**settings, "seed": seed})
            for seed in check_batch(texts, seeds, batch_frames)
        ]
        scripts: list[list[Sentence]] = []
        for index, text in enumerate(texts):
            try:
                check_text(text)
                scripts.append(list(read_sentences(self._frontend, text)))
            except TextError as error:
                raise TextError(f"text {index}: {error}") from error
        return speak_texts(self._engine, scripts, requests, batch_frames)

    def with_lexicon(self, lexicon: Mapping[str, str]) -> "Voice":
        """Return this voice with more words whose pronunciation is given; the model is shared.

        Args:
            lexicon: words and their phonemes, which win over the voice's own; read a file with
                ``vits.text.read_lexicon``.

        Raises:
            TextError: an entry breaks a rule.
        """
        own = self._frontend
        words = own.lexicon | prepare_lexicon(lexicon)
        voice = copy(self)
        voice._frontend = Frontend(own.config, own.symbols, words)
        return voice

    def convert(
        self,
        wave: NDArray[np.floating] | Tensor | str | Path,
        sample_rate: int | None = None,
        source: Speaker | None = None,
        target: Speaker | None = None,
        *,
        noise_scale: float = 1.0,
        seed: int | None = None,
    ) -> Speech:
        """Say a recording of one of the voice's speakers with the voice of another.

        Source: Kim et al. 2021, section 4.4.

        Args:
            wave: (L,) floating point in [-1, 1], or a file, whose channels are mixed; at most 5
                minutes.
            sample_rate: of ``wave`` (Hz); it is resampled to the voice's own. A file has its own.
            source: who speaks in ``wave``, as ``speaker`` in ``__call__``; must be given.
            target: who is to speak; must be given.
            noise_scale: factor on the posterior's standard deviation, at least 0.
            seed: from 0 to 2**63 - 1; None: a new one.

        Returns:
            Speech without phonemes and words.

        Raises:
            VoiceError: the voice has one speaker, or not this one, or is compact, or a value is out
                of range.
            AudioError: ``wave`` is not (L,), not finite, too short or too long.
            MissingFileError: there is no such file.
        """
        count = self._config.n_speakers
        if count == 1:
            raise VoiceError(f"voice {self._card.name} has one speaker; conversion needs two")
        if source is None or target is None:
            raise VoiceError("conversion needs both source and target: who speaks, and who is to")
        request = self._request({"seed": seed, "speaker": source, "noise_scale": noise_scale})
        who = find_who(self._speakers, count, target)
        return convert_recording(self._engine, wave, sample_rate, request, who)

    def _read(
        self, text: str, longest: int | None, control: Control
    ) -> tuple[Request, Iterator[Item]]:
        """Check what is asked for; sentences are encoded as they are taken."""
        request = self._request(control)
        check_text(text, longest)
        if not control.get("ssml"):
            return request, read_sentences(self._frontend, text)
        speakers, count = self._speakers, self._config.n_speakers
        return request, read_markup(self._frontend, text, request.how, speakers, count)

    def _request(self, control: Mapping[str, Any]) -> Request:
        return read_request(self._inference, self._speakers, self._config.n_speakers, control)
