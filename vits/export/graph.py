"""Inference as one graph: what the tracer records, with only operations that runtimes have."""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.alignment import total_frames
from vits.layers.excitation import ShortTimePhase
from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.models.conditioning import SpeakerVectors
from vits.models.outputs import Gaussian
from vits.models.pitch import AS_PREDICTED, PitchControl
from vits.models.vits import Vits

__all__ = [
    "PITCH",
    "InferenceGraph",
    "TraceableInverse",
    "TraceablePhase",
    "Traced",
    "make_traceable",
]


PITCH = "pitch_contour"
"""Inner tensor of a graph with pitch: (B, 2, T) log F0 (log Hz) and voicing."""


class Traced(NamedTuple):
    """What a graph computes.

    Attributes:
        wave: (B, 1, L).
        durations: frames of each symbol (B, S) int64.
        prior: Gaussian of each symbol, (B, C, S).
        hidden: of each symbol, (B, H, S).
        pitch: (B, 2, T) log F0 (log Hz) and voicing, after its control; None without pitch.
        conditioning: the speaker (B, G, 1), or None.
    """

    wave: Tensor
    durations: Tensor
    prior: Gaussian
    hidden: Tensor
    pitch: Tensor | None
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
        excitation_noise: Tensor | None = None,
        pitch_control: PitchControl = AS_PREDICTED,
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
            excitation_noise: (B or 1, 1, N) standard normal for a model with pitch; the part beyond
                N is drawn in the graph; None: all.
            pitch_control: what is done to the predicted pitch.

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
        noise = _complete(noise, shaped)
        if model.pitch_predictor is not None:
            columns = shaped[:, :1, :, None].expand(-1, -1, -1, model.config.audio.hop_length)
            excitation_noise = _complete(excitation_noise, columns.flatten(2))
        sample = model.sample_prior(
            text,
            durations,
            conditioning,
            noise_scale=noise_scale,
            noise=noise,
            pitch_control=pitch_control,
            excitation_noise=excitation_noise,
        )
        pitch = None
        if sample.source is not None:
            pitch = torch.cat([sample.source.log_f0, sample.source.voiced], dim=1)
        wave, _ = model.decode(sample)
        return Traced(wave, durations, text.prior, text.hidden, pitch, conditioning)


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


class _FourierTable(nn.Module):
    """The matrix of a short-time transform, looked up in one table of cosine and sine.

    A file therefore holds N numbers and not N squared.

    Args:
        transform: has ``n_fft``, ``hop_length`` and ``window``.
    """

    turn: Tensor
    window: Tensor
    bins: Tensor
    places: Tensor

    def __init__(self, transform: InverseSpectrogram | ShortTimePhase) -> None:
        super().__init__()
        n, self.hop_length = transform.n_fft, transform.hop_length
        angle = torch.arange(n, dtype=torch.float64) * (2 * math.pi / n)
        # persistent, since the exporter would store the matrix computed from other buffers
        self.register_buffer("turn", torch.stack([angle.cos(), -angle.sin()]).float())
        self.register_buffer("window", transform.window.float().clone())
        self.register_buffer("bins", torch.arange(n // 2 + 1)[:, None])
        self.register_buffer("places", torch.arange(n))

    def look_up(self) -> tuple[Tensor, Tensor]:
        """Return the cosines and the negative sines, each (F, N)."""
        # integers up to the table look-up: k n / N in float32 would round the angle
        step = self.bins * self.places % self.turn.shape[1]
        return self.turn[0][step], self.turn[1][step]


class TraceableInverse(_FourierTable):
    """``InverseSpectrogram`` as one transposed convolution with the inverse DFT matrix.

    x[n] = 1/N sum_k w_k (Re X_k cos(2 pi k n / N) - Im X_k sin(2 pi k n / N)), w = 2 except for the
    first and the last bin, which have no mirror image; windowed, overlap-added, and divided by the
    sum of the squared windows.
    """

    shares: Tensor

    def __init__(self, inverse: InverseSpectrogram) -> None:
        super().__init__(inverse)
        n = inverse.n_fft
        shares = torch.full((n // 2 + 1, 1), 2.0 / n)
        shares[0], shares[-1] = 1.0 / n, 1.0 / n
        self.register_buffer("shares", shares)

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
        matrix = torch.cat([part * self.shares for part in self.look_up()])
        return spectrum, (matrix * self.window).unsqueeze(1), self.window.square()[None, None]


class TraceablePhase(_FourierTable):
    """``ShortTimePhase`` as one strided convolution with the DFT matrix."""

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (B, 1, T * hop_length) to phases (B, F, T) in radians."""
        n, hop = self.turn.shape[1], self.hop_length
        matrix = torch.cat(self.look_up()) * self.window
        spectrum = functional.conv1d(x, matrix[:, None], stride=hop, padding=(n - hop) // 2)
        real, imaginary = spectrum.chunk(2, dim=1)
        return torch.atan2(imaginary, real)


def make_traceable(model: nn.Module) -> None:
    """Replace the short-time transforms of a model by traceable ones, in place."""
    for name, module in list(model.named_modules()):
        parent, _, child = name.rpartition(".")
        if isinstance(module, InverseSpectrogram):
            setattr(model.get_submodule(parent), child, TraceableInverse(module))
        elif isinstance(module, ShortTimePhase):
            setattr(model.get_submodule(parent), child, TraceablePhase(module))
