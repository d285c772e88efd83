"""The form in which a model speaks fastest on a processor; training never sees it.

Speed is that of flow and decoder, which have nearly all the work; the first chunk of a stream waits
for the text encoder above all. What decides how long a sentence is stays float32 whatever is asked
for: text encoder, durations and their sums. bfloat16 has eight significant bits, and cannot count
frames past 256.
"""

import torch
from torch import nn

from vits.layers.attention import FeedForward, RelativeAttention
from vits.layers.channels_last import keep_channels_last
from vits.layers.stage import ResidualStage
from vits.models.vits import Vits

__all__ = ["make_fast"]

# What ends in the wave: phases and filterbanks need float32, and the work is small.
LAST_LAYERS = ("post", "mixing")
PIECE = 2**20  # numbers of a signal computed at once: 4 MB in float32, which caches hold
MEASURED = ("AVX2", "AVX512")  # kinds of processors on which the order of memory was measured


def make_fast(model: Vits, *, bf16: bool = False) -> None:
    """Bring a model into its fast form, in place.

    - float32: the convolutions of flow, decoder and text encoder keep channels last, with weights
      that are put in the processor's order once and not in every call, the decoder's stages work in
      pieces, and each attention takes one product where it took three. This gives the same values
      up to rounding.
    - bfloat16: also the convolutions of the flow's WaveNets and of the decoder, and their products
      of weights are rounded to bfloat16. What they are added to in the flow, every normalisation,
      inverse transform and filterbank, and the last layer are float32.

    Args:
        model: folded already; on the device where it is to compute.
        bf16: multiply in bfloat16.
    """
    on_processor = next(model.parameters()).device.type == "cpu"
    if not bf16 and not (on_processor and torch.backends.cpu.get_cpu_capability() in MEASURED):
        return
    dtype = torch.bfloat16 if bf16 else None
    for name, child in list(model.decoder.named_children()):
        _replace(model.decoder, name, child, None if name in LAST_LAYERS else dtype)
    for stage in model.decoder.modules():
        if isinstance(stage, ResidualStage):
            stage.piece = PIECE
    for part in list(model.text_encoder.modules()):
        if isinstance(part, RelativeAttention):
            part.join()
        elif isinstance(part, FeedForward):
            keep_channels_last(part)
    for coupling in model.prior_flow.couplings:
        for name, child in list(coupling.named_children()):
            _replace(coupling, name, child, dtype if name == "wavenet" else None)
    _shorten_searches(model)


def _replace(parent: nn.Module, name: str, child: nn.Module, dtype: torch.dtype | None) -> None:
    """Bring a child, which may be a convolution itself, into its fast form."""
    holder = nn.ModuleDict({name: child})
    keep_channels_last(holder, dtype)
    setattr(parent, name, holder[name])


def _shorten_searches(model: nn.Module) -> None:
    """Let Python find what a module holds at once, and not after all places where it is not.

    In short sentences, and in the first chunk of a stream, a good part of the time is Python's.
    """
    for module in model.modules():
        vars(module).update(module._parameters | module._buffers | module._modules)
