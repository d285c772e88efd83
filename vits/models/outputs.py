"""What the model's parts return. Letters: B batch, S symbols, T frames, L samples, C channels."""

from typing import NamedTuple

from torch import Tensor

from vits.layers.masking import expand_by_index

__all__ = [
    "ConvertedOutput",
    "Crossing",
    "DiscriminatorOutput",
    "EncodedText",
    "Gaussian",
    "Posterior",
    "PriorDraw",
    "Recorded",
    "SpokenOutput",
    "TrainingOutput",
]


class Gaussian(NamedTuple):
    """Diagonal Gaussian: ``mean`` and ``log_std``, each (B, C, S or T)."""

    mean: Tensor
    log_std: Tensor

    def stretch(self, index: Tensor, mask: Tensor) -> "Gaussian":
        """Repeat columns by ``index`` (B, T) int64, zero where ``mask`` (B, 1, T) is."""
        return Gaussian(*(expand_by_index(x, index) * mask for x in self))


class EncodedText(NamedTuple):
    """What the text encoder gives, and what the duration predictor takes.

    Attributes:
        hidden: (B, H, S), with languages H + ``language_channels`` wide.
        prior: over the latent.
        mask: (B, 1, S).
        language: (B, E, 1), or None.
    """

    hidden: Tensor
    prior: Gaussian
    mask: Tensor
    language: Tensor | None = None


class Posterior(NamedTuple):
    """Posterior encoder: a sample ``z`` (B, C, T), its ``distribution``, ``mask`` (B, 1, T)."""

    z: Tensor
    distribution: Gaussian
    mask: Tensor


class Crossing(NamedTuple):
    """What the prior's side of a training pass takes from the posterior's side.

    Each tensor has a place of its own in the graph: the gradient that arrives there is that of the
    prior's side alone.

    Attributes:
        z: the posterior's sample (B, C, T).
        log_std: the posterior's (B, C, T).
        conditioning: (B, G, 1) speaker, or None.
    """

    z: Tensor
    log_std: Tensor
    conditioning: Tensor | None

    @classmethod
    def of(cls, posterior: Posterior, conditioning: Tensor | None) -> "Crossing":
        """Lead a pass' tensors to the other side."""
        own = None if conditioning is None else conditioning.view_as(conditioning)
        z, log_std = posterior.z, posterior.distribution.log_std
        return cls(z.view_as(z), log_std.view_as(log_std), own)


class Recorded(NamedTuple):
    """What a training pass makes of the recordings.

    Attributes:
        posterior: of the spectrogram, with its sample.
        crossing: what ``z_prior`` and the KL are made of.
        z_prior: the sample seen through the prior flow (B, C, T).
    """

    posterior: Posterior
    crossing: Crossing
    z_prior: Tensor


class TrainingOutput(NamedTuple):
    """One training forward of the generator.

    Attributes:
        wave: decoded segment (B, 1, segment_frames * hop_length).
        segment_starts: first frame of each segment (B,) int64.
        recorded: the posterior's side; None where nothing asked for it.
        prior: the text's Gaussian stretched to frames (B, C, T).
        durations: frames of each symbol, found by the alignment or given (B, S) int64.
        duration_loss: of each sample, summed over its symbols (B,).
        symbol_mask: (B, 1, S).
        frame_mask: (B, 1, T).
    """

    wave: Tensor
    segment_starts: Tensor
    recorded: Recorded | None
    prior: Gaussian
    durations: Tensor
    duration_loss: Tensor
    symbol_mask: Tensor
    frame_mask: Tensor


class PriorDraw(NamedTuple):
    """What will be said, before the prior flow and the decoder turn it into a wave.

    Attributes:
        z: sample of the prior (B, C, T), zero in the padding.
        mask: (B, 1, T).
        frame_lengths: (B,) int64.
        durations: frames of each symbol (B, S) int64.
        conditioning: (B, G, 1) speaker, or None.
    """

    z: Tensor
    mask: Tensor
    frame_lengths: Tensor
    durations: Tensor
    conditioning: Tensor | None


class SpokenOutput(NamedTuple):
    """Speech: ``wave`` (B, 1, L), ``wave_lengths`` (B,), ``durations`` (B, S) int64 in frames."""

    wave: Tensor
    wave_lengths: Tensor
    durations: Tensor


class ConvertedOutput(NamedTuple):
    """Converted speech: ``wave`` (B, 1, L) and ``wave_lengths`` (B,)."""

    wave: Tensor
    wave_lengths: Tensor


class DiscriminatorOutput(NamedTuple):
    """One sub-discriminator: ``score`` (B, N) and the ``features`` of its layers, score last."""

    score: Tensor
    features: tuple[Tensor, ...]
