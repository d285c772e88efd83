"""Stochastic duration predictor in few kernels on a GPU."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.fast.gpu.splines import joint_spline
from vits.fast.tracing import is_traced
from vits.layers.flows import ElementwiseAffine, SplineCoupling
from vits.layers.masking import at_least_float32
from vits.models.durations.stochastic import StochasticDurationPredictor, dequantisation_noise
from vits.models.outputs import DurationPass

__all__ = ["FastStochasticDurationPredictor"]


class FastStochasticDurationPredictor(StochasticDurationPredictor):
    """A ``StochasticDurationPredictor`` whose loss takes few kernels on a GPU.

    The two channels of a flow are two tensors, so that a flip is a swap of names, and the terms of
    the loss are summed over the symbols once instead of flow by flow.
    """

    def forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        durations: Tensor,
        conditioning: Tensor | None = None,
        *,
        language: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> DurationPass:
        """Bound the negative log-likelihood of durations (B, 1, S), as the plain one."""
        if is_traced() or hidden.device.type == "cpu":
            return super().forward(
                hidden, mask, durations, conditioning, language=language, noise=noise
            )
        return self.joint_forward(
            hidden, mask, durations, conditioning, language=language, noise=noise
        )

    def joint_forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        durations: Tensor,
        conditioning: Tensor | None = None,
        *,
        language: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> DurationPass:
        """Compute ``forward`` of durations (B, 1, S) in few kernels: a loss (B,)."""
        with torch.autocast(hidden.device.type, enabled=False):
            text = self._text_features(hidden, mask, conditioning, language)
            durations = durations.to(text.dtype)
            noise = dequantisation_noise(mask, text.dtype) if noise is None else noise
            noise = noise * mask
            context = text + self._posterior_features(durations, mask)
            logit, v, gain_q = _run(self.posterior_flows, noise, mask, context)
            u = torch.sigmoid(logit)
            # log of the derivative of the sigmoid: -logit - 2 log(1 + exp(-logit))
            gain_q = gain_q.sub(logit).sub(functional.softplus(-logit), alpha=2)
            z0 = ((durations - u) * mask).clamp_min(self.log.floor).log() * mask
            first, second, gain = _run(self.flows, torch.cat([z0, v], dim=1), mask, text)
            # the constant of both Gaussians cancels
            squares = torch.addcmul(first.square(), second, second) - noise.square().sum(1, True)
            loss = torch.add(z0 - gain - gain_q, squares, alpha=0.5)
            return DurationPass((loss * mask).sum((1, 2)))


def _run(
    flows: Sequence[nn.Module] | nn.ModuleList, z: Tensor, mask: Tensor, context: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Map the two channels of z (B, 2, S).

    Returns:
        Both channels (B, 1, S), and the log-determinant of each symbol (B, 1, S), which is not
        zero in the padding.
    """
    affine, *rest = flows
    assert isinstance(affine, ElementwiseAffine)
    z = (affine.mean + affine.log_scale.exp() * z) * mask
    first, second = z.chunk(2, dim=1)
    gains: list[Tensor] = []
    for coupling in rest[::2]:
        assert isinstance(coupling, SplineCoupling)
        changed, gain = _couple(coupling, first, second, mask, context)
        first, second = changed, first  # flipped
        gains.append(gain)
    return first, second, torch.stack(gains).sum(0) + affine.log_scale.sum()


def _couple(
    coupling: SplineCoupling, kept: Tensor, changed: Tensor, mask: Tensor, context: Tensor
) -> tuple[Tensor, Tensor]:
    """Apply a coupling's spline to one channel, given the other; all (B, 1, S)."""
    hidden = coupling.stack(coupling.pre(kept), mask, context)
    logits = at_least_float32(coupling.projection(hidden)).transpose(1, 2).unsqueeze(1)
    y, gain = joint_spline(changed, logits, coupling.scale, coupling.tail_bound)
    return y * mask, gain
