"""Speaking as one graph: what the tracer records, with nothing in it that a runtime lacks."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.layers.inverse_spectrogram import InverseSpectrogram
from vits.layers.masking import expand_by_index
from vits.models.vits import Vits

__all__ = ["PlainInverse", "SpeakingGraph", "make_plain"]


class SpeakingGraph(nn.Module):
    """``Vits.speak`` of tensors only: the same boxes, and lengths that no Python number fixes.

    Args:
        model: the voice's model, its weight normalisation folded; its inverse transforms become
            ``PlainInverse`` in place.
        language: the row that is spoken where the graph takes none; None: the voice has no choice,
            or the graph takes it.
    """

    language: Tensor | None

    def __init__(self, model: Vits, language: int | None = None) -> None:
        super().__init__()
        make_plain(model)
        self.model = model
        row = None if language is None else torch.tensor([language])
        self.register_buffer("language", row, persistent=False)

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
    ) -> tuple[Tensor, Tensor]:
        """Speak.

        Args:
            ids: (B, S) int64.
            id_lengths: (B,) int64.
            noise_scale: (1,), or a scalar, as the next two.
            length_scale: factor on every duration.
            noise_scale_duration: of the duration predictor.
            speakers: (B,) int64; None where there is one.
            duration_noise: (B or 1, 2, N) standard normal; what it lacks of S is drawn; None draws
                all.
            noise: (B or 1, C, N) standard normal; what it lacks of T is drawn; None draws all.
            languages: (B,) int64; None: the one language, or the graph's own.

        Returns:
            Wave (B, 1, L), zero in the padding, and frames of each symbol (B, S) int64.
        """
        model = self.model
        conditioning = model._conditioning(speakers)
        if languages is None and self.language is not None:
            languages = self.language.expand(ids.shape[0])
        text = model.encode(ids, id_lengths, languages)
        log_durations = model.duration_predictor.predict(
            text.hidden,
            text.mask,
            conditioning,
            language=text.language,
            noise_scale=noise_scale_duration,  # pyright: ignore[reportArgumentType]
            noise=_completed(duration_noise, text.hidden[:, :2]),
        )
        # the graph's only Ceil: Piper's tools find the durations by it
        durations = (log_durations.exp() * text.mask * length_scale).ceil().squeeze(1).long()
        ends = durations.cumsum(1)
        frame_lengths = ends[:, -1].clamp_min(1)
        # a number to torch, but a tensor to the tracer, which follows it
        frames = torch.arange(cast(int, frame_lengths.max()), device=ids.device)
        mask = (frames < frame_lengths[:, None]).unsqueeze(1).float()
        # how many symbols have ended is the row of the one that is spoken
        index = (frames[:, None] >= ends[:, None]).sum(2).clamp_max(ids.shape[1] - 1)
        mean, log_std = (expand_by_index(x, index) * mask for x in text.prior)
        z = (mean + _completed(noise, mean) * log_std.exp() * noise_scale) * mask
        z = model.prior_flow.inverse(z, mask, conditioning)
        wave = model.decoder(z * mask, conditioning)
        samples = torch.arange(wave.shape[2], device=ids.device)
        lengths = frame_lengths * model.config.audio.hop_length
        return wave * (samples < lengths[:, None]).unsqueeze(1).float(), durations


def _completed(noise: Tensor | None, like: Tensor) -> Tensor:
    """Cut noise (B or 1, C, N) to the length of ``like`` (B, C, T), or draw what it lacks."""
    if noise is None:
        return torch.randn_like(like)
    given = noise[:, :, : like.shape[2]].expand(like.shape[0], -1, -1)
    return torch.cat([given, torch.randn_like(like)[:, :, noise.shape[2] :]], dim=2)


class PlainInverse(nn.Module):
    """``InverseSpectrogram`` as one transposed convolution with the rows of the inverse transform.

    x[n] = 1/N sum_k w_k (Re X_k cos(2 pi k n / N) - Im X_k sin(2 pi k n / N)), w = 2 but for the
    first and the last bin, which have no mirror image; windowed, added where frames overlap, and
    divided by the sum of the squared windows. The rows are looked up in one table of the cosine, so
    that a file holds N numbers and not N squared.
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
        # persistent: of what is not, the exporter would store the products
        self.register_buffer("turn", torch.stack([angle.cos(), -angle.sin()]).float())
        self.register_buffer("window", inverse.window.float().clone())
        self.register_buffer("shares", shares)
        self.register_buffer("bins", torch.arange(n // 2 + 1)[:, None])
        self.register_buffer("places", torch.arange(n))

    def forward(self, magnitude: Tensor, phase: Tensor) -> Tensor:
        """Synthesise; as ``InverseSpectrogram.forward``."""
        magnitude, phase = magnitude.float(), phase.float()
        spectrum = torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], dim=1)
        n, hop = self.turn.shape[1], self.hop_length
        # whole numbers until the table: an angle of k n / N in float32 would be off by its rounding
        step = self.bins * self.places % n
        rows = torch.cat([self.turn[0][step] * self.shares, self.turn[1][step] * self.shares])
        squares = self.window.square()[None, None]
        wave = functional.conv_transpose1d(spectrum, (rows * self.window).unsqueeze(1), stride=hop)
        weights = functional.conv_transpose1d(torch.ones_like(phase[:1, :1]), squares, stride=hop)
        start = (n - hop) // 2
        stop = start + phase.shape[2] * hop
        return wave[..., start:stop] / weights[..., start:stop]


def make_plain(model: nn.Module) -> None:
    """Replace every inverse transform below a module, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, InverseSpectrogram):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, PlainInverse(module))
