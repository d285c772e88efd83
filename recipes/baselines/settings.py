"""What is compared: the sizes of the networks and how they are trained."""

from dataclasses import dataclass, field, replace

from recipes.baselines.tacotron import TacotronSizes
from recipes.baselines.waveglow import WaveGlowSizes
from vits.config import (
    AdversarialConfig,
    AdversarialDurationConfig,
    AlignmentConfig,
    AudioConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    FlowTransformerConfig,
    HifiGanConfig,
    OptimizerConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    TrainingConfig,
    VitsConfig,
)

__all__ = ["Settings"]

VITS = VitsConfig(
    hidden_channels=128,
    latent_channels=96,
    text_encoder=TextEncoderConfig(filter_channels=384, n_layers=4),
    posterior_encoder=PosteriorEncoderConfig(n_layers=6, kernel_size=3),
    prior_flow=PriorFlowConfig(n_layers=2),
    decoder=HifiGanConfig(
        resblock="2",
        resblock_kernel_sizes=(3, 5, 7),
        resblock_dilations=((1, 2), (2, 6), (3, 12)),
        upsample_rates=(8, 8, 4),
        upsample_kernel_sizes=(16, 16, 8),
        initial_channels=192,
    ),
    discriminator=DiscriminatorConfig(
        periods=(2, 3, 5, 7, 11),
        period_channels=(8, 16, 32, 64),
        scale_channels=(),
        scale_groups=(),
        resolutions=(256, 512, 1024),
        resolution_channels=8,
    ),
)
TRAINING = TrainingConfig(
    optimizer=OptimizerConfig(learning_rate=8e-4, decay=0.9, decay_steps=300),
    adversarial=AdversarialConfig(start=500),
    alignment=AlignmentConfig(guide=100.0, guide_steps=500),
    ema_decay=0.0,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The networks and the batches of a comparison; the defaults suit an hour on one CPU thread.

    VITS is a narrow one, as in ``recipes/kathleen/small.yaml`` but with a HiFi-GAN decoder. The
    vocoder HiFi-GAN is the same decoder with the same discriminators, losses and learning rate.

    Attributes:
        vits: VITS; its duration predictor, and what VITS2 adds, come with ``model``.
        training: its recipe, and that of the vocoder HiFi-GAN.
        tacotron: Tacotron 2.
        waveglow: WaveGlow.
        max_frames: largest batch, utterances x longest (frames).
        max_utterances: utterances of a batch.
    """

    vits: VitsConfig = VITS
    training: TrainingConfig = TRAINING
    tacotron: TacotronSizes = field(default_factory=TacotronSizes)
    waveglow: WaveGlowSizes = field(default_factory=WaveGlowSizes)
    max_frames: int = 2600
    max_utterances: int = 16

    def model(self, system: str, audio: AudioConfig) -> tuple[VitsConfig, TrainingConfig]:
        """Return model and recipe of ``vits_deterministic``, ``vits_stochastic`` or ``vits2``."""
        config = replace(self.vits, audio=audio)
        if system == "vits_deterministic":
            durations = DeterministicDurationConfig()
            return replace(config, duration_predictor=durations), self.training
        if system == "vits_stochastic":
            return replace(config, duration_predictor=StochasticDurationConfig()), self.training
        flow = replace(config.prior_flow, transformer=FlowTransformerConfig())
        config = replace(config, prior_flow=flow, duration_predictor=AdversarialDurationConfig())
        recipe = self.training
        late = replace(recipe.adversarial, duration_start=recipe.adversarial.start)
        noise = replace(recipe.alignment, noise=0.01)
        return config, replace(recipe, adversarial=late, alignment=noise)
