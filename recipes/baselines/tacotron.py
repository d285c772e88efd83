"""Tacotron 2 (Shen et al. 2018, arXiv:1712.05884) of torchaudio, as a Lightning module."""

import warnings
from dataclasses import asdict, dataclass

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional

from recipes.baselines.mel import NormalizedMel
from vits.audio._torchaudio import import_torchaudio
from vits.config import AudioConfig
from vits.data.prepared.batch import Batch
from vits.data.prepared.dataset import PreparedDataset
from vits.layers.masking import sequence_mask
from vits.training.step.seeding import seed_step

__all__ = ["Acoustic", "TacotronSizes", "guide", "longest_symbol"]

GUIDE_WIDTH = 0.2  # of the diagonal band, as in the source
CLIP = 1.0  # norm of the gradients, as in the original


@dataclass(frozen=True, kw_only=True)
class TacotronSizes:
    """Arguments of ``torchaudio.models.Tacotron2``: a quarter to half the original's widths."""

    symbol_embedding_dim: int = 192
    encoder_embedding_dim: int = 192
    encoder_n_convolution: int = 3
    decoder_rnn_dim: int = 256
    attention_rnn_dim: int = 256
    attention_hidden_dim: int = 128
    prenet_dim: int = 128
    postnet_n_convolution: int = 5
    postnet_embedding_dim: int = 192


class Acoustic(pl.LightningModule):
    """Text to mel spectrograms.

    It differs from the original in two ways that short runs need: a step of the decoder makes
    ``frames_per_step`` frames (Wang et al. 2017, arXiv:1703.10135, section 3.3), and attention is
    guided to the diagonal (Tachibana et al. 2018, arXiv:1710.08969, section 4.1).

    Args:
        audio: of the data.
        n_symbols: number of symbols.
        sizes: of the network.
        frames_per_step: frames that a step of the decoder makes, at least 1.
        learning_rate: of Adam.
        guide_weight: weight of the guided attention.
        seed: of dropout; the step is mixed into it.
    """

    def __init__(
        self,
        audio: AudioConfig,
        n_symbols: int,
        sizes: TacotronSizes,
        *,
        frames_per_step: int = 3,
        learning_rate: float = 1e-3,
        guide_weight: float = 5.0,
        seed: int = 1234,
    ) -> None:
        super().__init__()
        self.mel, self.frames_per_step = NormalizedMel(audio), frames_per_step
        self.learning_rate, self.guide_weight, self.seed = learning_rate, guide_weight, seed
        self.network = import_torchaudio().models.Tacotron2(
            n_symbol=n_symbols, n_mels=audio.n_mels * frames_per_step, **asdict(sizes)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Create Adam with the original's weight decay."""
        return torch.optim.Adam(self.parameters(), self.learning_rate, weight_decay=1e-6)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of a batch with teacher forcing, a scalar."""
        del batch_idx
        seed_step(self.seed, self.global_step, 0)
        found = self.losses(batch)
        self.log_dict({f"train/{name}": loss.detach() for name, loss in found.items()})
        return torch.stack(list(found.values())).sum()

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted losses by name, each a scalar mean over real steps of the decoder."""
        target = self.fold(self.mel(batch.wave, batch.wave_lengths))
        frames = batch.wave_lengths // self.mel.hop_length
        lengths = -(-frames // self.frames_per_step)
        order = batch.id_lengths.argsort(descending=True, stable=True)  # torchaudio packs them
        target, lengths = target[order], lengths[order]
        ids, id_lengths = batch.ids[order], batch.id_lengths[order]
        before, after, stop, attention = self.network(ids, id_lengths, target, lengths)
        mask = sequence_mask(lengths, target.shape[2])  # (B, 1, T)
        steps = torch.arange(target.shape[2])
        is_last = (steps >= lengths[:, None] - 1).float()
        stop_loss = functional.binary_cross_entropy_with_logits(stop, is_last, reduction="none")
        off_diagonal = attention * guide(id_lengths, lengths).transpose(1, 2)
        return {
            "before": _mean((before - target).square().mean(1, keepdim=True), mask),
            "after": _mean((after - target).square().mean(1, keepdim=True), mask),
            "stop": _mean(stop_loss.unsqueeze(1), mask),
            "guide": self.guide_weight * _mean(off_diagonal.sum(2).unsqueeze(1), mask),
        }

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Limit the norm of the gradients."""
        del optimizer
        torch.nn.utils.clip_grad_norm_(self.parameters(), CLIP)

    @torch.no_grad()
    def speak(self, ids: Tensor, longest: float) -> tuple[Tensor, bool]:
        """Predict the mel spectrogram of a sentence, until the network says stop.

        Args:
            ids: symbol ids (S,).
            longest: frames for each symbol after which a sentence that does not stop is cut.

        Returns:
            Normalized mel spectrogram (1, M, T), and whether the network stopped.
        """
        self.eval()
        limit = max(1, int(longest * len(ids) / self.frames_per_step))
        self.network.decoder.decoder_max_step = limit
        with warnings.catch_warnings():  # the caller is told
            warnings.filterwarnings("ignore", "Reached max decoder steps")
            mel, lengths, _ = self.network.infer(ids[None], torch.tensor([len(ids)]))
        return self.unfold(mel), int(lengths[0]) < limit

    def fold(self, x: Tensor) -> Tensor:
        """Stack frames: (B, M, T) -> (B, M * R, T / R), the last step filled with zeros."""
        x = functional.pad(x, (0, -x.shape[2] % self.frames_per_step))
        return x.unflatten(2, (-1, self.frames_per_step)).permute(0, 3, 1, 2).flatten(1, 2)

    def unfold(self, x: Tensor) -> Tensor:
        """Put the frames one after the other again: (B, M * R, T) -> (B, M, T * R)."""
        return x.unflatten(1, (self.frames_per_step, -1)).permute(0, 2, 3, 1).flatten(2)


def guide(id_lengths: Tensor, lengths: Tensor) -> Tensor:
    """Return the cost of attention off the diagonal, 1 - exp(-(s / S - t / T)^2 / (2 g^2)).

    Source: Tachibana et al. 2018, arXiv:1710.08969, section 4.1.

    Args:
        id_lengths: symbols of each utterance (B,).
        lengths: steps of the decoder of each utterance (B,).

    Returns:
        (B, S, T), each in [0, 1).
    """
    symbols = torch.arange(int(id_lengths.max())) / id_lengths[:, None]  # (B, S)
    steps = torch.arange(int(lengths.max())) / lengths[:, None]  # (B, T)
    distance = symbols[:, :, None] - steps[:, None]
    return 1 - torch.exp(-(distance**2) / (2 * GUIDE_WIDTH**2))


def longest_symbol(data: PreparedDataset) -> float:
    """Return the frames per symbol of the slowest utterance of the data."""
    symbols = np.array([len(data.ids(i)) for i in range(len(data))])
    return float((data.frames / symbols).max())


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    """Average (B, 1, T) over the real steps of the mask."""
    return (x * mask).sum() / mask.sum()
