"""Which of the generator's parameters a recipe keeps as they are."""

from vits.errors import ConfigError
from vits.models.vits import Vits

__all__ = ["freeze", "is_frozen"]


def freeze(generator: Vits, preset: str | None) -> None:
    """Take the gradient from the parameters that a preset of ``TrainingConfig.freeze`` keeps.

    Gradients still flow through frozen boxes to those below them, but none is computed for their
    weights.

    Raises:
        ConfigError: nothing would be left to train.
    """
    for name, parameter in generator.named_parameters():
        parameter.requires_grad_(not is_frozen(name, preset))
    if not any(parameter.requires_grad for parameter in generator.parameters()):
        raise ConfigError(
            f"freeze {preset!r} leaves nothing to train in a model of "
            f"{generator.config.n_speakers} speaker: it needs two or more"
        )


def is_frozen(name: str, preset: str | None) -> bool:
    """Tell whether a preset keeps a parameter, named as in ``Vits.named_parameters``."""
    parts = name.split(".")
    if preset == "speaker-only":
        return parts[0] != "speaker_embedding" and "conditioning" not in parts
    boxes = {
        "decoder": ("decoder",),
        "posterior": ("posterior_encoder",),
        "text": ("text_encoder", "language_embedding"),
    }
    return preset is not None and parts[0] in boxes[preset]
