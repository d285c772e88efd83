"""The evaluation itself: recordings and voices, utterance by utterance."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import DataError, TextError
from vits.evaluation.judges.error_rates import count_errors, plain_words
from vits.evaluation.judges.naturalness import Predictor
from vits.evaluation.judges.recogniser import Aligner, Recogniser
from vits.evaluation.metrics import (
    ANALYSIS,
    Spectrum,
    analyse,
    cepstral_distortion,
    mel_distance,
    to_analysis,
    warp,
)
from vits.evaluation.pitch import PitchRange, compare_pitch, track_pitch
from vits.evaluation.results import Comparison, Heard, Take, phoneme_seconds
from vits.evaluation.test_set import Item
from vits.synthesis import Speech, Voice

__all__ = ["Instruments", "Measured", "evaluate", "measure_recordings"]


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """What is measured with.

    Attributes:
        recogniser: what listens; None: nothing does.
        predictor: what tells how natural a wave is; None: nothing does.
        language: espeak-ng code of the texts.
        pitch_range: where the pitch is looked for.
    """

    recogniser: Recogniser | None = None
    predictor: Predictor | None = None
    language: str = "en-us"
    pitch_range: PitchRange = field(default_factory=PitchRange)


class Measured(NamedTuple):
    """A take with what pictures and comparisons are made from.

    Attributes:
        take: the figures.
        speech: the wave, with words and phonemes where a voice spoke.
        spectrum: of the speech without the silence around it.
        f0: (T,) Hz, NaN where unvoiced.
        path: (N, 2) walk through recording and speech; None without a recording.
    """

    take: Take
    speech: Speech
    spectrum: Spectrum
    f0: NDArray[np.float64]
    path: NDArray[np.intp] | None = None


def measure_recordings(items: Sequence[Item], instruments: Instruments) -> Iterator[Measured]:
    """Measure the recordings of the items, in order.

    Raises:
        DataError: an item has no recording.
        AudioError: a recording cannot be read.
    """
    for item in items:
        if item.read is None:
            raise DataError(f"{item.id} has no recording; give a corpus or a prepared folder")
        samples, rate = item.read()
        yield _measure(item, Speech(samples, rate), instruments)


def evaluate(
    voice: Voice,
    items: Sequence[Item],
    instruments: Instruments,
    recordings: Sequence[Measured] | None = None,
    *,
    speaker: str | int | None = None,
    seed: int = 1,
) -> Iterator[Measured]:
    """Let a voice say the items, and measure each, in order.

    It speaks with one thread, after one sentence that is not counted.

    Args:
        voice: who speaks.
        items: what to say.
        instruments: what to measure with.
        recordings: those of the same items; None: nothing is compared.
        speaker: who of the voice's speakers; None: the one that an item names, else the first.
        seed: of the first item; the others count up from it.

    Raises:
        TextError: the voice cannot say an item.
    """
    natural = [None] * len(items) if recordings is None else recordings
    for index, (item, recording) in enumerate(zip(items, natural, strict=True)):
        chosen = speaker
        if speaker is None and item.speaker in voice.speakers:
            chosen = item.speaker or None
        speech, seconds = _speak(voice, item, chosen, seed + index, warm_up=index == 0)
        measured = _measure(item, speech, instruments)
        take = measured.take._replace(
            real_time_factor=seconds / speech.seconds, phonemes=phoneme_seconds(speech.phonemes)
        )
        measured = measured._replace(take=take)
        yield measured if recording is None else _compare(measured, recording)


def _speak(
    voice: Voice, item: Item, speaker: str | int | None, seed: int, *, warm_up: bool
) -> tuple[Speech, float]:
    """Say an item and take the time (s)."""
    try:
        with _one_thread():
            if warm_up:
                voice(item.text, speaker=speaker, seed=seed)
            start = time.perf_counter()
            speech = voice(item.text, speaker=speaker, seed=seed)
            return speech, time.perf_counter() - start
    except TextError as error:
        raise TextError(f"{item.id} cannot be spoken: {error}") from error


def _measure(item: Item, speech: Speech, instruments: Instruments) -> Measured:
    """Measure what can be told of one wave alone."""
    wave = to_analysis(speech.samples, speech.sample_rate)
    f0 = track_pitch(wave, instruments.pitch_range)
    take = Take(
        item,
        len(wave) / ANALYSIS.sample_rate,
        f0[~np.isnan(f0)],
        _listen(item, speech, instruments),
        naturalness=_rate(speech, instruments.predictor),
    )
    return Measured(take, speech, analyse(wave), f0)


def _listen(item: Item, speech: Speech, instruments: Instruments) -> Heard | None:
    """Let the recogniser write down and align a wave."""
    recogniser, language = instruments.recogniser, instruments.language
    said = plain_words(item.text, language)
    if recogniser is None:
        return None
    if not said:
        raise TextError(f"{item.id} has no word that could be recognised; leave it out")
    heard = plain_words(recogniser.transcribe(speech.samples, speech.sample_rate), language)
    aligned = None
    if isinstance(recogniser, Aligner):
        aligned = recogniser.aligns(speech.samples, speech.sample_rate, item.text)
    return Heard(" ".join(heard), count_errors(said, heard), aligned)


def _rate(speech: Speech, predictor: Predictor | None) -> float | None:
    """Let the predictor tell how natural a wave is."""
    return None if predictor is None else predictor.rate(speech.samples, speech.sample_rate)


def _compare(spoken: Measured, recording: Measured) -> Measured:
    """Add the distances to the recording."""
    first, second = recording.spectrum, spoken.spectrum
    path = warp(first.cepstra, second.cepstra)
    comparison = Comparison(
        mel_distance(first.mel, second.mel, path),
        cepstral_distortion(first.cepstra, second.cepstra, path),
        compare_pitch(recording.f0, spoken.f0, path),
        recording.take.seconds,
    )
    return spoken._replace(take=spoken.take._replace(comparison=comparison), path=path)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute with one thread, and put back what there was."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
