"""Summary of what fine-tuning keeps, adds and changes, printed before it starts."""

import unicodedata
from collections.abc import Iterable, Sequence

from vits.data.prepared.dataset import PreparedDataset
from vits.text import describe_mismatch
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.extended_embedding import ExtendedEmbedding
from vits.training.finetuning.optimizer_state import trained_symbols
from vits.training.finetuning.vocabulary import Vocabulary

__all__ = ["describe"]

SHOWN = 20  # names in one line


def describe(base: BaseVoice, vocabulary: Vocabulary, data: Sequence[PreparedDataset]) -> list[str]:
    """Return lines that say what is kept, what is new and what differs.

    Args:
        base: the voice.
        vocabulary: the symbols and speakers of the fine-tuned voice.
        data: training and validation data with the ids of the fine-tuned voice.
    """
    return [
        f"fine-tuning {base.source}, which has {len(base.speakers) or 1} "
        f"speaker{'s' * (len(base.speakers) > 1)} and {len(base.frontend.symbols)} symbols",
        *_symbols(vocabulary.symbols, trained_symbols(base), data),
        _speakers(base, vocabulary.speakers),
        *(f"front end: {line}" for line in _drift(base, vocabulary)),
        "discriminators: " + ("new" if base.discriminators is None else "the checkpoint's"),
        "optimizers: " + ("new" if base.optimizers is None else "states of the checkpoint"),
    ]


def _symbols(
    rows: ExtendedEmbedding, trained: Sequence[int] | None, data: Sequence[PreparedDataset]
) -> list[str]:
    """List the new symbols and what they start from, the untrained, and the unused ones."""
    used = set[int]().union(*(part.used_symbols() for part in data))
    untaught = [] if trained is None else sorted((used & set(range(1, rows.n_old))) - set(trained))
    unused = [rows.names[row] for row in range(1, len(rows.names)) if row not in used]
    origins = [
        f"{_shown(name)} from {_shown(rows.names[source[0]])}"
        if len(source) == 1
        else f"{_shown(name)} from the mean of all"
        for name, source in zip(rows.new, rows.sources, strict=True)
    ]
    lines = [f"symbols: {rows.n_old} kept, {len(origins)} new" + _listed(origins)]
    if untaught:
        names = _listed([_shown(rows.names[row]) for row in untaught])
        lines.append(f"symbols kept that the voice never learned: {len(untaught)}{names}")
    if unused:
        names = _listed([_shown(name) for name in unused])
        lines.append(f"symbols that do not occur in the data: {len(unused)}{names}")
    return lines


def _speakers(base: BaseVoice, rows: ExtendedEmbedding) -> str:
    """List the speakers that are kept and those that are new."""
    old = base.speakers or ("",)
    if len(rows.names) == 1:
        if rows.names == old:
            return f"speakers: {_named(old)} goes on"
        return (
            f"speakers: {_named(rows.names)} takes the place of {_named(old)} "
            "(--data.add_speakers true keeps both)"
        )
    new = f"; {len(rows.new)} new, from the mean of the old: {_named(rows.new)}" if rows.new else ""
    if base.config.speaker_vectors is not None:
        new = new.replace("the mean of the old", "their recordings")
    if len(old) == 1:
        new = new.replace("the mean of the old", "the sound of the old")
    return f"speakers: {len(old)} kept: {_named(old)}{new}"


def _drift(base: BaseVoice, vocabulary: Vocabulary) -> list[str]:
    """Say what of the front ends differs; the symbols have lines of their own."""
    before, after = (
        {key: value for key, value in side.items() if key != "symbols"}
        for side in (base.fingerprint, vocabulary.info["fingerprint"])
    )
    old, new = (
        _capitals(symbols) for symbols in (base.frontend.symbols.symbols, vocabulary.symbols.names)
    )
    case = "capitals were read as small letters, are read as they are"
    return describe_mismatch(before, after) + [case] * (new and not old)


def _capitals(symbols: Iterable[str]) -> bool:
    """Tell whether a table has capitals; a front end of characters goes by that."""
    return any(symbol.isupper() for symbol in symbols if len(symbol) == 1)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(name or "(no name)" for name in names[:SHOWN])
    return shown + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)


def _listed(parts: Sequence[str]) -> str:
    """Return parts after a colon, or nothing."""
    if not parts:
        return ""
    more = f" and {len(parts) - SHOWN} more" * (len(parts) > SHOWN)
    return f": {', '.join(parts[:SHOWN])}{more}"


def _shown(symbol: str) -> str:
    """Return a symbol, or its code points where it would not be seen on its own."""
    if symbol.isprintable() and symbol.strip(" ,") and not unicodedata.combining(symbol[0]):
        return symbol
    return " ".join(f"U+{ord(char):04X}" for char in symbol)
