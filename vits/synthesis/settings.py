"""Speaking settings: the one place of their defaults, units, ranges, help texts and checks.

Command-line flags, the server's request schema, the ``inference`` block of a voice folder and the
table in docs/guides/control.md are made from ``Settings`` and ``SETTINGS``.
"""

import contextlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast

from vits.errors import VoiceError, brief

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "PITCH",
    "SCALES",
    "SETTINGS",
    "Setting",
    "Settings",
    "SettingsDict",
    "require_known",
    "require_no_pitch",
]

# Beyond ten times the length it is no longer speech, and one sentence could fill the memory.
SLOWEST = 10.0
LONGEST_SILENCE = 60.0  # seconds
# Speech moves by some 6 semitones around its mean: beyond, F0 would leave every human voice.
FARTHEST_SHIFT = 12.0  # semitones
WIDEST_RANGE = 2.0


class Setting(NamedTuple):
    """Unit, range and help text of one setting.

    Attributes:
        help: what the setting controls, without a full stop.
        unit: unit of the value; empty for a factor.
        minimum: smallest value allowed.
        maximum: largest value allowed.
        exclusive: whether ``minimum`` itself is not allowed.
        per_mark: whether the setting maps punctuation marks to values.
    """

    help: str
    unit: str = ""
    minimum: float = 0.0
    maximum: float = math.inf
    exclusive: bool = False
    per_mark: bool = False

    @property
    def range(self) -> str:
        """The range in words, e.g. ``0 to 60 seconds``."""
        if math.isinf(self.maximum):
            text = f"{self.minimum:g} or more"
        elif self.exclusive:
            text = f"above {self.minimum:g}, up to {self.maximum:g}"
        else:
            text = f"{self.minimum:g} to {self.maximum:g}"
        return f"{text} {self.unit}".rstrip()

    def check(self, name: str, value: object) -> None:
        """Raise unless ``value`` is valid for the setting ``name``.

        Raises:
            VoiceError: the value is not a finite number or lies outside the range.
        """
        if not self.per_mark:
            self._check_number(name, value)
            return
        if not isinstance(value, Mapping):
            raise VoiceError(f"{name} {brief(value)} must map marks to seconds, e.g. {{'?': 0.4}}")
        for mark, number in cast(Mapping[object, object], value).items():
            if not isinstance(mark, str) or len(mark) != 1 or mark.isalnum() or mark.isspace():
                raise VoiceError(f"{name} {brief(mark)} must be one mark, such as '?'")
            self._check_number(f"{name} {mark}", number)

    def _check_number(self, name: str, value: object) -> None:
        number = math.nan
        if not isinstance(value, bool) and isinstance(value, Real):
            with contextlib.suppress(OverflowError):
                number = float(value)
        too_small = number <= self.minimum if self.exclusive else number < self.minimum
        if not math.isfinite(number) or too_small or number > self.maximum:
            raise VoiceError(f"{name} {brief(value)} must be a finite number, {self.range}")


