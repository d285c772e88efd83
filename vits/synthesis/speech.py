"""Synthesised speech: samples, and the times of phonemes and words."""

import base64
import html
import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vits.synthesis.captions import Captions
from vits.synthesis.timing import Timing

__all__ = ["Speech"]


@dataclass(frozen=True, eq=False)
class Speech:
    """Synthesised speech of a text, or a chunk of it.

    Attributes:
        samples: (L,) float32 in [-1, 1].
        sample_rate: samples per second (Hz).
        phonemes: every spoken symbol in order. Spaces and punctuation marks are symbols too; their
            time is the pause. A blank counts with the symbol before it; the blank at the start of
            a sentence belongs to none.
        words: every word, from the start of its first phoneme to the end of its last.
        seed: pass it as ``seed`` to get the same speech again.
        start: start of the chunk in the stream (seconds); 0 for a whole speech. All times count
            from the start of the stream.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    phonemes: tuple[Timing, ...] = ()
    words: tuple[Timing, ...] = ()
    seed: int | None = None
    start: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return len(self.samples) / self.sample_rate

    def save(self, path: str | Path) -> Path:
        """Write an audio file; the extension selects the format: wav, flac, ogg or mp3.

        Raises:
            AudioError: another extension.
            MissingFileError: the folder does not exist.
        """
        from vits.audio.files import write

        write(Path(path), self.samples, self.sample_rate)
        return Path(path)

    def timings(self) -> dict[str, Any]:
        """Return everything except the samples as plain JSON values."""
        return Captions([self]).timings()

    def write_captions(self, path: str | Path, *, written: str | None = None) -> Path:
        """Write the times to a file; the extension selects the format: srt, vtt, TextGrid or json.

        Subtitles have the words; a Praat TextGrid and JSON have the phonemes as well. For a stream
        see ``vits.synthesis.Captions``.

        Args:
            path: the file.
            written: the text that was spoken, to show its words as they are written there.

        Raises:
            VoiceError: another extension.
            MissingFileError: the folder does not exist.
        """
        return Captions([self], written).write(path)

    def __repr__(self) -> str:
        """Describe the speech without its samples."""
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
        """Encode the samples as a 16-bit PCM wav, which every browser plays."""
        from vits.audio.files import to_pcm16

        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.sample_rate)
            out.writeframes(to_pcm16(self.samples).astype("<i2").tobytes())
        return buffer.getvalue()
