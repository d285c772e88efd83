"""What is measured of whole utterances that are not trained on."""

import torch
from torch import Tensor

from vits import losses
from vits.audio.mel import MelSpectrogram
from vits.data.prepared.batch import Batch
from vits.models.outputs import TrainingOutput
from vits.models.vits import Vits
from vits.training.step.generator_losses import kl_term

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
    """Compare recordings with what the voice makes of them.

    Args:
        generator: the voice.
        mel: log-mel spectrogram.
        batch: of utterances.
        spectrogram: (B, F, T) of their waves.
        out: of the generator's training pass over them.
        conditioning: (B, G, 1) speaker, or None.

    Returns:
        Scalars: ``spoken``, the mean difference of log-mels of the recording and the wave that the
        prior's mean gives with the alignment's durations; ``duration`` per symbol; and where the
        pass has the posterior's side, ``mel``, the difference to the reconstruction from the
        posterior's mean, and ``kl`` per frame.
    """
    hop = generator.config.audio.hop_length
    real, lengths = mel.from_linear(spectrogram), batch.wave_lengths // hop * hop

    def difference(latents: Tensor) -> Tensor:
        wave = generator.decoder(latents, conditioning)
        apart = (mel(wave, lengths) - real).abs().mean(1, keepdim=True)  # whole frames, as decoded
        return (apart * out.frame_mask).sum() / out.frame_mask.sum()

    heard = generator.prior_flow.inverse(out.prior.mean, out.frame_mask, conditioning)
    found = {
        "spoken": difference(heard),
        "duration": losses.duration_loss(out.duration_loss, out.symbol_mask),
    }
    if out.posterior_pass is None:
        return found
    mean = out.posterior_pass.posterior.distribution.mean
    return {
        "mel": difference(mean * out.frame_mask),
        "kl": kl_term(out, out.posterior_pass),
        **found,
    }
