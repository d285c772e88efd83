"""A voice in memory, in whatever runtime: text in, speech out."""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vits.errors import TextError, VoiceError
from vits.synthesis.bundle.card import Card
from vits.synthesis.request import Lengths, Options, Request, read_request
from vits.synthesis.runtime.engine import SynthesisEngine
from vits.synthesis.script.sentences import LONGEST_TEXT, Item, check_text, read_sentences
from vits.synthesis.script.ssml import read_markup
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Speaker
from vits.synthesis.speech import Speech
from vits.synthesis.stream import join, stream_speech
from vits.text import Frontend, prepare_lexicon
from vits.text.languages import find_language

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["SpeakingVoice"]

E = TypeVar("E", bound=SynthesisEngine[Any])


class SpeakingVoice(Generic[E]):
    """A voice in some runtime, ready to speak.

    Calls share nothing that changes, so one voice may speak in many threads at once.
    """

    def __init__(
        self,
        engine: E,
        frontend: Frontend,
        speakers: tuple[str, ...],
        settings: Settings,
        card: Card,
    ) -> None:
        self._engine = engine
        self._frontend = frontend
        self._speakers = speakers
        self._settings = settings
        self._card = card
        self._language: str | None = None

    @property
    def sample_rate(self) -> int:
        """Samples per second of everything the voice says (Hz)."""
        return self._engine.sample_rate

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names of the speakers by row; may be empty when there is one."""
        return self._speakers

    @property
    def languages(self) -> tuple[str, ...]:
        """Names of the languages by row; empty where there is no choice."""
        return tuple(name for name, _ in self._frontend.config.languages)

    @property
    def card(self) -> Card:
        """Origin, licence and training of the voice."""
        return self._card

    @property
    def settings(self) -> Settings:
        """How the voice speaks unless a call says otherwise."""
        return self._settings

    @property
    def frontend(self) -> Frontend:
        """How text becomes symbols."""
        return self._frontend

    @property
    def _count(self) -> int:
        """How many speakers the model has."""
        return max(1, len(self._speakers))

    def __repr__(self) -> str:
        """Describe the voice in one line."""
        return (
            f"{type(self).__name__}({self._card.name!r}, "
            f"{'/'.join(self.languages) or self._frontend.config.language}, "
            f"{self.sample_rate} Hz, {self._count} speaker{'s' * (self._count > 1)}, "
            f"{self._card.training_steps} training steps, on {self._engine.device_name})"
        )

    def __call__(
        self,
        text: str,
        *,
        speaker: Speaker | None = None,
        language: str | None = None,
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
            language: one of ``languages``, or its espeak-ng code; to be given where there are two
                or more, and only there.
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
            VoiceError: an unknown speaker or language, a value outside its range, or a length that
                cannot be.
        """
        control = Options(
            speaker=speaker,
            language=language,
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
        self, text: str, *, whole_sentences: bool = False, **control: "Unpack[Options]"
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
            VoiceError: an unknown speaker or language, or a value outside its range.
        """
        request, items = self._read(text, None, control)
        return stream_speech(self._engine, items, request, whole_sentences=whole_sentences)

    def with_lexicon(self, lexicon: Mapping[str, str]) -> "Self":
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

    def with_language(self, language: str) -> "Self":
        """Return this voice speaking one of its languages where a call names none.

        Raises:
            VoiceError: it has no such language.
        """
        voice = copy(self)
        row = voice._find_language({"language": language})
        voice._frontend = self._frontend.for_language(row)
        voice._language = language
        return voice

    def _read(
        self, text: str, longest: int | None, control: Options
    ) -> tuple[Request, Iterator[Item]]:
        """Check what is asked for; sentences are encoded as they are taken."""
        language = self._find_language(control)
        request = self._request(control)._replace(language=language)
        frontend = self._frontend.for_language(language)
        check_text(text, longest)
        if not control.get("ssml"):
            return request, read_sentences(frontend, text)
        speakers, count = self._speakers, self._count
        return request, read_markup(frontend, text, request.how, speakers, count)

    def _find_language(self, control: Mapping[str, Any]) -> int | None:
        """Return the row of the language that is asked for; None where there is no choice."""
        named = control.get("language")
        try:
            return find_language(
                self._frontend.config.languages, self._language if named is None else named
            )
        except TextError as error:
            raise VoiceError(str(error)) from error

    def _request(self, control: Mapping[str, Any]) -> Request:
        return read_request(self._settings, self._speakers, self._count, control)
