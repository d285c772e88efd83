"""Batched decoding: several sentences of different lengths at once, each as if it were alone.

The flow is masked, the decoder is not: it makes sound of the padding, which reaches back into a
shorter sentence by the decoder's receptive radius. So these ends are decoded once more, cut off
where the sentence ends.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vits.layers.masking import sequence_mask
from vits.models.decoder_streaming import partial_decoder
from vits.models.outputs import PriorSample
from vits.models.pitch.source import join_sources
from vits.models.vits import Vits

__all__ = ["decode_batched", "group_by_length"]

# Upper limit of the padding in a group, as a share of its frames: what is wasted at most, against
# what larger batches gain.
PADDING = 0.2


def group_by_length(lengths: Sequence[int], batch_frames: int) -> list[list[int]]:
    """Group sentences of similar length.

    Args:
        lengths: frames of each sentence.
        batch_frames: upper limit of a group's frames with padding; a single sentence may exceed it.

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
def decode_batched(model: Vits, samples: Sequence[PriorSample]) -> list[Tensor]:
    """Decode sentences in one batch.

    Args:
        model: the model.
        samples: one sentence each, without padding; all with a speaker, or none.

    Returns:
        The wave (1, 1, L) of each, equal to that of ``model.decode`` up to rounding.
    """
    if len(samples) == 1:
        return [model.decode(samples[0])[0]]
    frames = torch.cat([sample.frame_lengths for sample in samples])
    lengths = [sample.z.shape[2] for sample in samples]
    z = pad_sequence([sample.z[0].T for sample in samples], batch_first=True).mT.contiguous()
    mask = sequence_mask(frames, max(lengths)).to(z.dtype)
    speakers = [sample.conditioning for sample in samples if sample.conditioning is not None]
    conditioning = torch.cat(speakers) if speakers else None
    z = model.prior_flow.inverse(z, mask, conditioning) * mask
    sources = [sample.source for sample in samples if sample.source is not None]
    wave = model.decoder(z, conditioning, join_sources(sources) if sources else None)
    hop, radius = model.decoder.hop_length, partial_decoder(model.decoder).receptive_radius
    waves = [wave[i : i + 1, :, : length * hop] for i, length in enumerate(lengths)]
    for items, tails in _tails(z, lengths, radius):
        speaker, size = None if conditioning is None else conditioning[items], tails.shape[2]
        parts = [sources[i].frames(lengths[i] - size, lengths[i]) for i in items if sources]
        ends = model.decoder(tails, speaker, join_sources(parts) if parts else None)
        for item, end in zip(items, ends, strict=True):
            kept = min(lengths[item], radius) * hop
            waves[item] = torch.cat([waves[item][..., :-kept], end[None, :, -kept:]], dim=2)
    return waves


def _tails(z: Tensor, lengths: list[int], radius: int) -> list[tuple[list[int], Tensor]]:
    """Cut off the ends that the padding reaches, with as much context again before them.

    Returns:
        Groups of equal size: the indices of the sentences, and their ends (N, C, size).
    """
    longest = max(lengths)
    by_size: dict[int, list[int]] = {}
    for item, length in enumerate(lengths):
        if length < longest and radius:
            by_size.setdefault(min(length, 2 * radius), []).append(item)
    return [
        (items, torch.stack([z[item, :, lengths[item] - size : lengths[item]] for item in items]))
        for size, items in by_size.items()
    ]
