"""Several sentences of different lengths at once, each as if it were alone.

The flow is masked, the decoder is not: in the padding it makes something of nothing, and that is
heard in the last ``decoder.context`` frames of a sentence. So these ends are decoded once more, cut
off where the sentence ends.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vits.layers.masking import sequence_mask
from vits.models.outputs import PriorDraw
from vits.models.vits import Vits

__all__ = ["group_by_length", "speak_together"]

PADDING = 0.2  # of a group's frames, at most


def group_by_length(lengths: Sequence[int], batch_frames: int) -> list[list[int]]:
    """Group what is about as long.

    Args:
        lengths: frames of each sentence.
        batch_frames: frames of a group with its padding, at most; one sentence may have more.

    Returns:
        Indices into ``lengths``, each once, the longest of a group first.

    >>> group_by_length([50, 900, 60, 48], 200)
    [[1], [2, 0, 3]]
    """
    groups: list[list[int]] = []
    total = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        total += lengths[index]
        size = lengths[groups[-1][0]] * (len(groups[-1]) + 1) if groups else 0
        if groups and size <= batch_frames and size - total <= PADDING * size:
            groups[-1].append(index)
        else:
            groups.append([index])
            total = lengths[index]
    return groups


@torch.no_grad()
def speak_together(model: Vits, draws: Sequence[PriorDraw]) -> list[Tensor]:
    """Decode sentences in one batch.

    Args:
        model: the model.
        draws: one sentence each, without padding; all with a speaker or none.

    Returns:
        The wave (1, 1, L) of each, the one that ``model.decode_prior`` gives it up to rounding.
    """
    if len(draws) == 1:
        return [model.decode_prior(draws[0])[0]]
    frames = torch.cat([drawn.frame_lengths for drawn in draws])
    lengths = [drawn.z.shape[2] for drawn in draws]
    z = pad_sequence([drawn.z[0].T for drawn in draws], batch_first=True).mT.contiguous()
    mask = sequence_mask(frames, max(lengths)).to(z.dtype)
    given = [drawn.conditioning for drawn in draws if drawn.conditioning is not None]
    conditioning = torch.cat(given) if given else None
    z = model.prior_flow.inverse(z, mask, conditioning) * mask
    wave = model.decoder(z, conditioning)
    hop = model.decoder.hop_length
    waves = [wave[i : i + 1, :, : length * hop] for i, length in enumerate(lengths)]
    for rows, tails in _tails(z, lengths, model.decoder.context):
        ends = model.decoder(tails, None if conditioning is None else conditioning[rows])
        for row, end in zip(rows, ends, strict=True):
            kept = min(lengths[row], model.decoder.context) * hop
            waves[row] = torch.cat([waves[row][..., :-kept], end[None, :, -kept:]], dim=2)
    return waves


def _tails(z: Tensor, lengths: list[int], context: int) -> list[tuple[list[int], Tensor]]:
    """Cut the ends that feel the padding, twice the context long: rows, and their ends."""
    longest = max(lengths)
    by_size: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        if length < longest and context:
            by_size.setdefault(min(length, 2 * context), []).append(row)
    return [
        (rows, torch.stack([z[row, :, lengths[row] - size : lengths[row]] for row in rows]))
        for size, rows in by_size.items()
    ]
