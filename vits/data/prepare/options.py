"""Configuration of ``vits prepare``; imports neither torch nor numpy."""

from dataclasses import dataclass, field
from typing import Any, Literal

from vits.config import AudioConfig, VitsConfig, to_dict
from vits.config.checks import require, require_positive

__all__ = ["PrepareConfig", "RecordingLimits"]


@dataclass(frozen=True, kw_only=True)
class RecordingLimits:
    """Limits that a recording must satisfy.

    ``max_clipped`` and ``max_deviation`` come from 1,850 good utterances of two speakers (CMU
    ARCTIC prompts): clipping 0.2 % of the samples causes distortion about 28 dB below the speech,
    above the noise of the recording; the largest deviation of a good duration was 6.0.

    Attributes:
        segment_frames: shortest recording (frames): the segment that training decodes.
        min_seconds: shortest recording (s), in [0, max_seconds).
        max_seconds: longest recording (s); memory grows with the longest recording of a batch.
        max_clipped: largest fraction of samples at full scale, in [0, 1].
        silence_dbfs: smallest mean power of a recording (dBFS), less than 0.
        allow_upsampling: accept recordings whose sample rate is below the target.
        max_deviation: largest distance of the log duration per phoneme from its median, in robust
            standard deviations (1.4826 MAD); 0 disables the check.
    """

    segment_frames: int = VitsConfig.segment_frames
    min_seconds: float = 0.0
    max_seconds: float = 20.0
    max_clipped: float = 0.002
    silence_dbfs: float = -60.0
    allow_upsampling: bool = False
    max_deviation: float = 8.0

    def __post_init__(self) -> None:
        """Check the ranges of the values."""
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
    """Configuration of the preparation.

    Attributes:
        audio: target format; waves are written at its sample rate.
        limits: limits that a recording must satisfy.
        trim_db: trim leading and trailing silence this far below the loudest part (dB), greater
            than 0; None: do not trim.
        loudness_dbfs: normalize each recording to this mean power (dBFS), or less if it would
            clip; less than 0; None: keep the levels.
        unknown: handling of symbols missing from the table: ``reject`` rejects the row, ``drop``
            drops and counts them, ``extend`` appends them to the table, sorted.
        pitch: measure F0 and voicing of every frame, for models with pitch; needs the package
            ``swift-f0``.
    """

    audio: AudioConfig = field(default_factory=AudioConfig)
    limits: RecordingLimits = field(default_factory=RecordingLimits)
    trim_db: float | None = None
    loudness_dbfs: float | None = None
    unknown: Literal["reject", "drop", "extend"] = "reject"
    pitch: bool = False

    def __post_init__(self) -> None:
        """Check the ranges of the values."""
        if self.trim_db is not None:
            require_positive(self, "trim_db")
        if self.loudness_dbfs is not None:
            require(self.loudness_dbfs < 0, f"loudness_dbfs {self.loudness_dbfs} must be below 0")
        require(
            self.unknown in ("reject", "drop", "extend"),
            f"unknown {self.unknown!r} must be 'reject', 'drop' or 'extend'",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values; without ``pitch`` if it is off, as of old."""
        values = to_dict(self)
        return values if self.pitch else {k: v for k, v in values.items() if k != "pitch"}
