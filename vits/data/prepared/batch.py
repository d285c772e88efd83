"""Utterances padded into one batch."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vits.data.prepared.dataset import Utterance
from vits.errors import DataError

__all__ = ["Batch", "collate"]


class Batch(NamedTuple):
    """A padded batch.

    Attributes:
        names: the utterances' ids.
        ids: (B, S) int64, 0 after each end.
        id_lengths: (B,) int64 symbols of each.
        wave: (B, 1, L) float32 in [-1, 1], 0 after each end.
        wave_lengths: (B,) int64 samples of each.
        speakers: (B,) int64 rows of the speaker embedding.
        languages: (B,) int64 rows of the language embedding.
        durations: (B, S) int64 frames of each symbol, 0 after each end; all 0 without.
    """

    names: tuple[str, ...]
    ids: Tensor
    id_lengths: Tensor
    wave: Tensor
    wave_lengths: Tensor
    speakers: Tensor
    languages: Tensor
    durations: Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Return the batch on ``device``; pinned memory is copied without waiting."""
        waits = torch.device(device).type != "cuda"  # a copy to the host must be complete
        tensors = (tensor.to(device, non_blocking=not waits) for tensor in self[1:])
        return Batch(self.names, *tensors)

    def pin_memory(self) -> "Batch":
        """Return the batch in page-locked memory."""
        return Batch(self.names, *(tensor.pin_memory() for tensor in self[1:]))


def collate(utterances: Sequence[Utterance], hop_length: int) -> Batch:
    """Pad utterances into a batch, in the given order.

    For a data loader: ``functools.partial(collate, hop_length=...)``.

    Args:
        utterances: at least one.
        hop_length: samples of a spectrogram frame.

    Raises:
        DataError: there is no utterance, or one has more symbols than frames, so that no
            monotonic alignment exists.
    """
    if not utterances:
        raise DataError("a batch of 0 utterances must have at least 1")
    for utterance in utterances:
        frames = len(utterance.wave) // hop_length
        if len(utterance.ids) > frames:
            raise DataError(
                f"utterance {utterance.id!r} has {len(utterance.ids)} symbols but {frames} frames; "
                "every symbol needs a frame: drop it, correct its text or lower hop_length"
            )
    ids, id_lengths = _pad([utterance.ids for utterance in utterances])
    durations = [
        torch.zeros_like(u.ids) if u.durations is None else u.durations for u in utterances
    ]
    wave, wave_lengths = _pad([utterance.wave for utterance in utterances])
    return Batch(
        names=tuple(utterance.id for utterance in utterances),
        ids=ids,
        id_lengths=id_lengths,
        wave=wave.unsqueeze(1),
        wave_lengths=wave_lengths,
        speakers=torch.tensor([utterance.speaker for utterance in utterances]),
        languages=torch.tensor([utterance.language for utterance in utterances]),
        durations=_pad(durations)[0],
    )


def _pad(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack rows of different length (N_i,) into (B, max N), 0 after each end, and lengths."""
    lengths = torch.tensor([len(row) for row in rows])
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths
