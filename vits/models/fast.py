"""The form in which a model speaks fastest on a processor; training never sees it.

Speed is that of flow and decoder, which have nearly all the work. All that decides how long a
sentence is stays float32 whatever is asked for: text encoder, durations and their sums. bfloat16
has eight significant bits, and cannot count frames past 256.
"""

import torch
from torch import nn

from vits.layers.channels_last import keep_channels_last
from vits.layers.stage import ResidualStage
from vits.models.vits import Vits

__all__ = ["make_fast"]

# What ends in the wave: phases and filterbanks need float32, and the work is small.
LAST_LAYERS = ("post", "mixing")
PIECE = 2**20  # numbers of a signal computed at once: 4 MB in float32, which caches hold
MEASURED = ("AVX2", "AVX512")  # kinds of processors on which the order of memory was measured


def make_fast(model: Vits, *, bf16: bool = False) -> None:
    """Bring flow and decoder of a model into their fast form, in place.

    - float32: the decoder's convolutions keep channels last and its stages work in pieces, which
      gives the same values up to rounding. The flow stays as it is: its wide and short convolutions
      win nothing by it.
    - bfloat16: also the convolutions of the flow's WaveNets, and the products of weights are
      rounded to bfloat16. What they are added to in the flow, every normalisation, inverse
      transform and filterbank, and the last layer are float32.

    Args:
        model: folded already; on the device where it is to compute.
        bf16: multiply in bfloat16.
    """
    on_processor = next(model.parameters()).device.type == "cpu"
    decoder, dtype = model.decoder, torch.bfloat16 if bf16 else None
    if not bf16 and not (on_processor and torch.backends.cpu.get_cpu_capability() in MEASURED):
        return
    for name, child in list(decoder.named_children()):
        holder = nn.ModuleDict({name: child})  # so that the child itself can be replaced
        keep_channels_last(holder, None if name in LAST_LAYERS else dtype)
        setattr(decoder, name, holder[name])
    for stage in decoder.modules():
        if isinstance(stage, ResidualStage):
            stage.piece = PIECE
    if bf16:
        for coupling in model.prior_flow.couplings:
            keep_channels_last(coupling.get_submodule("wavenet"), dtype)
