"""Configuration of `vits check`: faults and limits; imports neither torch nor numpy."""

from dataclasses import dataclass
from enum import Enum

from vits.config.checks import require, require_positive

__all__ = ["CheckConfig", "Fault"]


class Fault(str, Enum):
    """Kinds of faults of a row; the value appears in reports and in ``rejected.jsonl``."""

    NO_SPEECH = "no speech"
    NOISE = "noise"
    CLIPPING = "clipping"
    SILENCE = "silence"
    LOUDNESS = "loudness"
    RATE = "speaking rate"
    SAME_AUDIO = "same audio"
    SAME_TEXT = "same text"
    WRONG_SPEAKER = "wrong speaker"
    TEXT_MISMATCH = "text mismatch"


@dataclass(frozen=True, kw_only=True)
class CheckConfig:
    """Limits of the checks, and the faults that exclude a row from the clean copy.

    Attributes:
        min_snr_db: smallest signal-to-noise ratio, estimated blindly (dB).
        max_clipped: largest fraction of samples in flat runs at the peak, in [0, 1].
        max_silence_seconds: longest silence before or after the speech (s), greater than 0.
        max_loudness_db: largest distance of the speech level from the median level of the speaker
            (dB), greater than 0.
        max_rate_deviation: largest distance of the log speaking rate (phonemes per second of
            speech) from its median, in robust standard deviations, greater than 0.
        min_same_audio: smallest correlation of two waves of the same recording, in (0, 1].
        max_speaker_deviation: largest distance of a row from the sound of its speaker, in robust
            standard deviations, greater than 0.
        contrast_texts: number of texts of other rows to compare a row's own text with, at least 2.
        leave_out: faults that exclude a row from the clean copy; the others are only reported.
        seed: seed of the choice of contrast texts.
    """

    min_snr_db: float = 15.0
    max_clipped: float = 0.002
    max_silence_seconds: float = 1.0
    max_loudness_db: float = 6.0
    max_rate_deviation: float = 6.0
    min_same_audio: float = 0.9
    max_speaker_deviation: float = 4.5
    contrast_texts: int = 8
    leave_out: tuple[Fault, ...] = (
        Fault.NO_SPEECH,
        Fault.CLIPPING,
        Fault.RATE,
        Fault.SAME_AUDIO,
        Fault.WRONG_SPEAKER,
        Fault.TEXT_MISMATCH,
    )
    seed: int = 1234

    def __post_init__(self) -> None:
        """Check the ranges of the values."""
        require_positive(
            self,
            "max_silence_seconds",
            "max_loudness_db",
            "max_rate_deviation",
            "max_speaker_deviation",
        )
        require(0 <= self.max_clipped <= 1, f"max_clipped {self.max_clipped} must be in [0, 1]")
        require(
            0 < self.min_same_audio <= 1,
            f"min_same_audio {self.min_same_audio} must be in (0, 1]",
        )
        require(
            self.contrast_texts >= 2, f"contrast_texts {self.contrast_texts} must be at least 2"
        )
