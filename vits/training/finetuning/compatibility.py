"""Checks that what a user asks for matches the voice."""

from collections.abc import Mapping
from typing import Any

from vits.config import VitsConfig, to_dict
from vits.config.schema import leaves
from vits.errors import ConfigError
from vits.training.finetuning.base_voice import BaseVoice
from vits.training.finetuning.vocabulary import Vocabulary

__all__ = ["require_same_shape", "require_same_tensors"]

# No weight depends on the first three; voice and data together determine the others.
FREE = (
    "segment_frames",
    "text_encoder.dropout",
    "duration_predictor.dropout",
    "n_symbols",
    "n_speakers",
    "n_languages",
)


def require_same_shape(base: BaseVoice, given: Mapping[str, Any]) -> None:
    """Require that the keys given for the model have the voice's values.

    Args:
        base: the voice.
        given: values of ``model.config`` from files and command line, without defaults.

    Raises:
        ConfigError: a key contradicts the voice.
    """
    if base.config.speaker_vectors is None and given.get("speaker_vectors") is not None:
        raise ConfigError(
            f"model.config.speaker_vectors must be left out: the voice {base.source} learned its "
            "speakers without; train a new one with `vits fit`"
        )
    shape = dict(leaves(to_dict(base.config)))
    for key, value in leaves(given):
        if value != shape.get(key, value) and not _is_free(key, base):
            raise ConfigError(
                f"model.config.{key} {value} must equal the voice's {shape[key]}: leave it out, "
                "a fine-tuned model has the shape of its voice"
            )


def require_same_tensors(base: BaseVoice, vocabulary: Vocabulary, config: VitsConfig) -> None:
    """Require that an adapter can be all that the run adds to the voice.

    Args:
        base: the voice.
        vocabulary: the symbols and speakers of the fine-tuned voice.
        config: of the model that is trained.

    Raises:
        ConfigError: the model has more tensors or rows than the voice, or reads texts otherwise.
    """
    before, after = base.frontend.to_dict(), vocabulary.info["frontend"]
    reading = [key for key in before if key != "symbols" and before[key] != after[key]]
    more = {
        "new symbols": list(vocabulary.symbols.new),
        "new speakers": list(vocabulary.speakers.new),
        "another front end": reading,
        "a pitch predictor": ["pitch"] * (base.config.pitch is None and config.pitch is not None),
    }
    for what, names in more.items():
        if names:
            raise ConfigError(
                f"{what} ({', '.join(map(repr, names[:10]))}) must not be in a run with lora_rank: "
                f"an adapter only changes what the voice {base.source} has; prepare the data with "
                "--like VOICE, or leave lora_rank out"
            )


def _is_free(key: str, base: BaseVoice) -> bool:
    """Return whether a key may differ: no weight depends on it, or its weights do not exist yet."""
    return (
        key in FREE
        or (key == "speaker_channels" and base.config.n_speakers == 1)
        or (key.startswith("discriminator.") and base.discriminators is None)
    )
