"""One text to be spoken, and how, with nothing left open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vits.synthesis import OnnxVoice, Speech, Voice
from vits.synthesis.request import BatchOptions

__all__ = ["Order", "speak", "speak_together", "stream"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A text to be spoken; whoever carries it out gives the same samples.

    Attributes:
        voice: name of the voice.
        text: what to say.
        seed: of its chance.
        row: of the speaker.
        language: its name; None where there is no choice.
        length_scale: see ``Voice.__call__``, as for what follows.
        noise_scale: how varied the sound is.
        noise_scale_duration: how varied the rhythm is.
        sentence_silence: pause between two sentences (seconds).
    """

    voice: str
    text: str
    seed: int
    row: int
    language: str | None
    length_scale: float
    noise_scale: float | None
    noise_scale_duration: float | None
    sentence_silence: float | None

    @property
    def settings(self) -> BatchOptions:
        """What ``Voice`` takes beside text and seed."""
        return {
            "speaker": self.row,
            "language": self.language,
            "length_scale": self.length_scale,
            "noise_scale": self.noise_scale,
            "noise_scale_duration": self.noise_scale_duration,
            "sentence_silence": self.sentence_silence,
        }

    def fits(self, other: "Order") -> bool:
        """Tell whether both can be spoken in one batch: all but the voice may differ."""
        return self.voice == other.voice


def speak(voice: Voice | OnnxVoice, order: Order) -> Speech:
    """Speak one order."""
    return voice(order.text, seed=order.seed, **order.settings)


def speak_together(voice: Voice | OnnxVoice, orders: Sequence[Order]) -> list[Speech]:
    """Speak orders that fit each other; one that cannot be spoken makes all fail."""
    texts, seeds = [order.text for order in orders], [order.seed for order in orders]
    return voice.synthesize(texts, seeds=seeds, each=[order.settings for order in orders])


def stream(voice: Voice | OnnxVoice, order: Order) -> Iterator[Speech]:
    """Speak one order in chunks."""
    return voice.stream(order.text, seed=order.seed, **order.settings)
