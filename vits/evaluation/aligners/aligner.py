"""A trained voice that aligns a corpus, checked for compatibility with it."""

from typing import NamedTuple

import torch
from torch import Tensor

from vits.audio.spectrogram import Spectrogram
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError, VoiceError
from vits.fast import optimize_for_training
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import is_compact

__all__ = ["Aligner"]


class Aligner(NamedTuple):
    """A voice with the symbols, spectrograms and speakers of a corpus.

    Attributes:
        model: model in eval mode, on ``device``.
        spectrogram: spectrogram of the corpus' waves, on ``device``.
        device: device of model and spectrogram.
        speaker_ids: for each speaker id of the corpus, that of the voice; None for a voice of one
            speaker.
    """

    model: Vits
    spectrogram: Spectrogram
    device: torch.device
    speaker_ids: list[int] | None

    @classmethod
    def for_dataset(
        cls,
        dataset: PreparedDataset,
        bundle: VoiceBundle,
        device: str | torch.device = "cpu",
        *,
        may_be_compact: bool = False,
    ) -> "Aligner":
        """Check that a voice can align a corpus, and move it to a device.

        Args:
            dataset: the corpus.
            bundle: the voice.
            device: where to compute.
            may_be_compact: accept a voice without a posterior encoder, for synthesis only.

        Raises:
            DataError: symbols, spectrograms or speakers of voice and corpus differ.
            VoiceError: the voice has no posterior encoder, or the device cannot be used.
        """
        if not may_be_compact:
            _require_posterior_encoder(bundle)
        _check_compatible(bundle, dataset)
        try:
            model = bundle.generator.to(device).eval().requires_grad_(False)
            optimize_for_training(model)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).strip().split("\n", 1)[0]
            raise VoiceError(f"device {device} cannot be used ({reason}); try cpu") from error
        names = list(bundle.speakers)
        speaker_ids = None
        if model.config.n_speakers > 1:
            speaker_ids = [names.index(name) for name in dataset.speakers]
        spectrogram = Spectrogram(dataset.audio).to(device)
        return cls(model, spectrogram, torch.device(device), speaker_ids)

    def speaker(self, corpus_id: int) -> Tensor | None:
        """Return the voice's speaker id (1,) int64 of a corpus speaker; None for one speaker."""
        if self.speaker_ids is None:
            return None
        return torch.tensor([self.speaker_ids[corpus_id]], device=self.device)


def _require_posterior_encoder(bundle: VoiceBundle) -> None:
    if is_compact(bundle.generator):
        raise VoiceError(
            f"voice {bundle.card.name!r} is compact and has no posterior encoder; "
            "use the full voice or its checkpoint"
        )


def _check_compatible(bundle: VoiceBundle, dataset: PreparedDataset) -> None:
    """Require the same symbols, spectrograms and speakers."""
    symbols = bundle.frontend.symbols.to_list()
    if symbols[: len(dataset.symbols)] != dataset.symbols:
        raise DataError(
            f"the symbols of {dataset.folder} differ from those of voice {bundle.card.name!r}; "
            "prepare the corpus with --like VOICE"
        )
    audio = bundle.generator.config.audio
    for name in ("sample_rate", "n_fft", "win_length", "hop_length"):
        actual, expected = getattr(dataset.audio, name), getattr(audio, name)
        if actual != expected:
            raise DataError(
                f"{name} {actual} of {dataset.folder} must be {expected}, as in voice "
                f"{bundle.card.name!r}; prepare the corpus with --like VOICE"
            )
    if bundle.generator.config.n_speakers > 1:
        missing = [name for name in dataset.speakers or [""] if name not in bundle.speakers]
        if missing:
            raise DataError(
                f"voice {bundle.card.name!r} has no speaker {missing[0]!r}; "
                "use a voice trained on these speakers"
            )
