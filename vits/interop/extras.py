"""What another format has no place of its own for, kept in one entry of its settings.

Its own software passes over the entry; reading the voice back gives card and speakers again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vits.config import AudioConfig, FrontendConfig, from_dict, to_dict
from vits.interop.geometry import require_claims
from vits.interop.whole import WholeVoice
from vits.synthesis.card import Card
from vits.synthesis.settings import InferenceConfig

__all__ = ["KEY", "Extras", "read_extras", "write_extras"]

KEY = "vits"


@dataclass(frozen=True, kw_only=True)
class Extras:
    """The entry.

    Attributes:
        card: origin, licence and training.
        speakers: their names by row.
        audio: how waves become spectrograms, where the format says only a part of it.
        frontend: how text becomes symbols, in our words.
        segment_frames: length of a training segment (frames).
        inference: how the voice speaks, where the format does not say it.
    """

    card: Card = field(default_factory=Card)
    speakers: tuple[str, ...] = ()
    audio: AudioConfig | None = None
    frontend: FrontendConfig | None = None
    segment_frames: int = 32
    inference: InferenceConfig = field(default_factory=InferenceConfig)

    def refined(self, audio: AudioConfig, where: object) -> AudioConfig:
        """Return our own word on the audio, which must agree with what the format says of it.

        Raises:
            VoiceError: it does not.
        """
        if self.audio is None:
            return audio
        known = ("sample_rate", "n_fft", "hop_length")
        claims = {f"{KEY}.audio.{k}": (getattr(self.audio, k), getattr(audio, k)) for k in known}
        require_claims(claims, where, what="its other settings")
        return self.audio


def write_extras(voice: WholeVoice) -> dict[str, Any]:
    """Return the entry as JSON values."""
    config = voice.bundle.generator.config
    return to_dict(
        Extras(
            card=voice.bundle.card,
            speakers=voice.bundle.speakers,
            audio=config.audio,
            frontend=voice.bundle.frontend.config,
            segment_frames=config.segment_frames,
            inference=voice.bundle.inference,
        )
    )


def read_extras(entry: Mapping[str, Any]) -> Extras:
    """Read the entry; an empty one gives the defaults.

    Raises:
        ConfigError: it breaks its schema.
    """
    return from_dict(Extras, entry, KEY)
