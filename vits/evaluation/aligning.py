"""Durations of a prepared corpus, found by a trained voice and kept with the data."""

from collections.abc import Callable, Iterator

import torch

from vits.data.dataset import PreparedDataset
from vits.evaluation.listener import Listener

__all__ = ["find_durations"]

Progress = Callable[[int, int], None]


def find_durations(
    listener: Listener, dataset: PreparedDataset, progress: Progress | None = None
) -> Iterator[list[int]]:
    """Yield the frames of each symbol, utterance by utterance.

    The path is that of training (VITS section 2.2.1), from the posterior's mean and without noise:
    the same voice finds the same durations again.

    Args:
        listener: the voice.
        dataset: its corpus.
        progress: told the utterances done and all of them.
    """
    hop = dataset.audio.hop_length
    for index in range(len(dataset)):
        utterance = dataset[index]
        lengths = torch.tensor([len(utterance.wave)], device=listener.device)
        ids = utterance.ids[None].to(listener.device)
        language = torch.tensor([utterance.language], device=listener.device)
        with torch.inference_mode():
            wave = utterance.wave[None, None].to(listener.device)
            durations = listener.model.align_recording(
                ids,
                torch.tensor([ids.shape[1]], device=listener.device),
                listener.spectrogram(wave, lengths),
                lengths // hop,
                listener.speakers(utterance.speaker),
                language,
            )
        yield durations[0].tolist()
        if progress is not None:
            progress(index + 1, len(dataset))
