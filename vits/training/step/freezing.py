"""Freezing of parts of the generator."""

from vits.errors import ConfigError
from vits.models.low_rank import learn_difference
from vits.models.vits import Vits

__all__ = ["freeze", "is_frozen"]


def freeze(generator: Vits, preset: str | None, lora_rank: int = 0) -> None:
    """Turn off the gradients of the parameters that a value of ``TrainingConfig.freeze`` names.

    Gradients still flow through frozen networks, but none is computed for their weights.

    Args:
        generator: the generator.
        preset: which parameters do not train; None: all train.
        lora_rank: rank of the differences that train instead of the weights; 0: the weights.

    Raises:
        ConfigError: no parameter is left to train.
    """
    for name, parameter in generator.named_parameters():
        parameter.requires_grad_(not is_frozen(name, preset))
    if not any(parameter.requires_grad for parameter in generator.parameters()):
        raise ConfigError(
            f"freeze {preset!r} leaves nothing to train in a model of "
            f"{generator.config.n_speakers} speaker: it needs two or more"
        )
    if lora_rank:
        learn_difference(generator, lora_rank, lambda name: is_frozen(name, preset))


def is_frozen(name: str, preset: str | None) -> bool:
    """Return whether ``preset`` freezes the parameter ``name`` of ``Vits.named_parameters``."""
    parts = name.split(".")
    if preset == "speaker-only":
        return parts[0] != "speaker_embedding" and "conditioning" not in parts
    if preset == "prior":
        return parts[0] not in ("decoder", "pitch_predictor")
    boxes = {
        "decoder": ("decoder",),
        "posterior": ("posterior_encoder",),
        "text": ("text_encoder", "language_embedding"),
    }
    return preset is not None and parts[0] in boxes[preset]
