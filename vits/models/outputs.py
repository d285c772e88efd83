"""Result types of the model's boxes. B batch, S symbols, T frames, L samples, C channels."""

from typing import NamedTuple

from torch import Tensor

from vits.alignment import durations_to_index
from vits.layers.masking import expand_by_index
from vits.models.pitch.source import Source

__all__ = [
    "ConversionOutput",
    "DiscriminatorOutput",
    "DurationPass",
    "EncodedText",
    "Gaussian",
    "GradientGate",
    "InferenceOutput",
    "JudgedDurations",
    "Posterior",
    "PosteriorPass",
    "PriorSample",
    "TrainingOutput",
]


class Gaussian(NamedTuple):
    """Diagonal Gaussian: ``mean`` and ``log_std``, each (B, C, S or T)."""

    mean: Tensor
    log_std: Tensor

    def stretch(self, durations: Tensor, mask: Tensor) -> "Gaussian":
        """Repeat each symbol for its ``durations`` (B, S) int64; zero where ``mask`` (B, 1, T)."""
        index = durations_to_index(durations, mask.shape[2])
        return Gaussian(*(expand_by_index(x, index) * mask for x in self))

    def sample(self, noise: Tensor, scale: float | Tensor = 1.0) -> Tensor:
        """Return mean + noise * exp(log_std) * scale, shaped as ``mean``.

        Args:
            noise: standard normal, shaped as ``mean``.
            scale: factor on the standard deviation, broadcast to ``mean``; 0 gives the mean.
        """
        return self.mean + noise * self.log_std.exp() * scale


class EncodedText(NamedTuple):
    """Result of the text encoder.

    Attributes:
        hidden: (B, H, S); with languages, H + ``language_channels`` wide.
        prior: Gaussian of each symbol over the latent, (B, C, S).
        mask: (B, 1, S).
        language: embedding of the language (B, E, 1), or None.
        speaker: view of the speaker (B, G, 1) that the encoder has used, a node of the graph as in
            ``GradientGate``; None if it used none.
    """

    hidden: Tensor
    prior: Gaussian
    mask: Tensor
    language: Tensor | None = None
    speaker: Tensor | None = None

    def stretch_hidden(self, durations: Tensor, mask: Tensor) -> Tensor:
        """Repeat ``hidden`` as ``Gaussian.stretch`` does: (B, H, T)."""
        return expand_by_index(self.hidden, durations_to_index(durations, mask.shape[2])) * mask


class Posterior(NamedTuple):
    """Posterior encoder: a sample ``z`` (B, C, T), its ``distribution``, ``mask`` (B, 1, T)."""

    z: Tensor
    distribution: Gaussian
    mask: Tensor


class GradientGate(NamedTuple):
    """The posterior's tensors as the prior's side of a training pass sees them.

    Each is an identity view of its own, a node of the graph at which the gradient of the prior's
    side can be taken apart from that of the decoder's.

    Attributes:
        z: the posterior's sample (B, C, T).
        log_std: the posterior's (B, C, T).
        conditioning: (B, G, 1) speaker, or None.
    """

    z: Tensor
    log_std: Tensor
    conditioning: Tensor | None

    @classmethod
    def of(cls, posterior: Posterior, conditioning: Tensor | None) -> "GradientGate":
        """Make the views."""
        speaker = None if conditioning is None else conditioning.view_as(conditioning)
        z, log_std = posterior.z, posterior.distribution.log_std
        return cls(z.view_as(z), log_std.view_as(log_std), speaker)


class PosteriorPass(NamedTuple):
    """Result of the posterior's side of a training pass.

    Attributes:
        posterior: of the spectrogram, with its sample.
        gate: the tensors from which ``z_prior`` and the KL divergence are computed.
        z_prior: the sample in prior space (B, C, T).
    """

    posterior: Posterior
    gate: GradientGate
    z_prior: Tensor


class JudgedDurations(NamedTuple):
    """What ``DurationDiscriminator`` is shown; gradients flow into ``predicted`` only.

    Attributes:
        real: (B, 1, S) natural logarithm of frames, of the alignment.
        predicted: (B, 1, S), of the predictor.
        hidden: (B, H, S) text encoder output.
        mask: (B, 1, S).
        conditioning: (B, G, 1) speaker, or None.
    """

    real: Tensor
    predicted: Tensor
    hidden: Tensor
    mask: Tensor
    conditioning: Tensor | None


class DurationPass(NamedTuple):
    """Result of a duration predictor in training.

    Attributes:
        loss: summed over the symbols of each sample (B,).
        judged: what its discriminator is shown; None for a predictor that has none.
    """

    loss: Tensor
    judged: JudgedDurations | None = None


class TrainingOutput(NamedTuple):
    """Result of a training pass of the generator.

    Attributes:
        wave: decoded segment (B, 1, segment_frames * hop_length).
        segment_starts: first frame of each segment (B,) int64.
        posterior_pass: the posterior's side; None where it was not needed.
        prior: the text's Gaussian stretched to frames (B, C, T).
        durations: frames of each symbol (B, S) int64, given or found by the alignment.
        duration_loss: summed over the symbols of each sample (B,).
        symbol_mask: (B, 1, S).
        frame_mask: (B, 1, T).
        pitch_loss: summed over the frames of each sample (B,); None without pitch.
        text_speaker: of ``EncodedText``.
        judged_durations: of ``DurationPass``.
    """

    wave: Tensor
    segment_starts: Tensor
    posterior_pass: PosteriorPass | None
    prior: Gaussian
    durations: Tensor
    duration_loss: Tensor
    symbol_mask: Tensor
    frame_mask: Tensor
    pitch_loss: Tensor | None = None
    text_speaker: Tensor | None = None
    judged_durations: JudgedDurations | None = None


class PriorSample(NamedTuple):
    """A sample of the prior with all that ``Vits.decode`` needs.

    Attributes:
        z: in prior space (B, C, T), zero in the padding.
        mask: (B, 1, T).
        frame_lengths: (B,) int64.
        durations: frames of each symbol (B, S) int64.
        conditioning: (B, G, 1) speaker, or None.
        source: predicted pitch and the excitation made of it; None without pitch.
    """

    z: Tensor
    mask: Tensor
    frame_lengths: Tensor
    durations: Tensor
    conditioning: Tensor | None
    source: Source | None = None


class InferenceOutput(NamedTuple):
    """Speech: ``wave`` (B, 1, L), ``wave_lengths`` (B,), ``durations`` (B, S) int64 frames."""

    wave: Tensor
    wave_lengths: Tensor
    durations: Tensor


class ConversionOutput(NamedTuple):
    """Converted speech: ``wave`` (B, 1, L) and ``wave_lengths`` (B,)."""

    wave: Tensor
    wave_lengths: Tensor


class DiscriminatorOutput(NamedTuple):
    """One sub-discriminator: ``score`` (B, N) and the ``features`` of its layers, score last."""

    score: Tensor
    features: tuple[Tensor, ...]
