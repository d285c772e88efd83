"""Stochastic duration predictor: text -> frames of each symbol (figure 1).

All predictors share its interface: ``forward`` gives the loss of known durations, ``predict``
log-durations. All ignore autocast: frame counts need float32.
"""

import math

import torch
from torch import Tensor, nn

from vits.layers.depth_separable import DepthSeparableStack
from vits.layers.flows import ElementwiseAffine, Flip, Log, SplineCoupling
from vits.models.conditioning import add_conditioning, detach_as
from vits.models.outputs import DurationPass

__all__ = ["StochasticDurationPredictor", "dequantisation_noise"]

LOG_2PI = math.log(2 * math.pi)
N_STACK_LAYERS = 3  # depth of every depth-separable stack (appendix B)


class StochasticDurationPredictor(nn.Module):
    """Flow-based distribution over durations, trained by a variational bound.

    Integer durations d are dequantised by u in [0, 1) and augmented by v; q(u, v | d, text) is a
    flow of its own, and the loss is -log p(d - u, v | text) + log q(u, v | d, text).

    Source: VITS section 2.2.4 and appendix B.
    """

    def __init__(
        self,
        hidden_channels: int,
        filter_channels: int,
        *,
        kernel_size: int,
        dropout: float,
        n_flows: int,
        n_bins: int,
        tail_bound: float,
        conditioning_channels: int = 0,
        language_channels: int = 0,
    ) -> None:
        super().__init__()

        def stack() -> DepthSeparableStack:
            return DepthSeparableStack(filter_channels, kernel_size, N_STACK_LAYERS, dropout)

        def flows() -> nn.ModuleList:
            layers: list[nn.Module] = [ElementwiseAffine(2)]
            for _ in range(n_flows):
                layers.append(
                    SplineCoupling(
                        2, filter_channels, kernel_size, N_STACK_LAYERS, n_bins, tail_bound
                    )
                )
                layers.append(Flip())
            return nn.ModuleList(layers)

        self.pre = nn.Conv1d(hidden_channels + language_channels, filter_channels, 1)
        self.stack = stack()
        self.projection = nn.Conv1d(filter_channels, filter_channels, 1)
        self.conditioning = (
            nn.Conv1d(conditioning_channels, filter_channels, 1) if conditioning_channels else None
        )
        self.log = Log()
        self.flows = flows()
        self.posterior_pre = nn.Conv1d(1, filter_channels, 1)
        self.posterior_stack = stack()
        self.posterior_projection = nn.Conv1d(filter_channels, filter_channels, 1)
        self.posterior_flows = flows()
        self.language = (
            nn.Conv1d(language_channels, filter_channels, 1) if language_channels else None
        )

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
        """Bound the negative log-likelihood of durations.

        Args:
            hidden: (B, H, S) text encoder output, with languages H + E wide; no gradient flows
                back into it.
            mask: (B, 1, S).
            durations: (B, 1, S) frames of each symbol.
            conditioning: (B, G, 1) speaker, or None; no gradient flows back into it.
            language: (B, E, 1), or None; no gradient flows back into it.
            noise: (B, 2, S) standard normal of the posterior; sampled when None.

        Returns:
            Loss (B,) in nats, summed over the symbols of each sample.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            text = self._text_features(hidden, mask, conditioning, language)
            durations = durations.to(text.dtype)
            noise = dequantisation_noise(mask, text.dtype) if noise is None else noise
            u, v, log_q = self._dequantise(text, mask, durations, noise * mask)
            z0, log_det = self.log((durations - u) * mask, mask)
            z = torch.cat([z0, v], dim=1)
            for flow in self.flows:
                z, change = flow(z, mask, text)
                log_det = log_det + change
            nll = (0.5 * (LOG_2PI + z.square()) * mask).sum((1, 2)) - log_det
            return DurationPass(nll + log_q)

    def predict(
        self,
        hidden: Tensor,
        mask: Tensor,
        conditioning: Tensor | None = None,
        *,
        language: Tensor | None = None,
        noise_scale: float | Tensor = 1.0,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Sample log-durations.

        The first coupling of the flow is skipped: its inverse changes only the second channel,
        which is discarded.

        Args:
            hidden: (B, H, S).
            mask: (B, 1, S).
            conditioning: (B, G, 1) speaker, or None.
            language: (B, E, 1), or None.
            noise_scale: standard deviation of the noise.
            noise: (B, 2, S) standard normal; sampled when None.

        Returns:
            (B, 1, S) natural logarithm of frames.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            text = self._text_features(hidden, mask, conditioning, language)
            z = dequantisation_noise(mask, text.dtype) if noise is None else noise.to(text.dtype)
            z = z * noise_scale
            affine, _, *rest = self.flows
            for flow in reversed(rest):
                z = flow.inverse(z, mask, text)  # pyright: ignore[reportCallIssue]
            return affine.inverse(z, mask)[:, :1]  # pyright: ignore[reportCallIssue]

    def _text_features(
        self,
        hidden: Tensor,
        mask: Tensor,
        conditioning: Tensor | None,
        language: Tensor | None,
    ) -> Tensor:
        """Compute the context of both flows (B, filter_channels, S)."""
        x = self.pre(detach_as(hidden, self.pre))
        x = add_conditioning(x, (self.conditioning, conditioning), (self.language, language))
        return self.projection(self.stack(x, mask)) * mask

    def _posterior_features(self, durations: Tensor, mask: Tensor) -> Tensor:
        """Compute what the posterior's context adds to the text's (B, filter_channels, S)."""
        x = self.posterior_stack(self.posterior_pre(durations), mask)
        return self.posterior_projection(x) * mask

    def _dequantise(
        self, text: Tensor, mask: Tensor, durations: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sample u (B, 1, S) in (0, 1) and v (B, 1, S); return them with log q(u, v) (B,)."""
        context = text + self._posterior_features(durations, mask)
        z, log_det = noise, torch.zeros_like(noise[:, 0, 0])
        for flow in self.posterior_flows:
            z, change = flow(z, mask, context)
            log_det = log_det + change
        u_logit, v = z.chunk(2, dim=1)
        log_slope = nn.functional.logsigmoid(u_logit) + nn.functional.logsigmoid(-u_logit)
        log_det = log_det + (log_slope * mask).sum((1, 2))
        log_q = (-0.5 * (LOG_2PI + noise.square()) * mask).sum((1, 2)) - log_det
        return torch.sigmoid(u_logit) * mask, v, log_q


def dequantisation_noise(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Sample standard normal noise (B, 2, S) for a mask (B, 1, S)."""
    return torch.randn_like(mask.repeat(1, 2, 1).to(dtype))
