"""All settings, as frozen keyword-only dataclasses.

A default lives here and nowhere else; the defaults are the original's LJSpeech recipe. Units are
in the names or the docstrings.
"""

from vits.config.decoder import DecoderConfig
from vits.config.inputs import AudioConfig, FrontendConfig
from vits.config.model import (
    DiscriminatorConfig,
    DurationPredictorConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.config.schema import from_dict, to_dict
from vits.config.training import TrainingConfig

__all__ = [
    "AudioConfig",
    "DecoderConfig",
    "DiscriminatorConfig",
    "DurationPredictorConfig",
    "FrontendConfig",
    "PosteriorEncoderConfig",
    "PriorFlowConfig",
    "TextEncoderConfig",
    "TrainingConfig",
    "VitsConfig",
    "from_dict",
    "to_dict",
]
