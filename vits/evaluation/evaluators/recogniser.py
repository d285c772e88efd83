"""Offline speech recognisers."""

import re
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vits.audio.files import to_pcm16
from vits.audio.resample import resample_samples
from vits.errors import ConfigError
from vits.evaluation.evaluators.error_rates import plain_words
from vits.evaluation.evaluators.packages import create, require
from vits.evaluation.evaluators.whisper import Whisper

__all__ = ["AlignmentChecker", "PocketSphinx", "Recogniser", "load_recogniser"]

_SAMPLE_RATE = 16000  # of pocketsphinx's acoustic model (Hz)


@runtime_checkable
class Recogniser(Protocol):
    """Transcribes speech."""

    def transcribe(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Return the words of a wave (L,) in [-1, 1]; empty if nothing is recognised."""
        ...


@runtime_checkable
class AlignmentChecker(Protocol):
    """A recogniser that can also align a text with a wave."""

    def aligns(self, samples: NDArray[np.floating], sample_rate: int, text: str) -> bool | None:
        """Return whether every word of a text is found in the wave, in order.

        None if that cannot be decided, for instance for words that the recogniser does not know.
        """
        ...


class PocketSphinx:
    """CMU's recogniser with the English model of its package.

    The result depends on the wave alone: the decoder's channel adaptation is reset before each
    wave.
    """

    def __init__(self, language_model: Path | None = None) -> None:
        """Load the models.

        Args:
            language_model: ARPA file that replaces the package's trigrams.

        Raises:
            MissingExtraError: pocketsphinx is not installed.
            ConfigError: the language model cannot be read.
        """
        options = {} if language_model is None else {"lm": str(language_model)}
        try:
            self._decoder: Any = require("pocketsphinx").Decoder(loglevel="FATAL", **options)
        except RuntimeError as error:
            raise ConfigError(
                f"pocketsphinx cannot read the language model {language_model}; use an ARPA file"
            ) from error
        self._channel = self._decoder.get_cmn()

    def transcribe(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Return the words of a wave (L,) in [-1, 1]; empty if nothing is recognised."""
        self._decoder.activate_search()
        return self._decode(samples, sample_rate)

    def aligns(self, samples: NDArray[np.floating], sample_rate: int, text: str) -> bool | None:
        """Align the words of a text by force; None if the dictionary lacks one of them."""
        words = plain_words(text)
        if not words or not all(self.knows(word) for word in words):
            return None
        self._decoder.set_align_text(" ".join(words))
        decoded = self._decode(samples, sample_rate).split()
        self._decoder.activate_search()
        return decoded == words

    def knows(self, word: str) -> bool:
        """Return whether the pronouncing dictionary has a word."""
        return self._decoder.lookup_word(word) is not None

    def words(self) -> list[str]:
        """Return the words of the pronouncing dictionary, without variants and symbols."""
        path = require("pocketsphinx").get_model_path("en-us/cmudict-en-us.dict")
        heads = (line.split(" ", 1)[0] for line in Path(path).read_text("utf-8").splitlines())
        return [word for word in heads if re.fullmatch(r"[a-z][a-z']*[a-z]|[a-z]", word)]

    def _decode(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Run the active search over a whole wave."""
        pcm = to_pcm16(resample_samples(samples, sample_rate, _SAMPLE_RATE).numpy())
        self._decoder.set_cmn(self._channel)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else hypothesis.hypstr


def load_recogniser(name: str) -> Recogniser | None:
    """Create a recogniser.

    Args:
        name: ``pocketsphinx``; ``whisper`` or ``whisper:MODEL``, see ``Whisper``; ``none``; or
            ``package.module:factory``, a callable without arguments that returns a ``Recogniser``.

    Raises:
        ConfigError: the name is unknown, its model is not there, or its result is not a recogniser.
        MissingExtraError: the package of the recogniser is not installed.
    """
    if name.startswith("whisper:"):
        return Whisper(name.removeprefix("whisper:"))
    known = {"pocketsphinx": PocketSphinx, "whisper": Whisper}
    return create("recogniser", name, Recogniser, "transcribe", known)
