"""The losses of VITS as pure functions; each is computed in at least float32.

Source: VITS section 2.1 (reconstruction, KL), 2.2.4 (duration), 2.3 (adversarial).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "adversarial_loss",
    "discriminator_loss",
    "duration_loss",
    "feature_matching_loss",
    "kl_divergence",
    "mel_loss",
    "pitch_loss",
]


def mel_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of two log-mel spectrograms of one shape (equation 2)."""
    return functional.l1_loss(_precise(predicted), _precise(target))


def kl_divergence(
    z_prior: Tensor,
    posterior_log_std: Tensor,
    prior_mean: Tensor,
    prior_log_std: Tensor,
    mask: Tensor,
) -> Tensor:
    """KL from posterior to prior, one Monte-Carlo sample (equations 3 and 4).

    log s_p - log s_q - 1/2 + (f(z) - m_p)^2 / (2 s_p^2), summed over channels and averaged over
    real frames. The flow preserves volume, so no log-determinant appears. A single sample can make
    it negative.

    Args:
        z_prior: f(z) (B, C, T), z drawn from the posterior.
        posterior_log_std: (B, C, T).
        prior_mean: stretched to frames (B, C, T).
        prior_log_std: stretched to frames (B, C, T).
        mask: (B, 1, T).

    Returns:
        Scalar, nats per frame.
    """
    z_prior, prior_mean, prior_log_std = map(_precise, (z_prior, prior_mean, prior_log_std))
    distance = (z_prior - prior_mean).square() * (-2 * prior_log_std).exp()
    kl = prior_log_std - _precise(posterior_log_std) - 0.5 + 0.5 * distance
    return (kl * mask).sum() / mask.sum()


def duration_loss(per_sample: Tensor, symbol_mask: Tensor) -> Tensor:
    """Average a duration predictor's loss (B,) over the real symbols of ``symbol_mask`` (B,1,S)."""
    return _precise(per_sample).sum() / symbol_mask.sum()


def pitch_loss(loss_per_sample: Tensor, frame_mask: Tensor) -> Tensor:
    """Average the pitch predictor's loss over the frames of the batch.

    Args:
        loss_per_sample: (B,) summed over frames.
        frame_mask: (B, 1, T).

    Returns:
        Scalar.
    """
    return _precise(loss_per_sample).sum() / frame_mask.sum()


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Least-squares loss of the discriminators: sum of E[(1 - D(y))^2] + E[D(G(z))^2] (equation 9).

    Args:
        real: each member's score of recordings, (B, N).
        fake: each member's score of generated waves, (B, N).

    Returns:
        Scalar.
    """
    terms = [
        (1 - _precise(r)).square().mean() + _precise(f).square().mean()
        for r, f in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).sum()


def adversarial_loss(fake: Sequence[Tensor]) -> Tensor:
    """Least-squares loss of the generator: sum of E[(1 - D(G(z)))^2] (equation 10).

    Args:
        fake: each member's score of generated waves, (B, N).

    Returns:
        Scalar.
    """
    return torch.stack([(1 - _precise(f)).square().mean() for f in fake]).sum()


def feature_matching_loss(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Mean absolute difference of every layer's features, summed over layers (equation 11).

    The original doubles this sum; here the factor 2 is ``LossWeights.feature``.

    Args:
        real: features of recordings by member and layer; they get no gradient.
        fake: features of generated waves, same shapes.

    Returns:
        Scalar.
    """
    terms = [
        functional.l1_loss(_precise(f), _precise(r.detach()))
        for real_layers, fake_layers in zip(real, fake, strict=True)
        for r, f in zip(real_layers, fake_layers, strict=True)
    ]
    return torch.stack(terms).sum()


def _precise(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
