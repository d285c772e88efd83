"""Speaker vectors of the utterances of a prepared folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vits.audio.speaker_encoders.encoder import SpeakerEncoder
from vits.audio.speaker_encoders.recordings import speech_of
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_vectors import write_vectors
from vits.errors import AudioError, DataError

__all__ = ["VectorReport", "compute_speaker_vectors"]


class VectorReport(NamedTuple):
    """What was computed: ``utterances``, and how many have the ``mean`` of their speaker."""

    utterances: int
    mean: int


def compute_speaker_vectors(
    folder: Path, encoder: SpeakerEncoder, progress: Callable[[int, int], None] | None = None
) -> VectorReport:
    """Compute and store the vector of every utterance, unless they are stored already.

    An utterance with too little speech for the encoder gets the mean of its speaker's others.

    Args:
        folder: the prepared folder.
        encoder: the speaker encoder.
        progress: called with the finished utterances and all.

    Raises:
        DataError: no utterance of a speaker has enough speech.
    """
    dataset = PreparedDataset(folder)
    total = len(dataset)
    if dataset.speaker_encoder == encoder.name:
        return VectorReport(total, 0)
    vectors = np.zeros((total, encoder.size), np.float32)
    known = np.zeros(total, bool)
    for index, vector in enumerate(_vectors(dataset, encoder)):
        if vector is not None:
            vectors[index], known[index] = vector, True
        if progress is not None:
            progress(index + 1, total)
    speakers = dataset.speaker_ids
    for speaker in np.unique(speakers[~known]):
        own = speakers == speaker
        if not known[own].any():
            name = dataset.speakers[speaker] if dataset.speakers else "the only one"
            raise DataError(
                f"no utterance of speaker {name} in {folder} has a second of speech, from which "
                "its vector could be made; add longer ones, or leave the speaker out"
            )
        vectors[own & ~known] = vectors[own & known].mean(0)
    write_vectors(folder, dataset.info, encoder.name, vectors)
    return VectorReport(total, int((~known).sum()))


def _vectors(dataset: PreparedDataset, encoder: SpeakerEncoder) -> Iterator[np.ndarray | None]:
    """Yield the vector of each utterance; None for too little speech."""
    for index in range(len(dataset)):
        utterance = dataset[index]
        try:
            speech = speech_of(utterance.wave.numpy(), dataset.audio.sample_rate, utterance.id)
        except AudioError:
            yield None
        else:
            yield encoder(speech)
