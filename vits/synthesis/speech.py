"""What a voice returns: the wave, and when each phoneme and word is spoken."""

import base64
import html
import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Speech", "Timing"]


class Timing(NamedTuple):
    """A phoneme or word and the time it takes, in seconds from the start of what is spoken."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Speech:
    """A spoken text.

    Attributes:
        samples: (L,) float32 in [-1, 1].
        sample_rate: samples per second (Hz).
        phonemes: every symbol that was spoken, in order. Spaces and punctuation are symbols too:
            their time is the pause. The blanks around a symbol count as part of the symbol before
            them; the blank a sentence starts with belongs to none.
        words: every word, from the start of its first phoneme to the end of its last.
        seed: what to pass as ``seed`` to hear exactly this again.
        start: where the wave starts in what is spoken (seconds): 0, but for the chunks of a stream,
            whose times all count from the start of the stream.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    phonemes: tuple[Timing, ...] = ()
    words: tuple[Timing, ...] = ()
    seed: int | None = None
    start: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the wave."""
        return len(self.samples) / self.sample_rate

    def save(self, path: str | Path) -> Path:
        """Write the wave to a file; its ending picks the format: wav, flac, ogg or mp3.

        Raises:
            AudioError: the ending is none of these.
            MissingFileError: the folder does not exist.
        """
        from vits.audio.files import write

        write(Path(path), self.samples, self.sample_rate)
        return Path(path)

    def timings(self) -> dict[str, Any]:
        """Give everything but the wave as plain JSON values."""
        return {
            "sample_rate": self.sample_rate,
            "seconds": self.seconds,
            "seed": self.seed,
            "phonemes": [timing._asdict() for timing in self.phonemes],
            "words": [timing._asdict() for timing in self.words],
        }

    def write_captions(self, path: str | Path) -> Path:
        """Write the times to a file; its ending picks the kind: srt, vtt, TextGrid or json.

        Subtitles have the words, a TextGrid of Praat and JSON the phonemes as well. For a stream
        see ``vits.synthesis.Captions``.

        Raises:
            VoiceError: the ending is none of these.
            MissingFileError: the folder does not exist.
        """
        from vits.synthesis.captions import Captions

        return Captions([self]).write(path)

    def __repr__(self) -> str:
        """Describe the speech; the samples would fill the screen."""
        return (
            f"Speech({self.seconds:.2f} s at {self.sample_rate} Hz, {len(self.words)} words, "
            f"{len(self.phonemes)} phonemes, seed={self.seed})"
        )

    def _repr_html_(self) -> str:
        """Show a player in a notebook."""
        data = base64.b64encode(self._wav_bytes()).decode("ascii")
        words = html.escape(" ".join(word.text for word in self.words))
        player = f'<audio controls src="data:audio/wav;base64,{data}"></audio>'
        return f"<figure>{player}<figcaption>{words}</figcaption></figure>"

    def _wav_bytes(self) -> bytes:
        """Encode the wave as 16-bit PCM, which every browser plays."""
        from vits.audio.files import to_pcm16

        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.sample_rate)
            out.writeframes(to_pcm16(self.samples).astype("<i2").tobytes())
        return buffer.getvalue()
