"""Frames of symbols and their logarithms."""

from torch import Tensor

from vits.errors import VoiceError

__all__ = ["log_frames", "whole_frames"]


def log_frames(durations: Tensor, mask: Tensor) -> Tensor:
    """Return the natural logarithm of durations in frames (B, 1, S), 0 in the padding.

    Args:
        durations: (B, 1, S) floating point, at least 0.
        mask: (B, 1, S).
    """
    # 1e-6 keeps symbols without frames finite, as in the original
    return (durations + 1e-6).log() * mask


def whole_frames(
    log_durations: Tensor, mask: Tensor, length_scale: float | Tensor, max_frames: int | None
) -> Tensor:
    """Round predicted durations up to whole frames (B, S) int64, 0 in the padding.

    Args:
        log_durations: (B, 1, S) natural logarithm of frames.
        mask: (B, 1, S).
        length_scale: factor on every duration; above 1 is slower.
        max_frames: upper limit of a sample's frames; None: no limit.

    Raises:
        VoiceError: a sample exceeds ``max_frames``, as with an untrained predictor.
    """
    frames: Tensor = (log_durations.exp() * mask * length_scale).ceil().squeeze(1)
    if max_frames is not None and not (longest := float(frames.sum(1).max())) <= max_frames:
        raise VoiceError(
            f"predicted durations of {longest:.4g} frames must be at most {max_frames}: "
            "lower noise_scale_duration or length_scale, or train the voice further"
        )
    return frames.long()
