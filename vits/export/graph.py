"""Inference as one graph: what the tracer records, with only operations that runtimes have."""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.alignment import total_frames
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.models.conditioning import SpeakerVectors
from vits.models.outputs import Gaussian
from vits.models.vits import Vits

__all__ = ["InferenceGraph", "TraceableInverse", "Traced", "make_traceable"]


class Traced(NamedTuple):
    """What a graph computes.

    Attributes:
        wave: (B, 1, L).
        durations: frames of each symbol (B, S) int64.
        prior: Gaussian of each symbol, (B, C, S).
        conditioning: the speaker (B, G, 1), or None.
    """

    wave: Tensor
    durations: Tensor
    prior: Gaussian
    conditioning: Tensor | None


class InferenceGraph(nn.Module):
    """``Vits.infer`` with tensors only, so that a trace holds for every length and every scale.

    Args:
        model: the voice's model, its weight norm folded; its inverse transforms are replaced by
            ``TraceableInverse`` in place.
        language: language id of a graph that does not take one as input; None: the voice has no
            choice, or the graph takes it.
    """

    language: Tensor | None

    def __init__(self, model: Vits, language: int | None = None) -> None:
        super().__init__()
        make_traceable(model)
        self.model = model
        constant = None if language is None else torch.tensor([language])
        self.register_buffer("language", constant, persistent=False)

    def forward(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        noise_scale: Tensor,
        length_scale: Tensor,
        noise_scale_duration: Tensor,
        speakers: Tensor | None,
        duration_noise: Tensor | None,
        noise: Tensor | None,
        languages: Tensor | None = None,
        speaker_vector: Tensor | None = None,
    ) -> Traced:
        """Synthesise speech.

        Args:
            ids: (B, S) int64 symbol ids.
            id_lengths: (B,) int64.
            noise_scale: (1,) or a scalar, as the next two.
            length_scale: factor on every duration.
            noise_scale_duration: of the duration predictor.
            speakers: (B,) int64; None for a model of one speaker.
            duration_noise: (B or 1, 2, N) standard normal; the part of S beyond N is drawn in the
                graph; None: all.
            noise: (B or 1, C, N) standard normal; the part of T beyond N is drawn in the graph;
                None: all.
            languages: (B,) int64; None: the only language, or the graph's own.
            speaker_vector: (B or 1, V), in place of ``speakers``; (1, 0) and None: those.

        Returns:
            The wave is zero in the padding.
        """
        model = self.model
        if speaker_vector is not None:
            speakers = _given_or_known(model, speakers, speaker_vector)
        conditioning = model.speaker_conditioning(speakers)
        if languages is None and self.language is not None:
            languages = self.language.expand(ids.shape[0])
        text = model.encode(ids, id_lengths, languages, conditioning)
        durations = model.predict_durations(
            text,
            conditioning,
            noise_scale=noise_scale_duration,
            length_scale=length_scale,
            noise=_complete(duration_noise, text.hidden[:, :2]),
        )
        # a number to torch, but a tensor to the tracer
        n_frames = cast(int, total_frames(durations).max())
        shaped = text.prior.mean[..., :1].expand(-1, -1, n_frames)
        sample = model.sample_prior(
            text,
            durations,
            conditioning,
            noise_scale=noise_scale,
            noise=_complete(noise, shaped),
        )
        return Traced(model.decode(sample)[0], durations, text.prior, conditioning)


def _given_or_known(model: Vits, speakers: Tensor | None, given: Tensor) -> Tensor:
    """Return the speakers' vectors (B, V): ``given`` (B or 1, V), or (1, 0) for those of ids."""
    assert isinstance(model.speaker_embedding, SpeakerVectors)
    assert speakers is not None
    known = model.speaker_embedding.vectors[speakers]
    size = model.speaker_embedding.vectors.shape[1]
    return torch.cat([given.expand(speakers.shape[0], -1), known], dim=1)[:, :size]


def _complete(noise: Tensor | None, like: Tensor) -> Tensor:
    """Cut noise (B or 1, C, N) to the length of ``like`` (B, C, T), or draw what is missing."""
    if noise is None:
        return torch.randn_like(like)
    given = noise[:, :, : like.shape[2]].expand(like.shape[0], -1, -1)
    return torch.cat([given, torch.randn_like(like)[:, :, noise.shape[2] :]], dim=2)


class TraceableInverse(nn.Module):
    """``InverseSpectrogram`` as one transposed convolution with the inverse DFT matrix.

    x[n] = 1/N sum_k w_k (Re X_k cos(2 pi k n / N) - Im X_k sin(2 pi k n / N)), w = 2 except for the
    first and the last bin, which have no mirror image; windowed, overlap-added, and divided by the
    sum of the squared windows. The matrix is looked up in one table of cosine and sine, so that a
    file holds N numbers and not N squared.
    """

    turn: Tensor
    window: Tensor
    shares: Tensor
    bins: Tensor
    places: Tensor

    def __init__(self, inverse: InverseSpectrogram) -> None:
        super().__init__()
        n, self.hop_length = inverse.n_fft, inverse.hop_length
        angle = torch.arange(n, dtype=torch.float64) * (2 * math.pi / n)
        shares = torch.full((n // 2 + 1, 1), 2.0 / n)
        shares[0], shares[-1] = 1.0 / n, 1.0 / n
        # persistent, since the exporter would store the matrix computed from other buffers
        self.register_buffer("turn", torch.stack([angle.cos(), -angle.sin()]).float())
        self.register_buffer("window", inverse.window.float().clone())
        self.register_buffer("shares", shares)
        self.register_buffer("bins", torch.arange(n // 2 + 1)[:, None])
        self.register_buffer("places", torch.arange(n))

    def forward(self, magnitude: Tensor, phase: Tensor) -> Tensor:
        """Synthesise a wave (B, 1, T * hop_length) from magnitude and phase, each (B, F, T)."""
        spectrum, matrix, squares = self.prepare(magnitude, phase)
        n, hop = self.turn.shape[1], self.hop_length
        wave = functional.conv_transpose1d(spectrum, matrix, stride=hop)
        weights = functional.conv_transpose1d(torch.ones_like(phase[:1, :1]), squares, stride=hop)
        start = (n - hop) // 2
        stop = start + phase.shape[2] * hop
        return wave[..., start:stop] / weights[..., start:stop]

    def prepare(self, magnitude: Tensor, phase: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what is convolved: spectrum (B, 2F, T), matrix (2F, 1, N), squares (1, 1, N)."""
        magnitude, phase = magnitude.float(), phase.float()
        spectrum = torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], dim=1)
        n = self.turn.shape[1]
        # integers up to the table look-up: k n / N in float32 would round the angle
        step = self.bins * self.places % n
        matrix = torch.cat([self.turn[0][step] * self.shares, self.turn[1][step] * self.shares])
        return spectrum, (matrix * self.window).unsqueeze(1), self.window.square()[None, None]


def make_traceable(model: nn.Module) -> None:
    """Replace every ``InverseSpectrogram`` of a model by ``TraceableInverse``, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, InverseSpectrogram):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, TraceableInverse(module))
