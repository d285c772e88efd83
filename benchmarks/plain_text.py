"""The text's side as the reference writes it: over columns (B, C, S), where the library has rows.

The forms belong together, since they hand each other columns.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.attention import (
    MASKED_SCORE,
    FeedForward,
    RelativeAttention,
    TransformerEncoder,
)
from vits.layers.convolution import DepthSeparableStack
from vits.layers.flows import SplineCoupling
from vits.layers.splines import SplineParameters, spline
from vits.models.duration_predictor import StochasticDurationPredictor

__all__ = ["PLAIN_TEXT"]


def normalise(norm: nn.Module, x: Tensor) -> Tensor:
    """Normalise columns; the result is left in the order that the normalisation gave it."""
    return norm(x.transpose(1, -1)).transpose(1, -1)


class PlainRelativeAttention(RelativeAttention):
    """Masks always, and writes nothing in place."""

    def forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        """Map (B, C, S); ``padding`` as the parent's."""
        shape = (x.shape[0], self.n_heads, -1, x.shape[2])
        q, k, v = (f(x).view(shape).transpose(2, 3) for f in (self.query, self.key, self.value))
        q = q / math.sqrt(q.shape[-1])
        scores = q @ k.transpose(-2, -1) + self._to_absolute(q @ self.relative_key.mT)
        assert padding is not None
        scores = scores.masked_fill(padding.unsqueeze(1), MASKED_SCORE)
        weights = self.dropout(functional.softmax(scores, dim=-1))
        heads = weights @ v + self._to_relative(weights) @ self.relative_value
        return self.output(heads.transpose(2, 3).flatten(1, 2))


class PlainFeedForward(FeedForward):
    """Convolves columns."""

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, C, S); ``mask`` is (B, 1, S)."""
        assert mask is not None
        hidden = self.dropout(torch.relu(self.conv_1(x * mask)))
        return self.conv_2(hidden * mask) * mask


class PlainTransformerEncoder(TransformerEncoder):
    """Goes to rows and back for every normalisation."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Shapes as the parent's."""
        x, padding = x * mask, mask == 0
        blocks = (self.attentions, self.attention_norms, self.feed_forwards)
        for attention, norm_1, feed_forward, norm_2 in zip(
            *blocks, self.feed_forward_norms, strict=True
        ):
            x = normalise(norm_1, x + self.dropout(attention(x, padding)))
            x = normalise(norm_2, x + self.dropout(feed_forward(x, mask)))
        return x * mask


class PlainDepthSeparableStack(DepthSeparableStack):
    """Torch's depthwise convolution, over columns."""

    def forward(self, x: Tensor, mask: Tensor | None, conditioning: Tensor | None = None) -> Tensor:
        """Map (B, C, S); ``mask`` is (B, 1, S), ``conditioning`` (B, C, S or 1)."""
        assert mask is not None
        if conditioning is not None:
            x = x + conditioning
        for depthwise, norm_1, pointwise, norm_2 in zip(
            self.depthwise,
            self.depthwise_norms,
            self.pointwise,
            self.pointwise_norms,
            strict=True,
        ):
            y = functional.gelu(normalise(norm_1, depthwise(x * mask)))
            y = functional.gelu(normalise(norm_2, pointwise(y)))
            x = x + self.dropout(y)
        return x * mask


class PlainSplineCoupling(SplineCoupling):
    """Picks the values inside the tails out by a boolean mask, and puts them back."""

    def forward(
        self, x: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Shapes as the parent's, but for ``conditioning``, which is (B, C, S)."""
        x0, x1 = x.split(self.half_channels, dim=1)
        parameters = self._spline_parameters(x0, mask, conditioning)
        inside = (x1 >= -self.tail_bound) & (x1 <= self.tail_bound)
        y1, log_slope = torch.zeros_like(x1), torch.zeros_like(x1)
        y1[~inside] = x1[~inside]
        picked = SplineParameters(*(logits[inside] for logits in parameters))
        y1[inside], log_slope[inside] = spline(x1[inside], picked, self.tail_bound)
        return torch.cat([x0, y1], dim=1) * mask, (log_slope * mask).sum((1, 2))

    def _spline_parameters(
        self, x0: Tensor, mask: Tensor | None, conditioning: Tensor | None
    ) -> SplineParameters:
        assert mask is not None
        hidden = self.projection(self.stack(self.pre(x0), mask, conditioning)) * mask
        logits = hidden.unflatten(1, (self.half_channels, -1)).transpose(2, 3)
        widths, heights, slopes = logits.split([self.n_bins, self.n_bins, self.n_bins - 1], dim=-1)
        return SplineParameters(widths * self.scale, heights * self.scale, slopes)


class PlainStochasticDurationPredictor(StochasticDurationPredictor):
    """Tells its flows columns."""

    def _text_features(
        self,
        hidden: Tensor,
        mask: Tensor | None,
        conditioning: Tensor | None,
        language: Tensor | None,
    ) -> Tensor:
        assert mask is not None
        x = self.pre(hidden.detach())
        if self.conditioning is not None and conditioning is not None:
            x = x + self.conditioning(conditioning.detach())
        if self.language is not None and language is not None:
            x = x + self.language(language.detach())
        return self.projection(self.stack(x, mask)) * mask

    def _posterior_features(self, durations: Tensor, mask: Tensor) -> Tensor:
        return (
            self.posterior_projection(self.posterior_stack(self.posterior_pre(durations), mask))
            * mask
        )


PLAIN_TEXT: dict[type[nn.Module], type[nn.Module]] = {
    TransformerEncoder: PlainTransformerEncoder,
    RelativeAttention: PlainRelativeAttention,
    FeedForward: PlainFeedForward,
    DepthSeparableStack: PlainDepthSeparableStack,
    SplineCoupling: PlainSplineCoupling,
    StochasticDurationPredictor: PlainStochasticDurationPredictor,
}
