"""Streaming: decode one sentence in chunks, each with just the context its samples depend on.

The prior is sampled for the whole sentence, which is cheap; the prior flow and the decoder, which
are not, run chunk by chunk. Around every cut, the frames in the decoder's receptive field are
computed twice, and each stage computes of them only what the next one needs. ``plan_chunks`` makes
so few cuts that this stays a small share of the work.
"""

import itertools
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from vits.layers.receptive_field import Span
from vits.models.decoder_streaming import partial_decoder
from vits.models.outputs import PriorSample
from vits.models.prior_flow import PriorFlow
from vits.models.vits import Vits

__all__ = ["IncrementalInverse", "decode_in_chunks", "plan_chunks"]

# Upper limit of the work done twice, as a share of a sentence's. More cuts would give smaller
# chunks, which nobody needs: after the first chunk, playback is slower than synthesis.
OVERHEAD = 0.12
# Factor from chunk to chunk, unless that makes too many cuts. While a chunk plays, the next one is
# computed; a voice that is more than three times faster than real time never falls behind.
GROWTH = 3.0
# Frames of the largest chunk, in costs of one side of a cut: the two sides of a chunk this large
# cost half of ``OVERHEAD``.
LARGEST = 4 / OVERHEAD
# Frames (some 6 s) below which smaller chunks would save no memory to speak of.
SMALLEST_LIMIT = 512
# Halvings of the search for the growth: enough for float precision of a frame.
BISECTIONS = 24


def plan_chunks(n_frames: int, cut: int, first: int) -> list[int]:
    """Split a sentence into chunks that grow from a small first one, with little overhead.

    Args:
        n_frames: T of the sentence, at least 1.
        cut: frames of work that each side of a cut costs.
        first: frames of the first chunk; raised to ``cut``, since that is what a cut costs.

    Returns:
        Frames of each chunk; they add up to T. A sentence too short to be cut is one chunk.

    >>> plan_chunks(861, 13, 34)
    [34, 88, 227, 512]
    """
    first = max(first, cut, 1)
    cuts = int(OVERHEAD * n_frames / (2 * cut)) if cut else n_frames
    largest = max(SMALLEST_LIMIT, round(LARGEST * cut))

    def sizes(growth: float, count: int) -> list[int]:
        return [round(min(first * growth ** min(i, 64), largest)) for i in range(count)]

    needed = 1  # chunks; a last one smaller than the first is not worth its cut
    while sum(sizes(GROWTH, needed)) < n_frames and needed <= cuts:
        needed += 1
    if needed < 2 or n_frames < 2 * first:
        return [n_frames]
    low, high = 1.0, float(n_frames)
    for _ in range(BISECTIONS):  # find the growth at which the last chunk is full
        growth = (low + high) / 2
        low, high = (growth, high) if sum(sizes(growth, needed)) < n_frames else (low, growth)
    planned = sizes(high, needed)[:-1]
    return [*planned, n_frames - sum(planned)]


@torch.no_grad()
def decode_in_chunks(model: Vits, sample: PriorSample, sizes: Iterable[int]) -> Iterator[Tensor]:
    """Do what ``model.decode`` does, chunk by chunk.

    Args:
        model: the model.
        sample: one sentence, without padding.
        sizes: frames of each chunk, at least 1; what is left at the end is a last chunk.

    Yields:
        Waves (1, 1, frames * hop_length); joined, they equal the whole wave up to rounding.
    """
    n_frames = sample.z.shape[2]
    decoder, conditioning = partial_decoder(model.decoder), sample.conditioning
    radius = decoder.receptive_radius
    latent = IncrementalInverse(model.prior_flow, sample.z, conditioning)
    start = 0
    for size in itertools.chain(sizes, [n_frames]):
        stop = min(start + size, n_frames)
        if stop == start:
            return
        begin = max(0, start - radius)
        z = latent.up_to(min(stop + radius, n_frames))[..., begin:]
        source = sample.source and sample.source.frames(begin, begin + z.shape[2])
        yield decoder(z, Span(start - begin, stop - begin - 1), conditioning, source)
        start = stop


class IncrementalInverse:
    """The inverse of a prior flow, computed from left to right as far as it is needed.

    The output of each coupling is kept. So continuing costs the receptive radius of one coupling on
    either side, not of the whole flow. A flow with transformers is
    inverted at once.

    Args:
        flow: the flow.
        z: (1, C, T) of one sentence in prior space, without padding.
        conditioning: (1, G, 1) speaker, or None.
    """

    def __init__(self, flow: PriorFlow, z: Tensor, conditioning: Tensor | None = None) -> None:
        self._flow, self._conditioning = flow, conditioning
        n_steps = len(flow.couplings)
        self._whole = flow.receptive_radius is None
        self._radius = z.shape[2] if self._whole else (flow.receptive_radius or 0) // n_steps
        self._known = [z, *(z[..., :0] for _ in range(n_steps))]  # input of each step; result

    def up_to(self, stop: int) -> Tensor:
        """Return the latent's frames (1, C, stop); fewer at the end of the sentence."""
        n_frames, last = self._known[0].shape[2], len(self._known) - 1
        needed = n_frames if self._whole else stop
        for step in range(last):
            source, done = self._known[step], self._known[step + 1].shape[2]
            end = min(n_frames, needed + (last - 1 - step) * self._radius)
            if end <= done:
                continue
            begin = max(0, done - self._radius)
            z = source[..., begin : end + self._radius]  # fewer frames at the end
            z = self._flow.inverse_step(step, z, torch.ones_like(z[:, :1]), self._conditioning)
            new = z[..., done - begin : end - begin]
            self._known[step + 1] = torch.cat([self._known[step + 1], new], dim=2)
        return self._known[last][..., :stop]
