"""Evaluate recordings and voices utterance by utterance."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import DataError, TextError
from vits.evaluation.evaluators.error_rates import count_errors, plain_words
from vits.evaluation.evaluators.naturalness import Predictor
from vits.evaluation.evaluators.recogniser import AlignmentChecker, Recogniser
from vits.evaluation.metrics import (
    ANALYSIS,
    Spectrum,
    analyse,
    cepstral_distortion,
    dtw,
    mel_distance,
    to_analysis,
)
from vits.evaluation.pitch import PitchRange, compare_pitch, track_pitch
from vits.evaluation.results import (
    Recognition,
    RecordingDistance,
    UtteranceMetrics,
    phoneme_seconds,
)
from vits.evaluation.test_set import Item
from vits.synthesis import Speech, Voice

__all__ = [
    "EvaluatedUtterance",
    "Evaluators",
    "evaluate",
    "evaluate_speech",
    "measure_recordings",
]


@dataclass(frozen=True, kw_only=True)
class Evaluators:
    """What an evaluation measures with.

    Attributes:
        recogniser: speech recogniser; None: no error rates.
        predictor: predictor of naturalness; None: no naturalness.
        language: espeak-ng code of the texts.
        pitch_range: range of the fundamental frequency.
    """

    recogniser: Recogniser | None = None
    predictor: Predictor | None = None
    language: str = "en-us"
    pitch_range: PitchRange = field(default_factory=PitchRange)


class EvaluatedUtterance(NamedTuple):
    """The metrics of an utterance, and the data for plots and comparisons.

    Attributes:
        metrics: the metrics.
        speech: the wave; synthesised speech has the times of words and phonemes.
        spectrum: spectrum of the speech without silence at the ends.
        f0: (T,) Hz, NaN where unvoiced.
        path: (N, 2) warping path of recording and speech; None without a recording.
    """

    metrics: UtteranceMetrics
    speech: Speech
    spectrum: Spectrum
    f0: NDArray[np.float64]
    path: NDArray[np.intp] | None = None


def measure_recordings(
    items: Sequence[Item], evaluators: Evaluators
) -> Iterator[EvaluatedUtterance]:
    """Evaluate the recordings of the items, in order.

    Raises:
        DataError: an item has no recording.
        AudioError: a recording cannot be read.
    """
    for item in items:
        if item.read is None:
            raise DataError(f"{item.id} has no recording; give a corpus or a prepared folder")
        samples, rate = item.read()
        yield _measure(item, Speech(samples, rate), evaluators)


def evaluate(
    voice: Voice,
    items: Sequence[Item],
    evaluators: Evaluators,
    recordings: Sequence[EvaluatedUtterance] | None = None,
    *,
    speaker: str | int | None = None,
    seed: int = 1,
) -> Iterator[EvaluatedUtterance]:
    """Synthesise the items with a voice and evaluate each, in order.

    Synthesis uses one thread; one sentence is synthesised first as a warm-up and not counted.

    Args:
        voice: the voice.
        items: the test set.
        evaluators: what to measure with.
        recordings: evaluated recordings of the same items; None: no comparison.
        speaker: speaker of the voice; None: the one that an item names, else the first.
        seed: seed of the first item; it increases by one for each item.

    Raises:
        TextError: the voice cannot encode the text of an item.
    """

    def speak(index: int) -> tuple[Speech, float]:
        item = items[index]
        item_speaker = speaker
        if speaker is None and item.speaker in voice.speakers:
            item_speaker = item.speaker or None
        return _synthesise(voice, item, item_speaker, seed + index, warm_up=index == 0)

    return evaluate_speech(speak, items, evaluators, recordings)


def evaluate_speech(
    speak: Callable[[int], tuple[Speech, float]],
    items: Sequence[Item],
    evaluators: Evaluators,
    recordings: Sequence[EvaluatedUtterance] | None = None,
) -> Iterator[EvaluatedUtterance]:
    """Evaluate speech from any source, in the order of the items.

    Args:
        speak: takes the index of an item; returns its speech and how long the synthesis took (s).
        items: the test set.
        evaluators: what to measure with.
        recordings: evaluated recordings of the same items; None: no comparison.
    """
    references = [None] * len(items) if recordings is None else recordings
    for index, (item, recording) in enumerate(zip(items, references, strict=True)):
        speech, seconds = speak(index)
        utterance = _measure(item, speech, evaluators)
        metrics = utterance.metrics._replace(
            real_time_factor=seconds / speech.seconds, phonemes=phoneme_seconds(speech.phonemes)
        )
        utterance = utterance._replace(metrics=metrics)
        yield utterance if recording is None else _compare(utterance, recording)


def _synthesise(
    voice: Voice, item: Item, speaker: str | int | None, seed: int, *, warm_up: bool
) -> tuple[Speech, float]:
    """Synthesise an item and return the time it took (s)."""
    try:
        with _one_thread():
            if warm_up:
                voice(item.text, speaker=speaker, seed=seed)
            start = time.perf_counter()
            speech = voice(item.text, speaker=speaker, seed=seed)
            return speech, time.perf_counter() - start
    except TextError as error:
        raise TextError(f"{item.id} cannot be spoken: {error}") from error


def _measure(item: Item, speech: Speech, evaluators: Evaluators) -> EvaluatedUtterance:
    """Compute the metrics that need no recording."""
    wave = to_analysis(speech.samples, speech.sample_rate)
    f0 = track_pitch(wave, evaluators.pitch_range)
    metrics = UtteranceMetrics(
        item,
        len(wave) / ANALYSIS.sample_rate,
        f0[~np.isnan(f0)],
        _recognise(item, speech, evaluators),
        naturalness=_predict_naturalness(speech, evaluators.predictor),
    )
    return EvaluatedUtterance(metrics, speech, analyse(wave), f0)


def _recognise(item: Item, speech: Speech, evaluators: Evaluators) -> Recognition | None:
    """Transcribe a wave and align it with its text; None without a recogniser."""
    recogniser, language = evaluators.recogniser, evaluators.language
    reference = plain_words(item.text, language)
    if recogniser is None:
        return None
    if not reference:
        raise TextError(f"{item.id} has no word that could be recognised; leave it out")
    transcript = recogniser.transcribe(speech.samples, speech.sample_rate)
    hypothesis = plain_words(transcript, language)
    aligned = None
    if isinstance(recogniser, AlignmentChecker):
        aligned = recogniser.aligns(speech.samples, speech.sample_rate, item.text)
    return Recognition(" ".join(hypothesis), count_errors(reference, hypothesis), aligned)


def _predict_naturalness(speech: Speech, predictor: Predictor | None) -> float | None:
    """Return the predicted mean opinion score; None without a predictor."""
    return None if predictor is None else predictor.rate(speech.samples, speech.sample_rate)


def _compare(utterance: EvaluatedUtterance, recording: EvaluatedUtterance) -> EvaluatedUtterance:
    """Add the distance to the recording."""
    first, second = recording.spectrum, utterance.spectrum
    path = dtw(first.cepstra, second.cepstra)
    distance = RecordingDistance(
        mel_distance(first.mel, second.mel, path),
        cepstral_distortion(first.cepstra, second.cepstra, path),
        compare_pitch(recording.f0, utterance.f0, path),
        recording.metrics.seconds,
    )
    return utterance._replace(metrics=utterance.metrics._replace(distance=distance), path=path)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread, and restore the number of threads afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
