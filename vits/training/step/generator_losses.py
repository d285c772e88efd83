"""The generator's losses that need no discriminator."""

import torch
from torch import Tensor, nn

from vits import losses
from vits.audio.mel import MelSpectrogram
from vits.config import DecoderConfig, IstftConfig, TrainingConfig, VitsConfig
from vits.layers.filterbank import PseudoQmf
from vits.losses.envelope import EnvelopeLoss
from vits.losses.subband import SubbandLoss
from vits.models.outputs import PosteriorPass, TrainingOutput
from vits.models.vits import Vits
from vits.training.step.distributed import BatchWeights
from vits.training.step.early_backward import early_backward
from vits.training.step.segments import Segments
from vits.training.step.speaker_consistency import open_consistency_loss

__all__ = ["generator_losses", "kl_loss", "optional_losses", "weighted_sum"]

SUBBANDS = 4  # bands of the subband loss for decoders without bands


def optional_losses(
    config: VitsConfig, recipe: TrainingConfig, mel: MelSpectrogram
) -> nn.ModuleDict:
    """Build the losses that the original does not have, by name: those with a weight above 0."""
    optional = nn.ModuleDict()
    if recipe.loss_weights.subband:
        length = config.segment_frames * config.audio.hop_length
        optional["subband"] = SubbandLoss(PseudoQmf(_n_bands(config.decoder)), length)
    if recipe.loss_weights.envelope:
        optional["envelope"] = EnvelopeLoss(mel.filterbank, config.audio.sample_rate)
    if recipe.loss_weights.speaker_consistency:
        loss = open_consistency_loss(config.speaker_vectors, config.audio.sample_rate)
        optional["speaker_consistency"] = loss
    return optional


def _n_bands(decoder: DecoderConfig) -> int:
    """Return the bands of the subband loss: the decoder's own, at least 2."""
    return max(2, decoder.n_bands) if isinstance(decoder, IstftConfig) else SUBBANDS


def generator_losses(
    out: TrainingOutput,
    segments: Segments,
    batch_weights: BatchWeights,
    optional: nn.ModuleDict,
) -> dict[str, Tensor]:
    """Compute the losses by name, each a scalar times this rank's batch weight.

    Args:
        out: the generator's training pass.
        segments: recorded and generated segments.
        batch_weights: weights of this rank's batch.
        optional: made by ``optional_losses``.
    """
    duration = losses.duration_loss(out.duration_loss, out.symbol_mask)
    found = {
        "mel": losses.mel_loss(segments.fake_mel, segments.real_mel) * batch_weights.utterances,
        "duration": duration * batch_weights.symbols,
    }
    if out.posterior_pass is not None:
        found["kl"] = kl_loss(out, out.posterior_pass) * batch_weights.frames
    if out.pitch_loss is not None:
        pitch = losses.pitch_loss(out.pitch_loss, out.frame_mask)
        found["pitch"] = pitch * batch_weights.frames
    for name in ("subband", "speaker_consistency"):
        if name in optional:
            loss = optional[name](*segments.waves[::-1])
            found[name] = loss * batch_weights.utterances
    if "envelope" in optional:
        envelope = optional["envelope"](segments.fake_mel, segments.real_mel)
        found["envelope"] = envelope * batch_weights.utterances
    return found


def kl_loss(out: TrainingOutput, posterior_pass: PosteriorPass) -> Tensor:
    """Return the KL divergence of a batch (paper equations 3 and 4), a scalar in nats per frame."""
    z_prior, log_std = posterior_pass.z_prior, posterior_pass.gate.log_std
    return losses.kl_divergence(z_prior, log_std, *out.prior, out.frame_mask)


def weighted_sum(
    found: dict[str, Tensor],
    recipe: TrainingConfig,
    generator: Vits,
    out: TrainingOutput,
    *,
    free_prior: bool,
) -> Tensor:
    """Return the sum of the losses, each times its weight; a scalar.

    Without prior segments, the prior's networks (text encoder, prior flow, duration predictor) do
    not affect the wave. Their gradients are then computed here, before the discriminators run: that
    frees their activations, a third of the generator's memory. Judged durations keep their graph,
    which the predictor's adversarial loss needs later.

    Args:
        found: losses by name, scalars.
        recipe: has the weights.
        generator: the generator.
        out: its training pass.
        free_prior: whether to compute the gradients of the prior's networks here.
    """
    weighted = {name: getattr(recipe.loss_weights, name) * loss for name, loss in found.items()}
    if not free_prior or out.posterior_pass is None:
        return torch.stack(list(weighted.values())).sum()
    early = weighted.pop("kl")
    if out.judged_durations is None:
        early = early + weighted.pop("duration")
    prior = early_backward(
        early,
        boundary=[x for x in (*out.posterior_pass.gate, out.text_speaker) if x is not None],
        parameters=_prior_parameters(generator),
    )
    return torch.stack([prior, *weighted.values()]).sum()


def _prior_parameters(generator: Vits) -> list[nn.Parameter]:
    """Return the parameters of the prior and the durations, without the speaker embedding."""
    boxes: list[nn.Module | None] = [
        generator.text_encoder,
        generator.language_embedding,
        generator.prior_flow,
        generator.duration_predictor,
    ]
    return [p for box in boxes if box is not None for p in box.parameters()]
