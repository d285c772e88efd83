"""The symbols and speakers of the voice, extended by those of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vits.config import AudioConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import ConfigError, DataError, VitsError
from vits.text import Frontend, SymbolTable
from vits.text.fingerprint import digest_symbols
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.extended_embedding import (
    ExtendedEmbedding,
    extend_speakers,
    extend_symbols,
)

__all__ = ["Vocabulary", "extend_vocabulary", "require_same_kind", "speakers_of"]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The symbols and speakers of the fine-tuned voice.

    Attributes:
        symbols: entries of the symbol embedding.
        speakers: entries of the speaker embedding; one entry for a voice of one speaker.
        info: description of the data (``dataset.json``) with these symbols and speakers.
    """

    symbols: ExtendedEmbedding
    speakers: ExtendedEmbedding
    info: dict[str, Any]

    def apply(self, data: PreparedDataset, speaker: str | None = None) -> PreparedDataset:
        """Return prepared data with the ids of the fine-tuned voice.

        Args:
            data: prepared like the new data or like the voice's own.
            speaker: name of its single speaker; None for the name in the data.

        Raises:
            DataError: it has symbols or speakers that the fine-tuned voice lacks.
        """
        table = SymbolTable.from_list(self.symbols.names)
        used = {data.symbols[row] for row in data.used_symbols() if row > 0}
        _require_known("symbols", used, table, data)
        names = speakers_of(data, speaker) or ("",)
        known = self.speakers.names
        _require_known("speakers", names, known, data)
        rows = [table.id(symbol) if symbol in used else 0 for symbol in data.symbols]
        return data.remapped(self.info, [0, *rows[1:]], [known.index(name) for name in names])


def extend_vocabulary(
    base: BaseVoice,
    data: PreparedDataset,
    *,
    speaker: str | None = None,
    add_speakers: bool = False,
    trained: Sequence[int] | None = None,
) -> Vocabulary:
    """Add the symbols and speakers of the data to those of the voice.

    Args:
        base: the voice.
        data: the data to fine-tune on.
        speaker: name of the data's single speaker; None for the name in the data.
        add_speakers: keep the single speaker of a voice as well as that of the data.
        trained: ids of the voice's symbols that were trained; None if unknown.

    Raises:
        ConfigError: audio or blanks differ, or a speaker needs a name.
        DataError: the data's front end is damaged.
    """
    frontend = require_same_kind(base, data)
    symbols = extend_symbols(
        base.frontend.symbols,
        data.symbols,
        phonetic=frontend.config.backend == "espeak",
        trained=trained,
    )
    speakers = extend_speakers(base.speakers, speakers_of(data, speaker), add=add_speakers)
    table = SymbolTable.from_list(symbols.names)
    info = {
        **data.info,
        "frontend": Frontend(frontend.config, table, frontend.lexicon).to_dict(),
        "fingerprint": {**data.info["fingerprint"], "symbols": digest_symbols(table)},
        "speakers": [] if speakers.names == ("",) else list(speakers.names),
    }
    return Vocabulary(symbols=symbols, speakers=speakers, info=info)


def speakers_of(data: PreparedDataset, speaker: str | None) -> tuple[str, ...]:
    """Return the names of the data's speakers; ``speaker`` replaces that of a single speaker.

    Raises:
        ConfigError: a name is given, but the data has several speakers.
    """
    if speaker is None:
        return tuple(data.speakers)
    if len(data.speakers) > 1:
        raise ConfigError(
            f"speaker {speaker!r} would name {len(data.speakers)} speakers of {data.folder}, "
            "which have names: leave it out"
        )
    return (speaker,)


def require_same_kind(base: BaseVoice, data: PreparedDataset) -> Frontend:
    """Require that a voice can learn from prepared data; return the data's front end.

    Raises:
        ConfigError: their spectrograms differ, or one has blanks and the other has none.
        DataError: the data's front end is damaged.
    """
    frontend = _frontend_of(data)
    _require_same_audio(base, data)
    _require_same_blanks(base, frontend, data)
    _require_same_languages(base, frontend, data)
    return frontend


def _frontend_of(data: PreparedDataset) -> Frontend:
    try:
        return Frontend.from_dict(data.frontend)
    except VitsError as error:
        raise DataError(
            f"{data.folder / 'dataset.json'}: {error}; make it with `vits prepare` again"
        ) from error


def _require_same_audio(base: BaseVoice, data: PreparedDataset) -> None:
    """Require that the voice and the data have the same spectrograms."""
    mine: AudioConfig = base.config.audio
    for key, value in vars(mine).items():
        found = getattr(data.audio, key)
        if found != value:
            raise ConfigError(
                f"{key} {found} of {data.folder} must equal the {value} of the voice "
                f"{base.source}: prepare it again with --like {base.source}"
            )


def _require_same_blanks(base: BaseVoice, frontend: Frontend, data: PreparedDataset) -> None:
    """Require the same blanks and margins in both."""
    if base.frontend.config.blanks != frontend.config.blanks:
        has, lacks = ("voice", "data") if base.frontend.config.blanks else ("data", "voice")
        raise ConfigError(
            f"the {has} has blanks between its symbols and the {lacks} has none: prepare "
            f"{data.folder} again with --like {base.source}"
        )
    mine, other = base.frontend.config, frontend.config
    if (mine.blank, mine.bos_eos) != (other.blank, other.bos_eos):
        raise ConfigError(
            f"the voice and the data differ in the blank or in ^ and $ (bos_eos): prepare "
            f"{data.folder} again with --like {base.source}"
        )


def _require_same_languages(base: BaseVoice, frontend: Frontend, data: PreparedDataset) -> None:
    """Require that both have the same languages in the language embedding."""
    mine, other = base.frontend.config.languages, frontend.config.languages
    if mine != other:
        named = [", ".join(name for name, _ in each) or "no choice" for each in (mine, other)]
        also = " --language NAME" if mine else ""
        raise ConfigError(
            f"the languages of {data.folder} ({named[1]}) must be those of the voice "
            f"{base.source} ({named[0]}): prepare it again with --like {base.source}{also}"
        )


def _require_known(what: str, found: Sequence[str] | set[str], known: Any, data: Any) -> None:
    """Require that the fine-tuned voice has all names that a dataset uses."""
    missing = sorted(name for name in found if name not in known)
    if missing:
        raise DataError(
            f"{what} {', '.join(repr(name) for name in missing[:10])} of {data.folder} are "
            "neither the voice's nor the data's that it is fine-tuned on"
        )
