"""How a voice speaks unless a call says otherwise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real

from vits.errors import VoiceError

__all__ = ["InferenceConfig"]

# The slowest pace that is still speech; beyond it one sentence would fill the memory.
SLOWEST = 10.0
LONGEST_SILENCE = 60.0  # seconds


@dataclass(frozen=True, kw_only=True)
class InferenceConfig:
    """The knobs of speaking; the scales are the original's, the silences are ours.

    Attributes:
        noise_scale: standard deviation of the prior's noise, at least 0; 0 speaks the mean.
        noise_scale_duration: the same for the stochastic duration predictor's noise.
        length_scale: factor on every duration, in (0, 10]; 2.0 takes twice as long.
        sentence_silence: pause put between two sentences (seconds), in [0, 60].
        paragraph_silence: the same where an empty line ends a paragraph; None: no other than there.
        punctuation_silence: the same after certain marks, e.g. ``{"?": 0.4, "…": 0.6}``; the last
            such mark at the end of the sentence counts.
    """

    noise_scale: float = 0.667
    noise_scale_duration: float = 0.8
    length_scale: float = 1.0
    sentence_silence: float = 0.2
    paragraph_silence: float | None = None
    punctuation_silence: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        """Check the values."""
        _require_between("noise_scale", self.noise_scale, math.inf)
        _require_between("noise_scale_duration", self.noise_scale_duration, math.inf)
        _require_between("length_scale", self.length_scale, SLOWEST)
        if self.length_scale == 0:
            raise VoiceError("length_scale 0 must be greater than 0; 1.0 is the voice's own pace")
        _require_between("sentence_silence", self.sentence_silence, LONGEST_SILENCE)
        if self.paragraph_silence is not None:
            _require_between("paragraph_silence", self.paragraph_silence, LONGEST_SILENCE)
        for mark, seconds in self.punctuation_silence.items():
            if len(mark) != 1 or mark.isalnum() or mark.isspace():
                raise VoiceError(f"punctuation_silence {mark!r} must be one mark, such as '?'")
            _require_between(f"punctuation_silence {mark}", seconds, LONGEST_SILENCE)

    def override(
        self,
        *,
        noise_scale: float | None = None,
        noise_scale_duration: float | None = None,
        length_scale: float | None = None,
        sentence_silence: float | None = None,
        paragraph_silence: float | None = None,
        punctuation_silence: Mapping[str, float] | None = None,
    ) -> "InferenceConfig":
        """Replace every value that is given and keep those that are None.

        Raises:
            VoiceError: a value is no finite number or lies outside its range.
        """
        given = {
            "noise_scale": noise_scale,
            "noise_scale_duration": noise_scale_duration,
            "length_scale": length_scale,
            "sentence_silence": sentence_silence,
            "paragraph_silence": paragraph_silence,
            "punctuation_silence": punctuation_silence,
        }
        return replace(self, **{key: value for key, value in given.items() if value is not None})


def _require_between(name: str, value: object, top: float) -> None:
    """Require a finite number in [0, top]."""
    limit = "at least 0" if math.isinf(top) else f"from 0 to {top:g}"
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not math.isfinite(number) or not 0 <= number <= top:
        raise VoiceError(f"{name} {value!r} must be a finite number {limit}")
