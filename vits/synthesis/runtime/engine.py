"""What every runtime that speaks sentences offers."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from vits.synthesis.runtime.seeds import Chance
from vits.synthesis.settings import Settings
from vits.synthesis.speakers import Who

__all__ = ["MAX_SENTENCE_SECONDS", "NOT_FINITE", "TOO_LONG", "Samples", "SpeakingEngine"]

# A sentence of 400 characters lasts half a minute; twenty times that is no speech any more.
MAX_SENTENCE_SECONDS = 600
TOO_LONG = (
    "a sentence came out too long for the memory; use a smaller noise_scale_duration or "
    "length_scale, or train the voice for longer"
)

NOT_FINITE = (
    "the voice gave samples that are not finite; use smaller noise scales, "
    "or bundle the voice again from an intact checkpoint"
)

Samples = NDArray[np.float32]
D = TypeVar("D")


class SpeakingEngine(Protocol[D]):
    """Speaks one encoded sentence; ``D`` is a sentence that is drawn, with its durations.

    Attributes:
        sample_rate: samples per second (Hz).
        hop_length: samples of a frame.
        max_frames: the longest sentence.
        place: where it computes, in words.
    """

    sample_rate: int
    hop_length: int
    max_frames: int
    place: str

    def predict(
        self,
        ids: Sequence[int],
        who: Who,
        how: Settings,
        chance: Chance,
        *,
        language: int | None = None,
    ) -> list[int]:
        """Return the frames of each symbol that ``draw`` would give a sentence."""
        ...

    def draw(
        self,
        ids: Sequence[int],
        who: Who,
        how: Settings,
        chance: Chance,
        durations: Sequence[int] | None = None,
        *,
        language: int | None = None,
    ) -> D:
        """Draw a sentence; with ``durations``, frames of each symbol, it has these."""
        ...

    def frames(self, drawn: D) -> list[int]:
        """Return the frames of each symbol of a sentence."""
        ...

    def speak(self, drawn: D) -> Samples:
        """Return the samples (L,) of a sentence."""
        ...

    def speak_in_chunks(self, drawn: D) -> Iterator[Samples]:
        """Yield the samples of a sentence in chunks, each of whole frames."""
        ...
