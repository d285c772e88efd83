"""A synthesis job of the server: one text with a voice and its settings."""

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
        seed: seed of the sampling noise.
        speaker: speaker id.
        language: name of the language; None for a voice of one language.
        length_scale: see ``Voice.__call__``, as for the following.
        noise_scale: variability of the sound.
        noise_scale_duration: variability of the rhythm.
        sentence_silence: pause between sentences (seconds).
    """

    voice: str
    text: str
    seed: int
    speaker: int
    language: str | None
    length_scale: float
    noise_scale: float | None
    noise_scale_duration: float | None
    sentence_silence: float | None

    @property
    def settings(self) -> BatchOptions:
        """The settings that ``Voice`` takes besides text and seed."""
        return {
            "speaker": self.speaker,
            "language": self.language,
            "length_scale": self.length_scale,
            "noise_scale": self.noise_scale,
            "noise_scale_duration": self.noise_scale_duration,
            "sentence_silence": self.sentence_silence,
        }


def synthesize(voice: Voice | OnnxVoice, job: Job) -> Speech:
    """Synthesize one job."""
    return voice(job.text, seed=job.seed, **job.settings)


def synthesize_batch(voice: Voice | OnnxVoice, jobs: Sequence[Job]) -> list[Speech]:
    """Synthesize jobs of one voice in one batch.

    Raises:
        VitsError: one of the texts cannot be spoken; the whole batch fails.
    """
    texts, seeds = [job.text for job in jobs], [job.seed for job in jobs]
    return voice.synthesize(texts, seeds=seeds, each=[job.settings for job in jobs])


def stream(voice: Voice | OnnxVoice, job: Job) -> Iterator[Speech]:
    """Synthesize one job chunk by chunk."""
    return voice.stream(job.text, seed=job.seed, **job.settings)
