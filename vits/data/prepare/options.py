"""What ``vits prepare`` does to a corpus; nothing here imports torch or numpy."""

from dataclasses import dataclass, field
from typing import Literal

from vits.config import AudioConfig, VitsConfig
from vits.config.checks import require, require_positive

__all__ = ["PrepareConfig", "RecordingLimits"]


@dataclass(frozen=True, kw_only=True)
class RecordingLimits:
    """The rules a recording must keep.

    The two numbers measured are from 1,850 good takes of two speakers (CMU ARCTIC prompts):
    clipping of 0.2 % of the samples distorts about 28 dB below the speech, which is no longer
    hidden by the noise of the recording; the oddest good duration was at 6.0 deviations.

    Attributes:
        segment_frames: shortest recording, as frames of the segment that training decodes.
        min_seconds: shortest recording, where that is longer (s).
        max_seconds: longest recording; a batch needs memory for its longest (s).
        max_clipped: largest fraction of samples at full scale.
        silence_dbfs: a recording with less mean power holds no speech (dB re full scale).
        allow_upsampling: accept recordings of a lower sample rate than the target's.
        max_deviation: largest distance of the logarithm of the seconds for each phoneme from its
            median, in robust standard deviations (1.4826 MAD); 0 turns the check off.
    """

    segment_frames: int = VitsConfig.segment_frames
    min_seconds: float = 0.0
    max_seconds: float = 20.0
    max_clipped: float = 0.002
    silence_dbfs: float = -60.0
    allow_upsampling: bool = False
    max_deviation: float = 8.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "segment_frames", "max_seconds")
        require(
            0 <= self.min_seconds < self.max_seconds,
            f"min_seconds {self.min_seconds} must be in [0, max_seconds {self.max_seconds})",
        )
        require(0 <= self.max_clipped <= 1, f"max_clipped {self.max_clipped} must be in [0, 1]")
        require(self.silence_dbfs < 0, f"silence_dbfs {self.silence_dbfs} must be less than 0")
        require(self.max_deviation >= 0, f"max_deviation {self.max_deviation} must not be negative")


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """How recordings and texts become training data.

    Attributes:
        audio: the target; its sample rate is that of the waves written.
        limits: the rules a recording must keep.
        trim_db: cut leading and trailing parts that are this far below the loudest (dB); None
            keeps them.
        loudness_dbfs: bring every recording to this mean power (dB re full scale), or to less
            where it would clip; None keeps levels as they are.
        unknown: what becomes of symbols that the table lacks: ``reject`` leaves the row out,
            ``drop`` drops and counts them, ``extend`` appends them to the table, sorted.
    """

    audio: AudioConfig = field(default_factory=AudioConfig)
    limits: RecordingLimits = field(default_factory=RecordingLimits)
    trim_db: float | None = None
    loudness_dbfs: float | None = None
    unknown: Literal["reject", "drop", "extend"] = "reject"

    def __post_init__(self) -> None:
        """Check the values."""
        if self.trim_db is not None:
            require_positive(self, "trim_db")
        if self.loudness_dbfs is not None:
            require(self.loudness_dbfs < 0, f"loudness_dbfs {self.loudness_dbfs} must be below 0")
        require(
            self.unknown in ("reject", "drop", "extend"),
            f"unknown {self.unknown!r} must be 'reject', 'drop' or 'extend'",
        )
