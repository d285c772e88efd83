"""The speaker of a model as a vector of a speaker encoder."""

from dataclasses import dataclass
from typing import ClassVar

from vits.config.checks import require_positive

__all__ = ["SpeakerVectorsConfig"]


@dataclass(frozen=True, kw_only=True)
class SpeakerVectorsConfig:
    """Speakers given by vectors instead of learned rows (YourTTS, Casanova et al. 2022).

    A linear layer maps a vector to the speaker embedding, so that the voice can speak like somebody
    who is not among its speakers. The data must have 2 or more speakers and be prepared with
    `vits prepare --speaker-vectors`.

    Attributes:
        encoder: name of the speaker encoder; training takes it from the prepared data.
        size: length of its vectors; training takes it from the prepared data.
    """

    GROUP: ClassVar[str] = "speaker_vectors"

    encoder: str = "resemblyzer"
    size: int = 256

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "size")
