"""What another format has no place of its own for, kept in one entry of its settings.

Its own software passes over the entry; reading the voice back gives card and speakers again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vits.config import AudioConfig, FrontendConfig, from_dict, to_dict
from vits.errors import VoiceError
from vits.interop.full_voice import WholeVoice
from vits.interop.infer_config import require_claims
from vits.interop.symbol_table import EMBEDDING
from vits.synthesis.bundle.card import Card
from vits.synthesis.settings import Settings
from vits.text import Frontend, SymbolTable

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
        symbols: our rows, where the format needs another order of them.
        rows: for each of our rows, where the format has it; empty: the same order.
        segment_frames: length of a training segment (frames).
        inference: how the voice speaks, where the format does not say it.
    """

    card: Card = field(default_factory=Card)
    speakers: tuple[str, ...] = ()
    audio: AudioConfig | None = None
    frontend: FrontendConfig | None = None
    symbols: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    segment_frames: int = 32
    inference: Settings = field(default_factory=Settings)

    def restored(
        self, frontend: Frontend, weights: Mapping[str, Tensor], where: object
    ) -> tuple[Frontend, dict[str, Tensor]]:
        """Put rows back in our order, if the format needed another.

        Raises:
            VoiceError: what the entry says of the rows is not what the format says.
        """
        weights = dict(weights)
        if not self.rows or self.frontend is None:
            return frontend, weights
        theirs, table = frontend.symbols.symbols, SymbolTable(self.symbols)
        blank = frontend.config.blank or theirs[0]
        alike = sorted(self.rows) == list(range(len(weights[EMBEDDING]))) and all(
            theirs[there] in (symbol, blank) or table.id(symbol) != row
            for row, (symbol, there) in enumerate(zip(self.symbols, self.rows, strict=False))
            if there < len(theirs)
        )
        if not alike:
            raise VoiceError(f"{where}: {KEY}.rows and {KEY}.symbols do not fit the symbols there")
        weights[EMBEDDING] = weights[EMBEDDING][torch.tensor(self.rows)]
        return Frontend(self.frontend, table), weights

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


def write_extras(voice: WholeVoice, order: Sequence[int] = ()) -> dict[str, Any]:
    """Return the entry as JSON values.

    Args:
        voice: what is written.
        order: for each row of the format, our row; empty: the same.
    """
    config = voice.bundle.generator.config
    moved = list(order) != list(range(len(order)))
    return to_dict(
        Extras(
            card=voice.bundle.card,
            speakers=voice.bundle.speakers,
            audio=config.audio,
            frontend=voice.bundle.frontend.config,
            symbols=voice.bundle.frontend.symbols.symbols if moved else (),
            rows=tuple(sorted(range(len(order)), key=order.__getitem__)) if moved else (),
            segment_frames=config.segment_frames,
            inference=voice.bundle.settings,
        )
    )


def read_extras(entry: Mapping[str, Any]) -> Extras:
    """Read the entry; an empty one gives the defaults.

    Raises:
        ConfigError: it breaks its schema.
    """
    return from_dict(Extras, entry, KEY)
