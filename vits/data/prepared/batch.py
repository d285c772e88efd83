"""Padded batches of utterances."""

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
        names: utterance names.
        ids: symbol ids (B, S) int64, padded with 0.
        id_lengths: (B,) int64 symbols of each utterance.
        wave: (B, 1, L) float32 in [-1, 1], padded with 0.
        wave_lengths: (B,) int64 samples of each utterance.
        speakers: (B,) int64 speaker ids.
        languages: (B,) int64 language ids.
        durations: (B, S) int64 frames of each symbol, padded with 0; all 0 for data without
            durations.
        pitch: (B, 2, T) float32 log F0 (log Hz) and voicing, padded with 0; all 0 for data without
            pitch.
        speaker_vectors: (B, V) float32; V is 0 for data without vectors.
    """

    names: tuple[str, ...]
    ids: Tensor
    id_lengths: Tensor
    wave: Tensor
    wave_lengths: Tensor
    speakers: Tensor
    languages: Tensor
    durations: Tensor
    pitch: Tensor
    speaker_vectors: Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Return the batch on ``device``; copies from pinned memory to a GPU are asynchronous."""
        # copies to the host must be complete; those to an Apple GPU have been overtaken
        asynchronous = torch.device(device).type not in ("cpu", "mps")
        tensors = (tensor.to(device, non_blocking=asynchronous) for tensor in self[1:])
        return Batch(self.names, *tensors)

    def pin_memory(self) -> "Batch":
        """Return the batch in pinned (page-locked) memory."""
        return Batch(self.names, *(tensor.pin_memory() for tensor in self[1:]))


def collate(utterances: Sequence[Utterance], hop_length: int, pad_to: int | None = None) -> Batch:
    """Pad utterances to a batch, in the given order.

    As ``collate_fn`` of a data loader: ``functools.partial(collate, hop_length=...)``.

    Args:
        utterances: at least one utterance.
        hop_length: samples per spectrogram frame.
        pad_to: pad symbols and frames to multiples of it; None: to the longest utterance.

    Raises:
        DataError: there is no utterance, or one has more symbols than frames, so that it has no
            monotonic alignment.
    """
    if not utterances:
        raise DataError("a batch of 0 utterances must have at least 1")
    for utterance in utterances:
        frames = len(utterance.wave) // hop_length
        if len(utterance.ids) > frames:
            raise DataError(
                f"utterance {utterance.id!r} has {len(utterance.ids)} symbols but {frames} frames; "
                "every symbol needs a frame: remove it, correct its text or lower hop_length"
            )
    ids, id_lengths = _pad([utterance.ids for utterance in utterances], pad_to)
    durations = [
        torch.zeros_like(u.ids) if u.durations is None else u.durations for u in utterances
    ]
    samples = None if pad_to is None else pad_to * hop_length
    wave, wave_lengths = _pad([utterance.wave for utterance in utterances], samples)
    return Batch(
        names=tuple(utterance.id for utterance in utterances),
        ids=ids,
        id_lengths=id_lengths,
        wave=wave.unsqueeze(1),
        wave_lengths=wave_lengths,
        speakers=torch.tensor([utterance.speaker for utterance in utterances]),
        languages=torch.tensor([utterance.language for utterance in utterances]),
        durations=_pad(durations, pad_to)[0],
        pitch=_pitch(utterances, wave.shape[1] // hop_length),
        speaker_vectors=torch.stack(
            [torch.zeros(0) if u.speaker_vector is None else u.speaker_vector for u in utterances]
        ),
    )


def _pitch(utterances: Sequence[Utterance], n_frames: int) -> Tensor:
    """Return the pitch (B, 2, T), 0 where there is none."""
    pitch = torch.zeros(len(utterances), 2, n_frames)
    for row, utterance in zip(pitch, utterances, strict=True):
        if utterance.pitch is not None:
            row[:, : utterance.pitch.shape[1]] = utterance.pitch
    return pitch


def _pad(sequences: list[Tensor], multiple: int | None = None) -> tuple[Tensor, Tensor]:
    """Pad sequences (N_i,) with 0 to (B, max N); return them and their lengths (B,).

    With ``multiple``, the width is rounded up to a multiple of it.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    padded = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    if multiple is not None:
        padded = torch.nn.functional.pad(padded, (0, -padded.shape[1] % multiple))
    return padded, lengths
