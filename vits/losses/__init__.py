"""Training losses."""

from vits.losses.durations import duration_adversarial_loss, duration_discriminator_loss
from vits.losses.vits import (
    adversarial_loss,
    discriminator_loss,
    duration_loss,
    feature_matching_loss,
    kl_divergence,
    mel_loss,
    pitch_loss,
)

__all__ = [
    "adversarial_loss",
    "discriminator_loss",
    "duration_adversarial_loss",
    "duration_discriminator_loss",
    "duration_loss",
    "feature_matching_loss",
    "kl_divergence",
    "mel_loss",
    "pitch_loss",
]
