"""Optimizes a model for inference on a CPU."""

import torch
from torch import nn

from vits.fast.attention import FastRelativeAttention, JoinedRelativeAttention
from vits.fast.cpu import packing_pays
from vits.fast.decoders import FastResidualStage, PiecewiseResidualStage
from vits.fast.packed import pack
from vits.fast.replacement import replace_modules
from vits.fast.training import optimize_for_training
from vits.layers.attention import TransformerEncoder
from vits.models.vits import Vits

__all__ = ["optimize_for_inference"]

# they synthesize the wave: phases and filterbanks need float32, and the work is small
FLOAT32_LAYERS = ("post", "mixing")


def optimize_for_inference(model: Vits, precision: str = "fp32") -> Vits:
    """Replace modules by equivalents for inference, in place; the model cannot be trained any more.

    Prior flow and decoder do nearly all the work; the first chunk of a stream also waits for the
    text encoder.

    - ``fp32``: the convolutions of prior flow, decoder and text encoder store their weights
      channels last, the stages of the decoder compute in pieces, and each attention takes one
      product where it took three. The values are the same up to rounding.
    - ``bf16``: also the convolutions of the flow's WaveNets and of the decoder, and the decoder's
      linear layers round weights and products to bfloat16. Text encoder and durations stay float32:
      bfloat16 has eight significant bits and cannot count frames beyond 256. So do the residual
      sums of the flow, normalisations, inverse transforms, filterbanks and the last layer.

    Args:
        model: on its device; weight norm is folded.
        precision: ``fp32`` or ``bf16``.

    Returns:
        The model.

    Raises:
        ValueError: there is no such precision.
    """
    if precision not in ("fp32", "bf16"):
        raise ValueError(f"precision {precision!r} must be fp32 or bf16")
    model.fold_weight_norm()
    optimize_for_training(model)
    on_cpu = next(model.parameters()).device.type == "cpu"
    if precision == "fp32" and not (on_cpu and packing_pays()):
        return model
    rounded = torch.bfloat16 if precision == "bf16" else None
    _pack_children(model.decoder, rounded, but=FLOAT32_LAYERS)
    replace_modules(model.decoder, {FastResidualStage: PiecewiseResidualStage})
    _optimize_transformer(model.text_encoder.encoder)
    for coupling in model.prior_flow.couplings:
        _pack_children(coupling, rounded, but=("pre", "post"), left=("transformer",))
        if isinstance(transformer := getattr(coupling, "transformer", None), TransformerEncoder):
            _optimize_transformer(transformer)
    return model


def _optimize_transformer(encoder: TransformerEncoder) -> None:
    """Pack the feed-forward layers and join the products of each attention, in float32."""
    for feed_forward in encoder.feed_forwards:
        pack(feed_forward)
    _join_attentions(encoder.attentions)


def _pack_children(
    module: nn.Module, rounded: torch.dtype | None, but: tuple[str, ...], left: tuple[str, ...] = ()
) -> None:
    """Pack every child except those ``left`` as they are; those in ``but`` keep their precision."""
    for name, child in [each for each in module.named_children() if each[0] not in left]:
        setattr(module, name, pack(child, None if name in but else rounded))


def _join_attentions(attentions: nn.ModuleList) -> None:
    for i, attention in enumerate(attentions):
        if isinstance(attention, FastRelativeAttention):
            attentions[i] = JoinedRelativeAttention.of(attention)
