"""Durations of a prepared corpus, found by a trained voice and kept with the data."""

from collections.abc import Callable, Iterator

import torch

from vits.data.prepared.dataset import PreparedDataset, Utterance
from vits.evaluation.aligners.aligner import Listener
from vits.evaluation.aligners.dtw_alignment import walk_durations

__all__ = ["find_durations"]

Progress = Callable[[int, int], None]


def find_durations(
    listener: Listener,
    dataset: PreparedDataset,
    progress: Progress | None = None,
    *,
    by_speaking: bool = False,
) -> Iterator[list[int]]:
    """Yield the frames of each symbol, utterance by utterance; the same voice finds the same again.

    Args:
        listener: the voice.
        dataset: its corpus.
        progress: told the utterances done and all of them.
        by_speaking: see ``walk_durations``, which a compact voice can do. Otherwise the path is
            that of training (VITS section 2.2.1), from the posterior's mean and without noise.
    """
    find = walk_durations if by_speaking else _search_durations
    for index in range(len(dataset)):
        yield find(listener, dataset[index])
        if progress is not None:
            progress(index + 1, len(dataset))


def _search_durations(listener: Listener, utterance: Utterance) -> list[int]:
    device = listener.device
    lengths = torch.tensor([len(utterance.wave)], device=device)
    ids = utterance.ids[None].to(device)
    with torch.inference_mode():
        durations = listener.model.align_recording(
            ids,
            torch.tensor([ids.shape[1]], device=device),
            listener.spectrogram(utterance.wave[None, None].to(device), lengths),
            lengths // listener.model.config.audio.hop_length,
            listener.speakers(utterance.speaker),
            torch.tensor([utterance.language], device=device),
        )
    return durations[0].tolist()
