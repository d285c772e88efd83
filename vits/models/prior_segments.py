"""Latents of the segments the decoder is trained on, from the posterior or from the prior."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vits.layers.masking import slice_segments
from vits.models.outputs import Gaussian
from vits.models.prior_flow import PriorFlow

__all__ = ["NO_PRIOR_SEGMENTS", "PriorSegments", "prior_segment_latents", "segment_latents"]


class PriorSegments(NamedTuple):
    """How many segments are decoded from the prior, as at inference, and with how much noise.

    Attributes:
        share: share of the batch, in [0, 1].
        noise_scale: upper bound of each segment's noise scale, which is drawn uniformly from 0.
    """

    share: float
    noise_scale: float


NO_PRIOR_SEGMENTS = PriorSegments(0.0, 0.0)


def segment_latents(
    flow: PriorFlow,
    z: Tensor | None,
    prior: Gaussian,
    mask: Tensor,
    starts: Tensor,
    length: int,
    conditioning: Tensor | None,
    prior_segments: PriorSegments,
) -> Tensor:
    """Cut segments out of the posterior's sample, and a share of them out of the prior's.

    A segment of the prior reaches the decoder through the inverse flow, so its losses also train
    the text encoder and the flow, on what the voice says at inference. With share 0 this is the
    original's training.

    Source: VITS section 2.1.3 for the latent at inference; training on it follows the fully
    end-to-end optimisation of NaturalSpeech (Tan et al., 2022, arXiv:2205.04421, section 3.3),
    here with the durations of the alignment.

    Args:
        flow: the prior flow.
        z: the posterior's sample (B, C, T); None: every segment comes from the prior.
        prior: (B, C, T) of the texts, stretched by the alignment.
        mask: (B, 1, T).
        starts: (B,) int64 first frame of each segment.
        length: frames of a segment.
        conditioning: (B, G, 1) speaker, or None.
        prior_segments: which segments come from the prior.

    Returns:
        (B, C, length).
    """
    count = len(starts) if z is None else round(prior_segments.share * len(starts))
    if z is not None and count == 0:
        return slice_segments(z, starts, length)
    chosen = torch.randperm(len(starts), device=starts.device)[:count]
    part, inside = Gaussian(prior.mean[chosen], prior.log_std[chosen]), mask[chosen]
    scale = prior_segments.noise_scale * torch.rand(count, 1, 1, device=mask.device)
    z_prior = part.sample(scale * torch.randn_like(part.mean)) * inside
    speaker = None if conditioning is None else conditioning[chosen]
    segments = prior_segment_latents(flow, z_prior, inside, starts[chosen], length, speaker)
    latents = torch.zeros_like(segments) if z is None else slice_segments(z, starts, length)
    return latents.index_copy(0, chosen, segments.to(latents.dtype))


def prior_segment_latents(
    flow: PriorFlow,
    z_prior: Tensor,
    mask: Tensor,
    starts: Tensor,
    length: int,
    conditioning: Tensor | None = None,
) -> Tensor:
    """Map segments from prior space to the latent, each with the context that the flow needs.

    Equal to the same segments of the whole utterances' inverse, at the cost of the segments alone;
    a flow that attends to whole utterances is run on them.

    Args:
        flow: the prior flow.
        z_prior: (B, C, T), zero in the padding.
        mask: (B, 1, T).
        starts: (B,) int64 first frame of each segment.
        length: frames of a segment.
        conditioning: (B, G, 1) speaker, or None.

    Returns:
        (B, C, length).
    """
    radius = flow.receptive_radius
    if radius is None:
        return slice_segments(flow.inverse(z_prior, mask, conditioning), starts, length)
    padding, width = (radius, radius), length + 2 * radius
    z, inside = (slice_segments(functional.pad(x, padding), starts, width) for x in (z_prior, mask))
    return flow.inverse(z, inside, conditioning)[..., radius : radius + length]
