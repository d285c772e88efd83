"""The interface that every runtime implements."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from vits.config import SpeakerVectorsConfig
from vits.synthesis.request import Request

__all__ = [
    "BATCH_FRAMES",
    "MAX_SENTENCE_SECONDS",
    "NOT_FINITE",
    "TOO_LONG",
    "Samples",
    "SynthesisEngine",
]

# A sentence of 400 characters lasts half a minute; twenty times that is no speech any more.
MAX_SENTENCE_SECONDS = 600
# some 24 s: about half a gigabyte of activations in the original's decoder
BATCH_FRAMES = 2048
TOO_LONG = (
    "a sentence is too long for the memory; use a smaller noise_scale_duration or length_scale, "
    "or train the voice for longer"
)
NOT_FINITE = (
    "the voice produced samples that are not finite; use smaller noise scales, "
    "or bundle the voice again from an intact checkpoint"
)

Samples = NDArray[np.float32]
S = TypeVar("S")


class SynthesisEngine(Protocol[S]):
    """Synthesises one encoded sentence; ``S`` is a sampled sentence that can be decoded.

    The request is that of the sentence, see ``Request.for_sentence``.

    Attributes:
        sample_rate: samples per second (Hz).
        hop_length: samples per frame.
        max_frames: upper limit of a sentence's length (frames).
        has_pitch: whether it follows the settings of the pitch.
        device_name: where it computes, for people.
        speaker_vectors: the vectors that it takes as speakers; None: it takes none.
    """

    sample_rate: int
    hop_length: int
    max_frames: int
    has_pitch: bool
    device_name: str
    speaker_vectors: SpeakerVectorsConfig | None

    def predict_durations(self, ids: Sequence[int], request: Request) -> list[int]:
        """Return the frames of each symbol that ``sample`` would use."""
        ...

    def sample(
        self, ids: Sequence[int], request: Request, durations: Sequence[int] | None = None
    ) -> S:
        """Sample durations and latent of a sentence; ``durations`` (frames) replace predicted ones.

        With the durations that would have been predicted, the sample is the same.
        """
        ...

    def durations(self, sample: S) -> list[int]:
        """Return the frames of each symbol of a sampled sentence."""
        ...

    def decode(self, sample: S) -> Samples:
        """Return the samples (L,) of a sentence."""
        ...

    def decode_all(self, samples: Sequence[S], batch_frames: int = BATCH_FRAMES) -> list[Samples]:
        """Return the samples of several sentences, those of similar length decoded in one batch.

        Args:
            samples: the sentences.
            batch_frames: most frames of one batch; a longer sentence is a batch of its own.
        """
        ...

    def decode_in_chunks(self, sample: S) -> Iterator[Samples]:
        """Yield the samples of a sentence in chunks, each of whole frames."""
        ...
