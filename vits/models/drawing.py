"""The first half of speaking: symbols -> durations and a sample of the prior."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vits.alignment import durations_to_index
from vits.errors import VoiceError
from vits.layers.masking import sequence_mask
from vits.models.outputs import EncodedText, PriorDraw

if TYPE_CHECKING:
    from vits.models.vits import Vits

__all__ = ["draw_durations", "draw_normal", "draw_prior"]


@torch.no_grad()
def draw_prior(
    model: "Vits",
    ids: Tensor,
    id_lengths: Tensor,
    speakers: Tensor | None,
    languages: Tensor | None = None,
    *,
    noise_scale: float,
    noise_scale_duration: float,
    length_scale: float,
    durations: Tensor | None = None,
    noise: Tensor | None = None,
    duration_noise: Tensor | None = None,
    generator: torch.Generator | None = None,
    max_frames: int | None = None,
) -> PriorDraw:
    """Draw what ``model.speak`` decodes; the arguments are its own.

    Args:
        model: whose text encoder and duration predictor are asked.
        ids: (B, S) int64.
        id_lengths: (B,) int64.
        speakers: (B,) int64; needed with two or more speakers.
        languages: (B,) int64; needed with a language embedding.
        noise_scale: as all that follow, see ``Vits.speak``.
        noise_scale_duration: of the duration predictor.
        length_scale: factor on every duration.
        durations: (B, S) int64, used instead of predicted ones.
        noise: (B, C, T) standard normal.
        duration_noise: (B, 2, S) standard normal; drawn before ``noise``.
        generator: source of the noise that is drawn.
        max_frames: the longest that is allowed.

    Raises:
        VoiceError: predicted durations pass ``max_frames``.
    """
    conditioning = model._conditioning(speakers)
    text = model.encode(ids, id_lengths, languages)
    if durations is None:
        if duration_noise is None:
            duration_noise = draw_normal((len(ids), 2, ids.shape[1]), text.hidden, generator)
        log_durations = _predict(model, text, conditioning, noise_scale_duration, duration_noise)
        durations = _whole_frames(log_durations, text, length_scale, max_frames)
    frame_lengths = durations.sum(1).clamp_min(1)
    mask = sequence_mask(frame_lengths, int(frame_lengths.max()))
    prior = text.prior.stretch(durations_to_index(durations, mask.shape[2]), mask)
    if noise is None:
        noise = draw_normal(tuple(prior.mean.shape), prior.mean, generator)
    noise = noise[..., : mask.shape[2]]
    z = (prior.mean + noise * prior.log_std.exp() * noise_scale) * mask
    return PriorDraw(z, mask, frame_lengths, durations, conditioning)


@torch.no_grad()
def draw_durations(
    model: "Vits",
    ids: Tensor,
    id_lengths: Tensor,
    speakers: Tensor | None,
    languages: Tensor | None = None,
    *,
    noise_scale_duration: float,
    length_scale: float,
    duration_noise: Tensor,
    max_frames: int | None = None,
) -> Tensor:
    """Draw only the durations (B, S) int64 that ``draw_prior`` would draw; see there."""
    conditioning = model._conditioning(speakers)
    text = model.encode(ids, id_lengths, languages)
    log_durations = _predict(model, text, conditioning, noise_scale_duration, duration_noise)
    return _whole_frames(log_durations, text, length_scale, max_frames)


def _predict(
    model: "Vits",
    text: EncodedText,
    conditioning: Tensor | None,
    noise_scale: float,
    noise: Tensor,
) -> Tensor:
    """Ask the duration predictor for log-durations (B, 1, S)."""
    return model.duration_predictor.predict(
        text.hidden,
        text.mask,
        conditioning,
        language=text.language,
        noise_scale=noise_scale,
        noise=noise,
    )


def _whole_frames(
    log_durations: Tensor, text: EncodedText, length_scale: float, max_frames: int | None
) -> Tensor:
    """Round durations (B, 1, S) up to frames (B, S) int64, unless they are too many."""
    frames: Tensor = (log_durations.exp() * text.mask * length_scale).ceil().squeeze(1)
    longest = float(frames.sum(1).max())
    if max_frames is not None and not longest <= max_frames:
        raise VoiceError(
            f"predicted durations of {longest:.4g} frames must be at most {max_frames}: "
            "lower noise_scale_duration or length_scale, or train the voice further"
        )
    return frames.long()


def draw_normal(shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw standard normal values of the device and precision of a tensor."""
    return torch.randn(shape, device=like.device, dtype=like.dtype, generator=generator)
