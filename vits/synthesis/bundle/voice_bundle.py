"""All parts of a voice, and the files of its folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vits.errors import VoiceError, brief
from vits.synthesis.bundle.card import Card
from vits.synthesis.settings import Settings, require_no_pitch
from vits.text import Frontend

if TYPE_CHECKING:
    from vits.models.vits import Vits

__all__ = [
    "CARD",
    "CONFIG",
    "CONFIG_KEYS",
    "FORMAT",
    "README",
    "REQUIRED",
    "WEIGHTS",
    "VoiceBundle",
    "is_voice",
]

FORMAT = 1
CONFIG, WEIGHTS, CARD, README = "config.json", "model.safetensors", "card.json", "README.md"
REQUIRED = (CONFIG, WEIGHTS, CARD)
CONFIG_KEYS = ("format", "model", "frontend", "fingerprint", "speakers", "inference")


@dataclass(frozen=True, kw_only=True)
class VoiceBundle:
    """All parts of a voice.

    Attributes:
        generator: the model, with weight normalisation; its ``config`` is that of the voice.
        frontend: turns text into the symbols that the generator was trained on.
        fingerprint: fingerprint of the front end when the training data were prepared.
        speakers: names by speaker index; may be empty for one speaker.
        settings: how the voice speaks unless a call overrides it.
        card: origin, licence and training.
    """

    generator: "Vits"
    frontend: Frontend
    fingerprint: Mapping[str, Any]
    speakers: tuple[str, ...]
    settings: Settings = field(default_factory=Settings)
    card: Card = field(default_factory=Card)

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        rows, symbols = self.generator.config.n_symbols, len(self.frontend.symbols)
        if symbols > rows:
            raise VoiceError(f"the front end has {symbols} symbols, but the model only {rows} rows")
        for name in cast(tuple[object, ...], self.speakers):
            if not isinstance(name, str):
                raise VoiceError(f"speakers must be names, not {brief(name)}")
        names, expected = self.speakers, self.generator.config.n_speakers
        if len(names) != expected and not (expected == 1 and not names):
            raise VoiceError(f"{len(names)} speakers are named, but the model has {expected}")
        named, rows = self.frontend.config.languages, self.generator.config.n_languages
        if len(named) != rows:
            raise VoiceError(f"{len(named)} languages are named, but the model has {rows}")
        if self.generator.config.pitch is None:
            require_no_pitch(vars(self.settings), self.card.name)
        if len(set(names)) != len(names):
            raise VoiceError(f"the speakers {', '.join(names)} must have different names")


def is_voice(folder: Path) -> bool:
    """Return whether a folder has every file of a voice, without reading them."""
    return all((folder / name).is_file() for name in REQUIRED)
