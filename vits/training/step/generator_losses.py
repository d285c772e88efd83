"""The generator's losses that no discriminator has a part in."""

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
from vits.training.step.distributed import Shares
from vits.training.step.early_backward import settle
from vits.training.step.segments import Segments

__all__ = ["generator_terms", "kl_term", "optional_losses", "weigh"]


def optional_losses(
    config: VitsConfig, recipe: TrainingConfig, mel: MelSpectrogram
) -> nn.ModuleDict:
    """Make the losses that the original has not, by name: those whose weight is not 0."""
    optional = nn.ModuleDict()
    if recipe.loss_weights.subband:
        length = config.segment_frames * config.audio.hop_length
        optional["subband"] = SubbandLoss(PseudoQmf(_n_bands(config.decoder)), length)
    if recipe.loss_weights.envelope:
        optional["envelope"] = EnvelopeLoss(mel.filterbank, config.audio.sample_rate)
    return optional


def _n_bands(decoder: DecoderConfig) -> int:
    """Return the bands of the subband loss: the decoder's own, at least 2, or 4."""
    return max(2, decoder.n_bands) if isinstance(decoder, IstftConfig) else 4


def generator_terms(
    out: TrainingOutput,
    segments: Segments,
    shares: Shares,
    optional: nn.ModuleDict,
) -> dict[str, Tensor]:
    """Return the losses by name, scalars that are weighted with this rank's shares.

    Args:
        out: what the generator gave.
        segments: what is compared.
        shares: of this rank in the batch of all.
        optional: made by ``optional_losses``.
    """
    duration = losses.duration_loss(out.duration_loss, out.symbol_mask)
    terms = {
        "mel": losses.mel_loss(segments.fake_mel, segments.real_mel) * shares.utterances,
        "duration": duration * shares.symbols,
    }
    if out.posterior_pass is not None:
        terms["kl"] = kl_term(out, out.posterior_pass) * shares.frames
    if "subband" in optional:
        terms["subband"] = optional["subband"](segments.fake, segments.real) * shares.utterances
    if "envelope" in optional:
        found = optional["envelope"](segments.fake_mel, segments.real_mel)
        terms["envelope"] = found * shares.utterances
    return terms


def kl_term(out: TrainingOutput, posterior_pass: PosteriorPass) -> Tensor:
    """Return the KL of a batch, a scalar in nats per frame."""
    z_prior, log_std = posterior_pass.z_prior, posterior_pass.gate.log_std
    return losses.kl_divergence(z_prior, log_std, *out.prior, out.frame_mask)


def weigh(
    terms: dict[str, Tensor],
    recipe: TrainingConfig,
    generator: Vits,
    out: TrainingOutput,
    *,
    apart: bool,
) -> Tensor:
    """Add up the terms, each times its weight.

    Where no segment is spoken, the prior's side (text encoder, prior flow, duration predictor) has
    no part in the wave. Its gradients are computed here, before the discriminators judge the wave:
    meanwhile the memory of what these boxes remember of the pass, a third of the generator's, is
    free for the discriminators.

    Args:
        terms: scalars by name.
        recipe: has the weights.
        generator: was run.
        out: what it gave.
        apart: the prior's side has no part in the wave.
    """
    weighted = {name: getattr(recipe.loss_weights, name) * term for name, term in terms.items()}
    if not apart or out.posterior_pass is None:
        return torch.stack(list(weighted.values())).sum()
    settled = settle(
        weighted.pop("kl") + weighted.pop("duration"),
        through=[x for x in out.posterior_pass.gate if x is not None],
        parameters=_prior_side(generator),
    )
    return torch.stack([settled, *weighted.values()]).sum()


def _prior_side(generator: Vits) -> list[nn.Parameter]:
    """Return what the prior and the durations are made with, but for the speakers."""
    boxes: list[nn.Module | None] = [
        generator.text_encoder,
        generator.language_embedding,
        generator.prior_flow,
        generator.duration_predictor,
    ]
    return [p for box in boxes if box is not None for p in box.parameters()]
