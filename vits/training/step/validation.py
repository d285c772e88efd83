"""Losses of whole validation utterances."""

import torch
from torch import Tensor

from vits import losses
from vits.audio.mel import MelSpectrogram
from vits.data.prepared.batch import Batch
from vits.models.outputs import TrainingOutput
from vits.models.pitch import make_source
from vits.models.vits import Vits
from vits.training.step.generator_losses import kl_loss

__all__ = ["measure_utterances"]


@torch.no_grad()
def measure_utterances(
    generator: Vits,
    mel: MelSpectrogram,
    batch: Batch,
    spectrogram: Tensor,
    out: TrainingOutput,
    conditioning: Tensor | None,
) -> dict[str, Tensor]:
    """Compare recordings with the waves that the voice makes for them.

    Args:
        generator: the voice.
        mel: log-mel spectrogram.
        batch: the utterances.
        spectrogram: (B, F, T) linear magnitude of their waves.
        out: the generator's training pass over them.
        conditioning: (B, G, 1) speaker, or None.

    Returns:
        Scalars by name. ``spoken``: mean difference of log-mels between the recording and the wave
        decoded from the prior's mean with the alignment's durations, and with the recording's pitch
        where the model has pitch. ``duration``: loss per symbol. ``pitch``: loss per frame.
        If the posterior encoder takes part, also ``mel``: difference to the reconstruction from
        the posterior's mean; and ``kl`` per frame.
    """
    hop = generator.config.audio.hop_length
    real, lengths = mel.from_linear(spectrogram), batch.wave_lengths // hop * hop

    pitched = generator.config.pitch is not None
    source = make_source(batch.pitch, generator.config.audio) if pitched else None

    def difference(latents: Tensor) -> Tensor:
        wave = generator.decoder(latents, conditioning, source)
        error = (mel(wave, lengths) - real).abs().mean(1, keepdim=True)  # whole frames, as decoded
        return (error * out.frame_mask).sum() / out.frame_mask.sum()

    latents = generator.prior_flow.inverse(out.prior.mean, out.frame_mask, conditioning)
    losses_by_name = {
        "spoken": difference(latents),
        "duration": losses.duration_loss(out.duration_loss, out.symbol_mask),
    }
    if out.pitch_loss is not None:
        losses_by_name["pitch"] = losses.pitch_loss(out.pitch_loss, out.frame_mask)
    if out.posterior_pass is None:
        return losses_by_name
    mean = out.posterior_pass.posterior.distribution.mean
    return {
        "mel": difference(mean * out.frame_mask),
        "kl": kl_loss(out, out.posterior_pass),
        **losses_by_name,
    }
