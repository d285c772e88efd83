"""Settings that another format has no field for, carried in one extra entry of its settings file.

The other project's software ignores the entry. Reading the voice back restores them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, from_dict, to_dict
from vits.errors import VoiceError
from vits.interop.full_voice import FullVoice
from vits.interop.infer_config import require_consistent
from vits.interop.symbol_table import EMBEDDING, placeholder
from vits.synthesis.bundle.card import Card
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable

__all__ = [
    "KEY",
    "LONGEST",
    "CarriedSettings",
    "keep",
    "read_carried_settings",
    "write_carried_settings",
]

KEY = "vits"
LONGEST = 200  # characters of a setting that only another format has


@dataclass(frozen=True, kw_only=True)
class CarriedSettings:
    """The entry; its field names are the keys of the file.

    Attributes:
        card: origin, licence and training.
        speakers: names in the order of the speaker ids.
        audio: spectrogram settings; the format stores only some of them.
        frontend: how text becomes symbols.
        symbols: symbols in our order, where the format requires another order.
        rows: for each of our symbol ids, its id in the format; empty if the order is the same.
        segment_frames: length of a training segment (frames).
        inference: synthesis settings that the format does not store.
    """

    card: Card = field(default_factory=Card)
    speakers: tuple[str, ...] = ()
    audio: AudioConfig | None = None
    frontend: FrontendConfig | None = None
    symbols: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    segment_frames: int = 32
    inference: Settings = field(default_factory=Settings)

    def restore_symbols(
        self, frontend: Frontend, weights: Mapping[str, Tensor], source: object
    ) -> tuple[Frontend, dict[str, Tensor]]:
        """Restore our order of symbols and embeddings if the format needed another.

        Args:
            frontend: front end with the symbols of the format.
            weights: generator tensors under our names.
            source: file named in error messages.

        Raises:
            VoiceError: the entry contradicts the symbols of the format.
        """
        weights = dict(weights)
        if not self.rows or self.frontend is None:
            return frontend, weights
        format_symbols, table = frontend.symbols.symbols, SymbolTable(self.symbols)
        blank = frontend.config.blank or format_symbols[0]
        is_permutation = sorted(self.rows) == list(range(len(weights[EMBEDDING])))
        consistent = is_permutation and all(
            format_symbols[format_id] in (symbol, blank, placeholder(id)) or table.id(symbol) != id
            for id, (symbol, format_id) in enumerate(zip(self.symbols, self.rows, strict=False))
            if format_id < len(format_symbols)
        )
        if not consistent:
            raise VoiceError(
                f"{source}: {KEY}.rows and {KEY}.symbols contradict the symbols of the voice"
            )
        weights[EMBEDDING] = weights[EMBEDDING][torch.tensor(self.rows)]
        return Frontend(self.frontend, table), weights

    def refine_audio(self, audio: AudioConfig, source: object) -> AudioConfig:
        """Return the carried audio settings, which are complete; ``audio`` if there are none.

        Args:
            audio: what the format itself says.
            source: file named in error messages.

        Raises:
            VoiceError: the two contradict each other.
        """
        if self.audio is None:
            return audio
        shared = ("sample_rate", "n_fft", "hop_length")
        claims = {f"{KEY}.audio.{k}": (getattr(self.audio, k), getattr(audio, k)) for k in shared}
        require_consistent(claims, source, reference="its other settings")
        return self.audio


def write_carried_settings(voice: FullVoice, order: Sequence[int] = ()) -> dict[str, Any]:
    """Return the entry as JSON values.

    Args:
        voice: the voice that is written.
        order: for each symbol id of the format, our id; empty if they are the same.
    """
    config = voice.bundle.generator.config
    reordered = list(order) != list(range(len(order)))
    return to_dict(
        CarriedSettings(
            card=voice.bundle.card,
            speakers=voice.bundle.speakers,
            audio=config.audio,
            frontend=voice.bundle.frontend.config,
            symbols=voice.bundle.frontend.symbols.symbols if reordered else (),
            rows=tuple(sorted(range(len(order)), key=order.__getitem__)) if reordered else (),
            segment_frames=config.segment_frames,
            inference=voice.bundle.settings,
        )
    )


def keep(card: Card, others: Mapping[str, str]) -> Card:
    """Return a card that also holds settings of another format; empty ones are left out.

    Args:
        card: the card of the voice.
        others: settings by format and key, see ``Card.other_formats``.
    """
    given = {key: value[:LONGEST] for key, value in others.items() if value}
    return replace(card, other_formats={**card.other_formats, **given}) if given else card


def read_carried_settings(entry: Mapping[str, Any]) -> CarriedSettings:
    """Read the entry; an empty one gives the defaults.

    Raises:
        ConfigError: the entry breaks its schema.
    """
    return from_dict(CarriedSettings, entry, KEY)
