"""What `vits check` holds for a fault; nothing here imports torch or numpy."""

from dataclasses import dataclass
from enum import Enum

from vits.config.checks import require, require_positive

__all__ = ["CheckConfig", "Fault"]


class Fault(str, Enum):
    """What can be wrong with a row; the value is the word of reports and of ``rejected.jsonl``."""

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
    """RecordingLimits of the checks, and which faults cost a row its place.

    Attributes:
        min_snr_db: smallest signal-to-noise ratio, estimated blindly (dB).
        max_clipped: largest fraction of samples in flat runs at the peak.
        max_silence_seconds: longest silence before or after the speech (s).
        max_loudness_db: largest distance of the speech's level from the median level of its
            speaker (dB).
        max_rate_deviation: largest distance of the logarithm of the phonemes per second of speech
            from its median, in robust standard deviations.
        min_same_audio: correlation of two waves from which on they are one recording, in (0, 1].
        max_speaker_deviation: largest distance of a row's sound from its speaker's, in robust
            standard deviations.
        distractors: texts of other rows that a row's own text is compared with.
        leave_out: the faults for which a row is left out of the cleaned corpus; the others are
            named only.
        seed: of the choice of distractors.
    """

    min_snr_db: float = 15.0
    max_clipped: float = 0.002
    max_silence_seconds: float = 1.0
    max_loudness_db: float = 6.0
    max_rate_deviation: float = 6.0
    min_same_audio: float = 0.9
    max_speaker_deviation: float = 4.5
    distractors: int = 8
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
        """Check the values."""
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
        require(self.distractors >= 2, f"distractors {self.distractors} must be at least 2")