def _rule(help: str, unit: str = "", **limits: Any) -> dict[str, Setting]:
    """Return the metadata of a field of ``Settings``."""
    return {"setting": Setting(help, unit, **limits)}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a voice speaks: noise, pace, pitch and pauses.

    The three scales are those of the paper's code; the others are ours. A voice has its own
    values; a call may override each of them.

    Attributes:
        noise_scale: factor on the standard deviation of the prior; 0 takes the mean.
        noise_scale_duration: the same for the noise of the stochastic duration predictor.
        length_scale: factor on every duration; 2.0 takes twice as long.
        pitch: semitones by which F0 is moved, for a voice with pitch; durations stay.
        pitch_range: factor on the distance of F0 in semitones from its mean in the sentence, for a
            voice with pitch; 0 is monotonous.
        sentence_silence: pause between two sentences (seconds).
        paragraph_silence: pause at a blank line (seconds); None: as between sentences.
        punctuation_silence: pause after a sentence that ends with a certain mark (seconds), e.g.
            ``{"?": 0.4, "…": 0.6}``; the last such mark counts.

    Raises:
        VoiceError: a value lies outside its range.
    """

    noise_scale: float = field(
        default=0.667, metadata=_rule("variation of the sound; 0 removes it")
    )
    noise_scale_duration: float = field(
        default=0.8, metadata=_rule("variation of the durations; 0 removes it")
    )
    length_scale: float = field(
        default=1.0,
        metadata=_rule(
            "factor on every duration: 2 takes twice as long", maximum=SLOWEST, exclusive=True
        ),
    )
    pitch: float = field(
        default=0.0,
        metadata=_rule(
            "semitones added to F0, for a voice with pitch",
            "semitones",
            minimum=-FARTHEST_SHIFT,
            maximum=FARTHEST_SHIFT,
        ),
    )
    pitch_range: float = field(
        default=1.0,
        metadata=_rule(
            "factor on the movements of F0, for a voice with pitch; 0 removes them",
            maximum=WIDEST_RANGE,
        ),
    )
    sentence_silence: float = field(
        default=0.2,
        metadata=_rule("pause between two sentences", "seconds", maximum=LONGEST_SILENCE),
    )
    paragraph_silence: float | None = field(
        default=None,
        metadata=_rule(
            "pause at a blank line; unless set, as between sentences",
            "seconds",
            maximum=LONGEST_SILENCE,
        ),
    )
    punctuation_silence: dict[str, float] = field(
        default_factory=dict[str, float],
        metadata=_rule(
            "pause after sentences that end with a certain mark",
            "seconds",
            maximum=LONGEST_SILENCE,
            per_mark=True,
        ),
    )

    def __post_init__(self) -> None:
        """Check every value."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is not None or entry.default is not None:
                SETTINGS[entry.name].check(entry.name, value)

    def override(self, **values: "Unpack[SettingsDict]") -> "Settings":
        """Replace the values that are given; None keeps a value.

        Raises:
            VoiceError: an unknown setting, or a value outside its range.
        """
        require_known(values, SETTINGS)
        given = {name: value for name, value in values.items() if value is not None}
        return replace(self, **cast(dict[str, Any], given))


class SettingsDict(TypedDict, total=False):
    """The fields of ``Settings`` as keyword arguments; None: the voice's own value."""

    noise_scale: float | None
    noise_scale_duration: float | None
    length_scale: float | None
    pitch: float | None
    pitch_range: float | None
    sentence_silence: float | None
    paragraph_silence: float | None
    punctuation_silence: Mapping[str, float] | None


SETTINGS: Mapping[str, Setting] = {
    entry.name: entry.metadata["setting"] for entry in fields(Settings)
}
"""Every speaking setting by name."""

PITCH = ("pitch", "pitch_range")
"""The settings that only a voice with pitch has."""

SCALES: tuple[str, ...] = tuple(
    name for name, setting in SETTINGS.items() if not setting.unit and name not in PITCH
)
"""The settings that every model takes: its noise and length scales."""


def require_known(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise if a keyword is not one of the known ones.

    Raises:
        VoiceError: an unknown keyword; the message lists the known ones.
    """
    names = list(known)
    for name in given:
        if name not in names:
            raise VoiceError(f"unknown setting {name!r}; known: {', '.join(names)}")


def require_no_pitch(values: Mapping[str, object], voice: str) -> None:
    """Raise if settings change the pitch of a voice without pitch.

    Args:
        values: some settings by name; None: the voice's own.
        voice: its name.

    Raises:
        VoiceError: one of ``PITCH`` is not at its default.
    """
    for name in PITCH:
        value = values.get(name)
        if value is not None and value != getattr(Settings, name):
            raise VoiceError(
                f"{name} {value} needs a voice with pitch, and {voice!r} has none; leave it out, "
                "or give the voice pitch by fine-tuning (docs/guides/training.md)"
            )
