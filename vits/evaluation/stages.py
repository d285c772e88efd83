"""The stages of a voice: from a recording to speech, one box after another predicted by the model.

Each stage differs from the one before in one thing that the model predicts instead of taking it
from the recording. What the evaluation loses between two stages is lost in that box.
"""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vits.audio.speaker_encoders.vector import SpeakerVector
from vits.data.prepared.batch import Batch, collate
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError
from vits.evaluation.aligners.aligner import Aligner
from vits.models.outputs import PriorSample
from vits.models.pitch import Source, make_source
from vits.synthesis import Speech, Voice
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import is_compact

__all__ = ["Stages"]

Speak = Callable[[int], tuple[Speech, float]]


class Stages:
    """Speaks the utterances of a prepared folder with more and more that the model predicts.

    ``copy``: the posterior's mean, decoded with the recording's pitch; a full voice only. The
    prior flow is invertible: through it and back comes the same. ``text``: the prior's sample,
    with the durations of the recording, and its pitch in a model with pitch. ``pitch``: the
    predicted pitch instead; a model with pitch only. ``durations``: the predicted durations as
    well, which is how the voice speaks. ``mean``: that with a noise scale of 0.

    Args:
        voice: speaks the last two stages.
        bundle: a copy of the voice, which is taken over.
        dataset: utterances with durations; without them a full voice aligns them.
        seed: seed of the first utterance, increased by one for each.

    Raises:
        DataError: voice and utterances do not fit, or the utterances lack durations,
            pitch or speaker vectors.
    """

    def __init__(
        self, voice: Voice, bundle: VoiceBundle, dataset: PreparedDataset, seed: int = 1
    ) -> None:
        full = not is_compact(bundle.generator)
        pitched = bundle.generator.config.pitch is not None
        if not dataset.aligned and not full:
            raise DataError(
                f"{dataset.folder} has no durations, and the voice is compact; run vits align VOICE"
                f" {dataset.folder}"
            )
        if pitched and not dataset.pitched:
            raise DataError(
                f"{dataset.folder} has no pitch, which the voice is given; prepare it with --pitch"
            )
        if bundle.generator.config.speaker_vectors is not None and dataset.speaker_encoder is None:
            raise DataError(
                f"{dataset.folder} has no speaker vectors, which the voice is given; prepare it "
                "with --speaker-vectors"
            )
        self._voice, self._dataset, self._seed = voice, dataset, seed
        self._aligner = Aligner.for_dataset(dataset, bundle, may_be_compact=not full)
        stages: dict[str, Speak | None] = {
            "copy": self._copy if full else None,
            "text": lambda index: self._from_text(index, recorded_pitch=pitched),
            "pitch": self._from_text if pitched else None,
            "durations": lambda index: self._spoken(index, voice.settings.noise_scale),
            "mean": lambda index: self._spoken(index, 0.0),
        }
        self._stages = {name: speak for name, speak in stages.items() if speak is not None}

    @property
    def names(self) -> Sequence[str]:
        """The stages of this voice, in order."""
        return tuple(self._stages)

    def speak(self, stage: str, index: int) -> tuple[Speech, float]:
        """Return an utterance's speech of one stage, and how long it took (s)."""
        return self._stages[stage](index)

    @torch.inference_mode()
    def _copy(self, index: int) -> tuple[Speech, float]:
        batch, model = self._batch(index), self._aligner.model
        spectrogram, lengths = self._spectrogram(batch)
        start = time.perf_counter()
        conditioning = model.speaker_conditioning(self._speaker(batch))
        posterior = model.posterior_encoder(spectrogram, lengths, conditioning)
        mean = posterior.distribution.mean * posterior.mask
        wave = model.decoder(mean, conditioning, self._source(batch, index))
        return self._speech(wave), time.perf_counter() - start

    @torch.inference_mode()
    def _from_text(self, index: int, *, recorded_pitch: bool = False) -> tuple[Speech, float]:
        batch, model = self._batch(index), self._aligner.model
        durations = self._durations(batch)
        start = time.perf_counter()
        conditioning = model.speaker_conditioning(self._speaker(batch))
        text = model.encode(batch.ids, batch.id_lengths, batch.languages, conditioning)
        noise_scale = self._voice.settings.noise_scale
        generator = torch.Generator().manual_seed(self._seed + index)
        sample: PriorSample = model.sample_prior(
            text, durations, conditioning, noise_scale=noise_scale, generator=generator
        )
        if recorded_pitch:
            sample = sample._replace(source=self._source(batch, index))
        return self._speech(model.decode(sample)[0]), time.perf_counter() - start

    def _spoken(self, index: int, noise_scale: float) -> tuple[Speech, float]:
        start = time.perf_counter()
        speech = self._voice(
            self._dataset.row(index)["text"],
            speaker=self._named_speaker(index),
            seed=self._seed + index,
            noise_scale=noise_scale,
        )
        return speech, time.perf_counter() - start

    def _batch(self, index: int) -> Batch:
        return collate([self._dataset[index]], self._dataset.audio.hop_length)

    def _speaker(self, batch: Batch) -> Tensor | None:
        if self._aligner.model.config.speaker_vectors is not None:
            return batch.speaker_vectors
        return self._aligner.speaker(int(batch.speakers[0]))

    def _named_speaker(self, index: int) -> str | SpeakerVector | None:
        """Return the speaker of an utterance as the voice takes it; None: its only one."""
        utterance, encoder = self._dataset[index], self._dataset.speaker_encoder
        if self._aligner.model.config.speaker_vectors is not None:
            assert utterance.speaker_vector is not None
            assert encoder is not None
            return SpeakerVector(encoder=encoder, values=tuple(utterance.speaker_vector.tolist()))
        names = self._dataset.speakers
        return names[utterance.speaker] if len(self._voice.speakers) > 1 else None

    def _spectrogram(self, batch: Batch) -> tuple[Tensor, Tensor]:
        lengths = batch.wave_lengths // self._dataset.audio.hop_length
        return self._aligner.spectrogram(batch.wave, batch.wave_lengths), lengths

    def _durations(self, batch: Batch) -> Tensor:
        """Return the recording's durations (1, S): those of the data, or aligned."""
        if self._dataset.aligned:
            return batch.durations
        spectrogram, lengths = self._spectrogram(batch)
        speaker = self._speaker(batch)
        return self._aligner.model.align_recording(
            batch.ids, batch.id_lengths, spectrogram, lengths, speaker, batch.languages
        )

    def _source(self, batch: Batch, index: int) -> Source | None:
        """Return the excitation of the recording's pitch; None for a model without pitch."""
        model = self._aligner.model
        if model.config.pitch is None:
            return None
        generator = torch.Generator().manual_seed(self._seed + index)
        return make_source(batch.pitch, model.config.audio, generator=generator)

    def _speech(self, wave: Tensor) -> Speech:
        return Speech(wave[0, 0].float().numpy(), self._dataset.audio.sample_rate)
