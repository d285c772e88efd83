"""Offline recognisers: what was understood of a wave."""

import re
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from vits.audio.files import to_pcm16
from vits.audio.resample import resample
from vits.errors import ConfigError
from vits.evaluation.judges.error_rates import plain_words
from vits.evaluation.judges.packages import make, require

__all__ = ["Aligner", "PocketSphinx", "Recogniser", "load_recogniser"]

_SAMPLE_RATE = 16000  # of pocketsphinx's own acoustic model (Hz)


@runtime_checkable
class Recogniser(Protocol):
    """Writes down what is said."""

    def transcribe(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Return the words of a wave (L,) in [-1, 1]; empty where nothing is understood."""
        ...


@runtime_checkable
class Aligner(Protocol):
    """What a recogniser may be able to do besides."""

    def aligns(self, samples: NDArray[np.floating], sample_rate: int, text: str) -> bool | None:
        """Tell whether every word of a text is found in the wave, in order.

        None where it cannot be told, for instance of words that the recogniser does not know.
        """
        ...


class PocketSphinx:
    """CMU's recogniser with the English model that its package carries.

    The same wave gives the same words whatever was heard before: what the decoder learns of the
    channel is put back before each wave.
    """

    def __init__(self, language_model: Path | None = None) -> None:
        """Load the models.

        Args:
            language_model: an ARPA file in place of the package's own trigrams.

        Raises:
            MissingExtraError: pocketsphinx is not installed.
            ConfigError: the language model cannot be read.
        """
        options = {} if language_model is None else {"lm": str(language_model)}
        try:
            self._decoder: Any = require("pocketsphinx").Decoder(loglevel="FATAL", **options)
        except RuntimeError as error:
            raise ConfigError(
                f"pocketsphinx cannot read the language model {language_model}; write ARPA"
            ) from error
        self._channel = self._decoder.get_cmn()

    def transcribe(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Return the words of a wave (L,) in [-1, 1]; empty where nothing is understood."""
        self._decoder.activate_search()
        return self._hear(samples, sample_rate)

    def aligns(self, samples: NDArray[np.floating], sample_rate: int, text: str) -> bool | None:
        """Force the words of a text upon a wave; None where the dictionary lacks one of them."""
        words = plain_words(text)
        if not words or not all(self.knows(word) for word in words):
            return None
        self._decoder.set_align_text(" ".join(words))
        found = self._hear(samples, sample_rate).split()
        self._decoder.activate_search()
        return found == words

    def knows(self, word: str) -> bool:
        """Tell whether the pronouncing dictionary has a word."""
        return self._decoder.lookup_word(word) is not None

    def words(self) -> list[str]:
        """Return the words of the pronouncing dictionary that are words of texts."""
        path = require("pocketsphinx").get_model_path("en-us/cmudict-en-us.dict")
        heads = (line.split(" ", 1)[0] for line in Path(path).read_text("utf-8").splitlines())
        return [word for word in heads if re.fullmatch(r"[a-z][a-z']*[a-z]|[a-z]", word)]

    def _hear(self, samples: NDArray[np.floating], sample_rate: int) -> str:
        """Run the active search over a whole wave."""
        wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
        pcm = to_pcm16(resample(wave, sample_rate, _SAMPLE_RATE).numpy())
        self._decoder.set_cmn(self._channel)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return "" if found is None else found.hypstr


def load_recogniser(name: str) -> Recogniser | None:
    """Make a recogniser.

    Args:
        name: ``pocketsphinx``, ``none``, or ``package.module:factory``: what is called without
            arguments and returns a ``Recogniser``.

    Raises:
        ConfigError: the name is none of these, or what it names is no recogniser.
        MissingExtraError: pocketsphinx is not installed.
    """
    return make("recogniser", name, Recogniser, "transcribe", {"pocketsphinx": PocketSphinx})
