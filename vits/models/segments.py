"""The latents of the segments that the decoder is trained on: recorded ones or spoken ones."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.masking import slice_segments
from vits.models.outputs import Gaussian, Posterior
from vits.models.prior_flow import PriorFlow

__all__ = ["RECORDED", "Spoken", "segment_latents", "spoken_latents"]


class Spoken(NamedTuple):
    """Which segments are decoded as in speaking: from the prior, along the alignment.

    Attributes:
        share: of the batch, in [0, 1].
        noise_scale: each segment's scale of the prior's noise is drawn from 0 to this.
    """

    share: float
    noise_scale: float


RECORDED = Spoken(0.0, 0.0)


def segment_latents(
    flow: PriorFlow,
    posterior: Posterior,
    prior: Gaussian,
    starts: Tensor,
    length: int,
    conditioning: Tensor | None,
    spoken: Spoken,
) -> Tensor:
    """Cut the segments out of the posterior's sample, some of them out of the prior's instead.

    The prior's reach the decoder through the inverse flow, so their losses train the text encoder
    and the flow too, on what is heard when the voice speaks. With share 0 this is the original's
    training.

    Source: VITS section 2.1.3 for the latent of speaking; training on it as well follows the
    fully end-to-end optimisation of NaturalSpeech (Tan et al., 2022, arXiv:2205.04421, section
    3.3), here with the durations of the alignment.

    Args:
        flow: the prior flow.
        posterior: (B, C, T) of the recordings.
        prior: (B, C, T) of their texts, stretched by the alignment.
        starts: (B,) int64 first frame of each segment.
        length: of a segment in frames.
        conditioning: (B, G, 1) speaker, or None.
        spoken: how many segments come from the prior.

    Returns:
        (B, C, length).
    """
    latents = slice_segments(posterior.z, starts, length)
    count = round(spoken.share * len(starts))
    if count == 0:
        return latents
    rows = torch.randperm(len(starts), device=starts.device)[:count]
    mean, log_std, mask = prior.mean[rows], prior.log_std[rows], posterior.mask[rows]
    scale = spoken.noise_scale * torch.rand(count, 1, 1, device=mean.device)
    z = (mean + scale * torch.randn_like(mean) * log_std.exp()) * mask
    part = None if conditioning is None else conditioning[rows]
    heard = spoken_latents(flow, z, mask, starts[rows], length, part)
    return latents.index_copy(0, rows, heard.to(latents.dtype))


def spoken_latents(
    flow: PriorFlow,
    z_prior: Tensor,
    mask: Tensor,
    starts: Tensor,
    length: int,
    conditioning: Tensor | None = None,
) -> Tensor:
    """Take segments from prior space to the latent, each with the context that the flow needs.

    Equal to the segments of the whole utterances' inverse, at the cost of the segments alone.

    Args:
        flow: the prior flow.
        z_prior: (B, C, T), zero in the padding.
        mask: (B, 1, T).
        starts: (B,) int64.
        length: of a segment in frames.
        conditioning: (B, G, 1) speaker, or None.

    Returns:
        (B, C, length).
    """
    around, width = (flow.context, flow.context), length + 2 * flow.context
    z, inside = (slice_segments(functional.pad(x, around), starts, width) for x in (z_prior, mask))
    return flow.inverse(z, inside, conditioning)[..., flow.context : flow.context + length]
