"""A synthesis job of the server: one text, the name of a voice and the options of the call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vits.synthesis import OnnxVoice, Speech, Voice
from vits.synthesis.request import BatchOptions

__all__ = ["Job", "stream", "synthesize", "synthesize_batch"]


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


def synthesize(voice: Voice | OnnxVoice, job: Job) -> Speech:
    """Synthesize one job.

    Raises:
        VitsError: the text cannot be spoken.
    """
    return voice(job.text, seed=job.seed, **job.options)


def synthesize_batch(voice: Voice | OnnxVoice, jobs: Sequence[Job]) -> list[Speech]:
    """Synthesize jobs for the same voice in one batch.

    Raises:
        VitsError: one of the texts cannot be spoken; the whole batch fails.
    """
    texts, seeds = [job.text for job in jobs], [job.seed for job in jobs]
    return voice.synthesize(texts, seeds=seeds, each=[job.options for job in jobs])


def stream(voice: Voice | OnnxVoice, job: Job) -> Iterator[Speech]:
    """Synthesize one job chunk by chunk.

    Raises:
        VitsError: the text cannot be spoken.
    """
    return voice.stream(job.text, seed=job.seed, **job.options)
