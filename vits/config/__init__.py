"""All settings, as frozen keyword-only dataclasses.

Every default stands here and nowhere else; the defaults are the original's LJSpeech recipe. Units
and ranges are in the docstrings. A key that has no effect beside the others is an error.
"""

from vits.config.decoder import ConvNextConfig, DecoderConfig, HifiGanConfig, IstftConfig
from vits.config.durations import (
    AdversarialDurationConfig,
    DeterministicDurationConfig,
    DurationPredictorConfig,
    StochasticDurationConfig,
)
from vits.config.inputs import AudioConfig, FrontendConfig
from vits.config.model import (
    DiscriminatorConfig,
    FlowTransformerConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.config.pitch import PitchConfig
from vits.config.schema import from_dict, to_dict
from vits.config.speakers import SpeakerVectorsConfig
from vits.config.training import (
    AdversarialConfig,
    AlignmentConfig,
    LossWeights,
    OptimizerConfig,
    PitchShiftConfig,
    PriorSegmentsConfig,
    TrainingConfig,
)

__all__ = [
    "AdversarialConfig",
    "AdversarialDurationConfig",
    "AlignmentConfig",
    "AudioConfig",
    "ConvNextConfig",
    "DecoderConfig",
    "DeterministicDurationConfig",
    "DiscriminatorConfig",
    "DurationPredictorConfig",
    "FlowTransformerConfig",
    "FrontendConfig",
    "HifiGanConfig",
    "IstftConfig",
    "LossWeights",
    "OptimizerConfig",
    "PitchConfig",
    "PitchShiftConfig",
    "PosteriorEncoderConfig",
    "PriorFlowConfig",
    "PriorSegmentsConfig",
    "SpeakerVectorsConfig",
    "StochasticDurationConfig",
    "TextEncoderConfig",
    "TrainingConfig",
    "VitsConfig",
    "from_dict",
    "to_dict",
]
