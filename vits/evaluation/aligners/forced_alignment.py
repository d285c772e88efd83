"""Find the durations of a prepared corpus with a trained voice."""

from collections.abc import Callable, Iterator

import torch

from vits.data.prepared.dataset import PreparedDataset, Utterance
from vits.evaluation.aligners.aligner import Aligner
from vits.evaluation.aligners.dtw_alignment import dtw_durations

__all__ = ["find_durations"]

Progress = Callable[[int, int], None]


def find_durations(
    aligner: Aligner,
    dataset: PreparedDataset,
    progress: Progress | None = None,
    *,
    by_synthesis: bool = False,
) -> Iterator[list[int]]:
    """Yield the durations of each utterance in frames; the result is deterministic.

    Args:
        aligner: the voice.
        dataset: its corpus.
        progress: called with the number of finished utterances and of all.
        by_synthesis: use ``dtw_durations``, which works with compact voices. Otherwise the path is
            the monotonic alignment of training (VITS section 2.2.1) on the posterior mean.
    """
    find = dtw_durations if by_synthesis else _search_durations
    for index in range(len(dataset)):
        yield find(aligner, dataset[index])
        if progress is not None:
            progress(index + 1, len(dataset))


def _search_durations(aligner: Aligner, utterance: Utterance) -> list[int]:
    device = aligner.device
    lengths = torch.tensor([len(utterance.wave)], device=device)
    ids = utterance.ids[None].to(device)
    with torch.inference_mode():
        durations = aligner.model.align_recording(
            ids,
            torch.tensor([ids.shape[1]], device=device),
            aligner.spectrogram(utterance.wave[None, None].to(device), lengths),
            lengths // aligner.model.config.audio.hop_length,
            aligner.speaker(utterance.speaker),
            torch.tensor([utterance.language], device=device),
        )
    return durations[0].tolist()
