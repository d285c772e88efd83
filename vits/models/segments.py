"""The latents of the segments that the decoder is trained on: recorded ones or spoken ones."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.masking import slice_segments
from vits.models.outputs import Gaussian, Recorded
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
    recorded: Recorded | None,
    prior: Gaussian,
    mask: Tensor,
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
        recorded: has the posterior's sample; None where every segment is spoken.
        prior: (B, C, T) of the texts, stretched by the alignment.
        mask: (B, 1, T).
        starts: (B,) int64 first frame of each segment.
        length: of a segment in frames.
        conditioning: (B, G, 1) speaker, or None.
        spoken: how many segments come from the prior.

    Returns:
        (B, C, length).
    """
    count = len(starts) if recorded is None else round(spoken.share * len(starts))
    if recorded is not None and count == 0:
        return slice_segments(recorded.posterior.z, starts, length)
    rows = torch.randperm(len(starts), device=starts.device)[:count]
    mean, log_std, inside = prior.mean[rows], prior.log_std[rows], mask[rows]
    scale = spoken.noise_scale * torch.rand(count, 1, 1, device=mean.device)
    z = (mean + scale * torch.randn_like(mean) * log_std.exp()) * inside
    part = None if conditioning is None else conditioning[rows]
    heard = spoken_latents(flow, z, inside, starts[rows], length, part)
    latents = torch.zeros_like(heard)
    if recorded is not None:
        latents = slice_segments(recorded.posterior.z, starts, length)
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
