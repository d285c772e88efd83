"""A synthesis job of the server: one text, the name of a voice and the options of the call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vits.errors import VitsError
from vits.server.thread_warnings import collect_warnings
from vits.synthesis import OnnxVoice, Speech, Voice
from vits.synthesis.request import BatchOptions
from vits.synthesis.turns import SpeechInTurns, speak_turn

__all__ = ["Job", "JobInTurns", "speak_turns", "stream"]

LONGEST_SENTENCE = 250  # characters that a text that was not read yet counts with at most


@dataclass(frozen=True, kw_only=True)
class Job:
    """A text to synthesize. Equal jobs give equal samples.

    Attributes:
        voice: name of the voice.
        text: what to say.
        seed: seed of the sampling.
        options: speaker, language and speaking settings.
    """

    voice: str
    text: str
    seed: int
    options: BatchOptions


class JobInTurns:
    """A job that is spoken sentence by sentence; its first turn also begins to read the text.

    Args:
        voice: its voice.
        job: the job.

    Attributes:
        job: the job.
        turns: what is left of the text; None before the first turn.
    """

    def __init__(self, voice: Voice | OnnxVoice, job: Job) -> None:
        self.job = job
        self.turns: SpeechInTurns[Any] | None = None
        self._voice = voice

    @property
    def done(self) -> bool:
        """Whether the whole text is spoken."""
        return self.turns is not None and self.turns.done

    @property
    def size(self) -> int:
        """About how many characters the next sentence has."""
        if self.turns is not None:
            return self.turns.symbols // 2  # every other symbol is a blank
        return min(len(self.job.text), LONGEST_SENTENCE)

    def begin(self) -> SpeechInTurns[Any]:
        """Read the text up to its first sentence, unless that is done.

        Raises:
            VitsError: the text cannot be spoken.
        """
        if self.turns is None:
            job = self.job
            self.turns = self._voice.in_turns(job.text, seed=job.seed, **job.options)
        return self.turns


def speak_turns(batch: Sequence[JobInTurns]) -> tuple[list[list[Speech] | VitsError], int]:
    """Speak the next sentence of each job, in a thread; the jobs are of one voice.

    Returns:
        Chunks or an error for each job, and the number of warnings about skipped text.
    """
    results: dict[int, list[Speech] | VitsError] = {}
    ready: list[int] = []
    with collect_warnings() as messages:
        for index, job in enumerate(batch):
            try:
                job.begin()
                ready.append(index)
            except VitsError as error:
                results[index] = error
        if ready:
            results |= _speak(batch, ready)
    return [results[index] for index in range(len(batch))], len(messages)


def _speak(
    batch: Sequence[JobInTurns], indices: Sequence[int]
) -> dict[int, list[Speech] | VitsError]:
    """Speak the next sentence of some jobs together; if that fails, one by one."""
    texts = [batch[index].begin() for index in indices]
    results: dict[int, list[Speech] | VitsError] = {}
    try:
        turns = speak_turn(texts)
    except VitsError as error:
        if len(indices) == 1:
            return {indices[0]: error}
        for index in indices:  # an error of one must not fail the others
            results |= _speak(batch, [index])
        return results
    for index, text, turn in zip(indices, texts, turns, strict=True):
        try:
            results[index] = text.accept(*turn)
        except VitsError as error:
            results[index] = error
    return results


def stream(voice: Voice | OnnxVoice, job: Job) -> Iterator[Speech]:
    """Synthesize one job chunk by chunk.

    Raises:
        VitsError: the text cannot be spoken.
    """
    return voice.stream(job.text, seed=job.seed, **job.options)
