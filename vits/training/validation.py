"""What is measured of whole utterances that are not trained on."""

import torch
from torch import Tensor

from vits import losses
from vits.audio.mel import MelSpectrogram
from vits.data.batch import Batch
from vits.models.outputs import Recorded, TrainingOutput
from vits.models.vits import Vits
from vits.training.terms import kl_term

__all__ = ["measure_utterances"]


@torch.no_grad()
def measure_utterances(
    generator: Vits,
    mel: MelSpectrogram,
    batch: Batch,
    spectrogram: Tensor,
    out: TrainingOutput,
    recorded: Recorded,
) -> dict[str, Tensor]:
    """Compare recordings with what the voice makes of them.

    Args:
        generator: the voice.
        mel: log-mel spectrogram.
        batch: of utterances.
        spectrogram: (B, F, T) of their waves.
        out: of the generator's training pass over them.
        recorded: its posterior's side.

    Returns:
        Scalars: ``mel``, the mean difference of log-mels of the recording and its reconstruction
        from the posterior's mean; ``spoken``, the same for the wave that the prior's mean gives
        with the alignment's durations; ``kl`` per frame; ``duration`` per symbol.
    """
    conditioning = recorded.crossing.conditioning
    hop = generator.config.audio.hop_length
    real, lengths = mel.from_linear(spectrogram), batch.wave_lengths // hop * hop

    def difference(latents: Tensor) -> Tensor:
        wave = generator.decoder(latents, conditioning)
        apart = (mel(wave, lengths) - real).abs().mean(1, keepdim=True)  # whole frames, as decoded
        return (apart * out.frame_mask).sum() / out.frame_mask.sum()

    heard = generator.prior_flow.inverse(out.prior.mean, out.frame_mask, conditioning)
    return {
        "mel": difference(recorded.posterior.distribution.mean * out.frame_mask),
        "spoken": difference(heard),
        "kl": kl_term(out, recorded),
        "duration": losses.duration_loss(out.duration_loss, out.symbol_mask),
    }
