"""The posterior's side of a training pass: recordings -> latents, here and in prior space."""

from typing import TYPE_CHECKING

from torch import Tensor

from vits.models.outputs import Crossing, Recorded

if TYPE_CHECKING:
    from vits.models.vits import Vits

__all__ = ["place_recordings", "record"]


def record(
    model: "Vits", spectrogram: Tensor, frame_lengths: Tensor, conditioning: Tensor | None
) -> Recorded:
    """Encode recordings and take the sample to prior space.

    Args:
        model: whose posterior encoder and prior flow are asked.
        spectrogram: (B, F, T) linear magnitude.
        frame_lengths: (B,) int64.
        conditioning: (B, G, 1) speaker, or None.
    """
    posterior = model.posterior_encoder(spectrogram, frame_lengths, conditioning)
    crossing = Crossing.of(posterior, conditioning)
    z_prior, _ = model.prior_flow(crossing.z, posterior.mask, crossing.conditioning)
    return Recorded(posterior, crossing, z_prior)


def place_recordings(
    model: "Vits", spectrogram: Tensor, frame_lengths: Tensor, speakers: Tensor | None
) -> Tensor:
    """Take recordings to prior space (B, C, T) by the posterior's mean."""
    conditioning = model._conditioning(speakers)
    posterior = model.posterior_encoder(spectrogram, frame_lengths, conditioning)
    mean = posterior.distribution.mean * posterior.mask
    return model.prior_flow(mean, posterior.mask, conditioning)[0]
