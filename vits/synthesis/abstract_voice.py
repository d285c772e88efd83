"""Base class of voices: text in, speech out, in any runtime."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from vits.audio.speaker_encoders.encoder import SpeakerEncoder
from vits.audio.speaker_encoders.vector import SpeakerVector
from vits.errors import TextError, VoiceError
from vits.synthesis.batching import synthesize_batch
from vits.synthesis.bundle.card import Card
from vits.synthesis.request import (
    BatchOptions,
    Options,
    Request,
    batch_options,
    make_request,
)
from vits.synthesis.runtime.engine import BATCH_FRAMES, SynthesisEngine
from vits.synthesis.script.sentences import (
    LONGEST_TEXT,
    Item,
    Sentence,
    check_text,
    read_sentences,
)
from vits.synthesis.script.ssml import read_ssml
from vits.synthesis.settings import Settings, require_no_pitch
from vits.synthesis.speaker_files import embed_recordings, require_vector
from vits.synthesis.speakers import Speaker, is_file_name
from vits.synthesis.speech import Speech
from vits.synthesis.stream import join, stream_speech
from vits.synthesis.turns import SpeechInTurns
from vits.text import Frontend, prepare_lexicon
from vits.text.aligned import AlignedText
from vits.text.language_ids import find_language
from vits.text.markup import strip_markup

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["AbstractVoice"]

E = TypeVar("E", bound=SynthesisEngine[Any])


class AbstractVoice(Generic[E]):
    """A voice in some runtime.

    Calls share no state, so one voice may speak in many threads at once.
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
        """Samples per second of the voice's speech (Hz)."""
        return self._engine.sample_rate

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names of the speakers by index; may be empty if there is one."""
        return self._speakers

    @property
    def languages(self) -> tuple[str, ...]:
        """Names of the languages by index; empty if there is no choice."""
        return tuple(name for name, _ in self._frontend.config.languages)

    @property
    def has_pitch(self) -> bool:
        """Whether the settings ``pitch`` and ``pitch_range`` can be changed."""
        return self._engine.has_pitch

    @property
    def card(self) -> Card:
        """Origin, licence and training of the voice."""
        return self._card

    @property
    def settings(self) -> Settings:
        """How the voice speaks unless a call overrides it."""
        return self._settings

    @property
    def frontend(self) -> Frontend:
        """The front end, which turns text into symbols."""
        return self._frontend

    def __repr__(self) -> str:
        """Describe the voice in one line."""
        count = max(1, len(self._speakers))
        return (
            f"{type(self).__name__}({self._card.name!r}, "
            f"{'/'.join(self.languages) or self._frontend.config.language}, "
            f"{self.sample_rate} Hz, {count} speaker{'s' * (count > 1)}, "
            f"{self._card.training_steps} training steps, on {self._engine.device_name})"
        )

    def __call__(self, text: str, **options: "Unpack[Options]") -> Speech:
        """Speak a text, sentence by sentence.

        Args:
            text: 1 to 100,000 characters; ``[[...]]`` in it are phonemes.
            **options: the fields of ``Settings`` (noise, pace, pitch, pauses), ``speaker``,
                ``language``, ``markup``, ``seed``, ``seconds``, ``word_seconds``,
                ``phoneme_seconds``, ``word_pitch``, ``phoneme_pitch`` and ``ssml``, see
                ``Options``. What is None or left out is the voice's own.

        Warns:
            UnknownSymbolWarning: symbols that the voice does not know are not spoken.
            SkippedSentenceWarning: sentences without anything the voice can speak are left out.

        Raises:
            TextError: the text is empty, too long, has nothing that this voice can speak, or is
                not valid SSML.
            VoiceError: an unknown option, speaker or language, a value outside its range, or an
                impossible length.
        """
        request, items = self._read(text, LONGEST_TEXT, options)
        return join(list(stream_speech(self._engine, list(items), request, whole_sentences=True)))

    def stream(
        self, text: str, *, whole_sentences: bool = False, **options: "Unpack[Options]"
    ) -> Iterator[Speech]:
        """Speak a text of any length in chunks, each computed when it is requested.

        Joined, the chunks equal ``voice(text)`` with the same options and seed: the samples to 1e-5
        of the peak, length and times exactly. The first chunk of a sentence is small, so that
        playback can start early; later ones are larger. A pause is a chunk of its own.

        Args:
            text: at least 1 character.
            whole_sentences: yield one chunk for each sentence, bit for bit as in ``voice(text)``.
            **options: as in ``__call__``. With lengths or pitches of words and phonemes, or
                ``seconds``, the whole text is read before the first chunk. SSML is parsed at once
                and has at most 1,000,000 characters.

        Returns:
            Chunks with the phonemes and words that start in them and times from the start of the
            stream; ``Speech.start`` is the start of the chunk. Not to be shared between threads.

        Raises:
            TextError: the text is empty, or not valid SSML. A text with nothing to speak raises at
                the first chunk, unbalanced brackets ``[[`` when their sentence is reached.
            VoiceError: as in ``__call__``.
        """
        request, items = self._read(text, None, options)
        return stream_speech(self._engine, items, request, whole_sentences=whole_sentences)

    def in_turns(self, text: str, **options: "Unpack[Options]") -> SpeechInTurns[Any]:
        """Begin a text that is spoken sentence by sentence, in turns with others, by a server.

        Args:
            text: 1 to 100,000 characters.
            **options: as in ``__call__``, without lengths.

        Raises:
            TextError: the text is empty, too long, or its first sentence cannot be read.
            VoiceError: as in ``__call__``, or lengths are given.
        """
        request, items = self._read(text, LONGEST_TEXT, options)
        if request.lengths is not None or request.pitches is not None:
            raise VoiceError(
                "lengths, and pitches of words and phonemes, need the whole text at once: "
                "call the voice"
            )
        return SpeechInTurns(self._engine, items, request)

    @overload
    def synthesize(self, text: str, **options: "Unpack[Options]") -> Speech: ...

    @overload
    def synthesize(
        self,
        text: list[str] | tuple[str, ...],
        *,
        seeds: Sequence[int | None] | None = None,
        each: Sequence[BatchOptions] | None = None,
        batch_frames: int | None = None,
        **options: "Unpack[BatchOptions]",
    ) -> list[Speech]: ...

    def synthesize(
        self,
        text: Any,
        *,
        seeds: Sequence[int | None] | None = None,
        each: Sequence[BatchOptions] | None = None,
        batch_frames: int | None = None,
        **options: Any,
    ) -> Speech | list[Speech]:
        """Speak one text, as ``__call__`` does, or a list of texts in batches.

        In a batch each text gets the samples that it gets alone with its seed, to 1e-5 of the peak,
        and exactly the length and times.

        Args:
            text: one text, or a list of texts.
            seeds: of a list of texts, one for each; None: new ones.
            each: options of each text of a list, which override those of all, e.g.
                ``[{"speaker": "ada"}, {"speaker": "bob", "length_scale": 1.2}]``.
            batch_frames: most frames that are decoded at once, at least 1; None: 2048. A longer
                sentence is a batch of its own.
            **options: as in ``__call__``; for a list of texts without the seed, the lengths and
                ``ssml``.

        Returns:
            ``Speech`` for a str, and a list of ``Speech`` for a list.

        Raises:
            TextError: as in ``__call__``; for a list the message names the text by its index.
            VoiceError: as in ``__call__``, or ``seeds`` or ``each`` are not as many as the texts.
        """
        if isinstance(text, str):
            given = {"seeds": seeds, "each": each, "batch_frames": batch_frames}
            for name, value in given.items():
                if value is not None:
                    raise VoiceError(f"{name} is for a list of texts; leave it out for one text")
            return self(text, **cast(Options, options))
        if batch_frames is not None and batch_frames < 1:
            raise VoiceError(f"batch_frames {batch_frames} must be at least 1")
        options_of = batch_options(text, seeds, each, cast(BatchOptions, options))
        return self._synthesize_batch(text, options_of, batch_frames)

    def _synthesize_batch(
        self, texts: Sequence[str], options: Sequence[Options], batch_frames: int | None
    ) -> list[Speech]:
        """Speak several texts, each with its options."""
        requests: list[Request] = []
        sentences: list[list[Sentence]] = []
        for index, (text, own) in enumerate(zip(texts, options, strict=True)):
            try:
                request = self._request(own)
                check_text(text)
                frontend = self._frontend.for_language(request.language)
                requests.append(request)
                visible = self._visible_text(text, own)
                sentences.append(list(read_sentences(frontend, visible)))
            except (TextError, VoiceError) as error:
                raise type(error)(f"text {index}: {error}") from error
        return synthesize_batch(self._engine, sentences, requests, batch_frames or BATCH_FRAMES)

    def with_lexicon(self, lexicon: Mapping[str, str]) -> "Self":
        """Return this voice with additional pronunciations; the model is shared.

        Args:
            lexicon: words and their phonemes, which take precedence over the voice's own; read a
                file with ``vits.text.read_lexicon``.

        Raises:
            TextError: an invalid entry.
        """
        own = self._frontend
        words = own.lexicon | prepare_lexicon(lexicon)
        voice = copy(self)
        voice._frontend = Frontend(own.config, own.symbols, words)
        return voice

    def with_language(self, language: str) -> "Self":
        """Return this voice with a default language; the model is shared.

        Raises:
            VoiceError: the voice has no such language.
        """
        voice = copy(self)
        index = voice._find_language(language)
        voice._frontend = self._frontend.for_language(index)
        voice._language = language
        return voice

    def speaker_vector(
        self, *recordings: str | Path, encoder: SpeakerEncoder | None = None
    ) -> SpeakerVector:
        """Return the vector of a speaker, for the option ``speaker``.

        Args:
            recordings: audio files of one speaker, each of a second to 5 minutes, whose vectors
                are averaged; a file that ``SpeakerVector.write`` wrote counts as one.
            encoder: the speaker encoder that the voice was trained with; None: opened by its name.

        Raises:
            VoiceError: the voice was not trained with speaker vectors, or with those of another
                encoder.
            AudioError: a file is no recording, is silent, or has too little speech.
            MissingExtraError: the package of the encoder is not installed.
            MissingFileError: there is no such file.
        """
        return embed_recordings(self._engine.speaker_vectors, self._card.name, recordings, encoder)

    def check_pitch(self, settings: Mapping[str, object]) -> None:
        """Raise if settings change the pitch, and the voice has none.

        Args:
            settings: some settings by name; None: the voice's own.

        Raises:
            VoiceError: the message names the setting.
        """
        if not self.has_pitch:
            require_no_pitch(settings, self._card.name)

    def _read(
        self, text: str, longest: int | None, options: Options
    ) -> tuple[Request, Iterator[Item]]:
        """Check a text and its options; sentences are encoded when they are consumed."""
        request = self._request(options)
        frontend = self._frontend.for_language(request.language)
        check_text(text, longest)
        if not options.get("ssml"):
            return request, read_sentences(frontend, self._visible_text(text, options))
        items = read_ssml(
            frontend, text, request.settings, self._speakers, has_pitch=self.has_pitch
        )
        return request, items

    def _visible_text(self, text: str, options: Options) -> AlignedText:
        """Return a text without its markup, unless it is to be read as it is.

        Raises:
            TextError: nothing but markup.
        """
        if options.get("markup") is False:
            return AlignedText(text)
        visible = strip_markup(text)
        check_text(visible.text, None)
        return visible

    def _request(self, options: Options) -> Request:
        """Check the options of one text."""
        language = self._find_language(options.get("language"))
        speaker = self._known_speaker(options.get("speaker"))
        request = make_request(
            {**options, "speaker": speaker}, self._settings, self._speakers, language
        )
        self.check_pitch(vars(request.settings))
        if request.pitches is not None and not self.has_pitch:
            raise VoiceError(
                "word_pitch and phoneme_pitch need a voice with pitch, and "
                f"{self._card.name!r} has none; leave them out"
            )
        return request

    def _known_speaker(self, speaker: Speaker | None) -> Speaker | None:
        """Read a speaker that is a file; check a vector."""
        if isinstance(speaker, str) and speaker not in self._speakers and is_file_name(speaker):
            speaker = Path(speaker)
        if isinstance(speaker, Path):
            return self.speaker_vector(speaker)
        if isinstance(speaker, SpeakerVector):
            require_vector(
                self._engine.speaker_vectors,
                self._card.name,
                speaker.encoder,
                len(speaker.values),
            )
        return speaker

    def _find_language(self, name: str | None) -> int | None:
        """Return the index of a language; None if there is no choice."""
        languages = self._frontend.config.languages
        try:
            return find_language(languages, self._language if name is None else name)
        except TextError as error:
            raise VoiceError(str(error)) from error
