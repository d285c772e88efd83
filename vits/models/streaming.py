"""One sentence in chunks, each with just the context that its samples depend on.

The prior is drawn whole, which is cheap; flow and decoder, which are not, run chunk by chunk.
Around every cut ``decoder.context`` frames on either side are heard twice, and each stage computes
of them what the next ones need; ``plan_chunks`` makes so few cuts that this stays a small share of
the work.
"""

import itertools
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from vits.layers.reach import Span
from vits.models.outputs import PriorDraw
from vits.models.prior_flow import GrowingInverse
from vits.models.vits import Vits

__all__ = ["plan_chunks", "speak_in_chunks"]

SHARE = 0.12  # of a sentence's work, at most: what is done twice
GROWTH = 3.0  # from chunk to chunk, unless that makes too many cuts
LARGEST = 4 / SHARE  # costs of a cut in the largest chunk; then its ends are half of the share
LEAST_LARGEST = 512  # frames, some 6 s: smaller chunks would save no memory to speak of
HALVINGS = 24


def plan_chunks(n_frames: int, cut: int, first: int) -> list[int]:
    """Cut a sentence into chunks that grow from a small one, at little cost.

    Args:
        n_frames: T of the sentence, at least 1.
        cut: frames of work that each side of a cut costs.
        first: frames of the first chunk; no smaller than ``cut``, since that is what it costs.

    Returns:
        Frames of each chunk; they add up to T. A sentence too short to be cut is one chunk.

    >>> plan_chunks(861, 13, 34)
    [34, 88, 227, 512]
    """
    first = max(first, cut, 1)
    cuts = int(SHARE * n_frames / (2 * cut)) if cut else n_frames
    largest = max(LEAST_LARGEST, round(LARGEST * cut))

    def sizes(growth: float, count: int) -> list[int]:
        return [round(min(first * growth ** min(i, 64), largest)) for i in range(count)]

    needed = 1  # chunks; a last one of less than the first is not worth its cut
    while sum(sizes(GROWTH, needed)) < n_frames and needed <= cuts:
        needed += 1
    if needed < 2 or n_frames < 2 * first:
        return [n_frames]
    low, high = 1.0, float(n_frames)
    for _ in range(HALVINGS):  # the growth at which the last chunk comes out full
        growth = (low + high) / 2
        low, high = (growth, high) if sum(sizes(growth, needed)) < n_frames else (low, growth)
    planned = sizes(high, needed)[:-1]
    return [*planned, n_frames - sum(planned)]


@torch.no_grad()
def speak_in_chunks(model: Vits, drawn: PriorDraw, sizes: Iterable[int]) -> Iterator[Tensor]:
    """Do what ``model.decode_prior`` does, chunk by chunk.

    Args:
        model: the model.
        drawn: one sentence, without padding.
        sizes: frames of each chunk, at least 1; what is left at the end is a last chunk.

    Yields:
        Waves (1, 1, frames * hop_length); joined, they are the whole one up to rounding.
    """
    n_frames = drawn.z.shape[2]
    decoder, conditioning = model.decoder, drawn.conditioning
    latent = GrowingInverse(model.prior_flow, drawn.z, conditioning)
    start = 0
    for size in itertools.chain(sizes, [n_frames]):
        stop = min(start + size, n_frames)
        if stop == start:
            return
        begin = max(0, start - decoder.context)
        z = latent.up_to(min(stop + decoder.context, n_frames))[..., begin:]
        yield decoder.decode_part(z, Span(start - begin, stop - begin - 1), conditioning)
        start = stop
