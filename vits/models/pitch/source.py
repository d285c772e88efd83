"""Source of a decoder with pitch: F0, voicing, and the excitation made of them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vits.config import AudioConfig
from vits.config.pitch import LOG_F0_CENTRE
from vits.errors import ConfigError
from vits.layers.excitation import excite
from vits.layers.noise import standard_normal

__all__ = ["Source", "join_sources", "make_source", "pitch_layer", "require_source"]


class Source(NamedTuple):
    """Pitch of every frame, and the excitation made of it.

    Attributes:
        log_f0: (B, 1, T) natural logarithm of F0 in Hz.
        voiced: (B, 1, T), 1 in frames with voice, otherwise 0.
        excitation: (B, 1, T * hop_length) harmonics and noise.
    """

    log_f0: Tensor
    voiced: Tensor
    excitation: Tensor

    @property
    def features(self) -> Tensor:
        """Pitch as channels (B, 2, T) of a network: centred log F0, 0 without voice; voicing."""
        return torch.cat([(self.log_f0 - LOG_F0_CENTRE) * self.voiced, self.voiced], dim=1)

    def frames(self, first: int, stop: int) -> "Source":
        """Return frames ``first`` to ``stop`` - 1."""
        hop = self.excitation.shape[2] // self.log_f0.shape[2]
        part = self.excitation[..., first * hop : stop * hop]
        return Source(self.log_f0[..., first:stop], self.voiced[..., first:stop], part)


def make_source(
    pitch: Tensor,
    audio: AudioConfig,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Source:
    """Make the excitation of a pitch.

    Args:
        pitch: (B, 2, T) log F0 (log Hz) and voicing.
        audio: sample rate and hop length.
        noise: (B, 1, N) standard normal, N at least T * hop_length; None: drawn.
        generator: source of the noise that is drawn.
    """
    log_f0, voiced = pitch.chunk(2, dim=1)
    # 0 in the padding, where it is of no use and F0 would be 1 Hz
    log_f0 = torch.where(log_f0 > 0, log_f0, LOG_F0_CENTRE)
    shape = (len(pitch), 1, pitch.shape[2] * audio.hop_length)
    if noise is None:
        noise = standard_normal(shape, pitch, generator)
    noise = noise[..., : shape[2]]
    excitation = excite(
        log_f0, voiced, noise, sample_rate=audio.sample_rate, hop_length=audio.hop_length
    )
    return Source(log_f0, voiced, excitation)


def join_sources(sources: list[Source]) -> Source:
    """Join sources of single sentences in one batch, padded with 0."""
    parts: list[Tensor] = []
    for tensors in zip(*sources, strict=True):
        longest = max(tensor.shape[2] for tensor in tensors)
        padded = [functional.pad(tensor, (0, longest - tensor.shape[2])) for tensor in tensors]
        parts.append(torch.cat(padded))
    return Source(*parts)


def pitch_layer(channels: int, kernel_size: int) -> nn.Conv1d:
    """Return a convolution (B, 2, T) -> (B, channels, T) of ``Source.features``, of weights 0.

    A decoder without pitch that gets it therefore starts from the values that it had.
    """
    layer = nn.Conv1d(2, channels, kernel_size, padding=kernel_size // 2, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def require_source(source: Source | None) -> Source:
    """Return the source that a decoder of a model with pitch must get.

    Raises:
        ConfigError: there is none.
    """
    if source is None:
        raise ConfigError("source None must be the pitch of the frames: the decoder is excited")
    return source
