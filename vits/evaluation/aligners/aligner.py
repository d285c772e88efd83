"""A trained voice that is asked about a corpus: loaded, and checked to fit it."""

from typing import NamedTuple

import torch
from torch import Tensor

from vits.audio.spectrogram import Spectrogram
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError, VoiceError
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import is_compact

__all__ = ["Listener"]


class Listener(NamedTuple):
    """A voice that knows a corpus' symbols, spectrograms and speakers.

    Attributes:
        model: on ``device``, for inference.
        spectrogram: of the corpus' waves, on ``device``.
        device: where it computes.
        rows: for each speaker of the corpus the row of the voice; None for a voice of one.
    """

    model: Vits
    spectrogram: Spectrogram
    device: torch.device
    rows: list[int] | None

    @classmethod
    def to(
        cls,
        dataset: PreparedDataset,
        bundle: VoiceBundle,
        device: str | torch.device = "cpu",
        *,
        may_be_compact: bool = False,
    ) -> "Listener":
        """Check that a voice can judge a corpus, and take it to a device.

        Args:
            dataset: the corpus.
            bundle: the voice.
            device: where to compute.
            may_be_compact: the voice will only be asked to speak.

        Raises:
            DataError: symbols, spectrograms or speakers of voice and corpus differ.
            VoiceError: the voice has no posterior encoder, or there is no such device.
        """
        if not may_be_compact:
            _require_ears(bundle)
        _check(bundle, dataset)
        try:
            model = bundle.generator.to(device).eval().requires_grad_(False)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).strip().split("\n", 1)[0]
            raise VoiceError(f"device {device} cannot be used ({reason}); try cpu") from error
        names = list(bundle.speakers)
        rows = None
        if model.config.n_speakers > 1:
            rows = [names.index(name) for name in dataset.speakers]
        spectrogram = Spectrogram(dataset.audio).to(device)
        return cls(model, spectrogram, torch.device(device), rows)

    def speakers(self, row: int) -> Tensor | None:
        """Return the voice's row (1,) int64 of a speaker of the corpus; None for a voice of one."""
        return None if self.rows is None else torch.tensor([self.rows[row]], device=self.device)


def _require_ears(bundle: VoiceBundle) -> None:
    if is_compact(bundle.generator):
        raise VoiceError(
            f"voice {bundle.card.name!r} is compact: without a posterior encoder it cannot listen; "
            "take the whole voice or its checkpoint"
        )


def _check(bundle: VoiceBundle, dataset: PreparedDataset) -> None:
    """Require the same symbols, spectrograms and speakers."""
    known = bundle.frontend.symbols.to_list()
    if known[: len(dataset.symbols)] != dataset.symbols:
        raise DataError(
            f"the symbols of {dataset.folder} are not those of voice {bundle.card.name!r}; "
            "prepare the corpus with --like VOICE"
        )
    audio = bundle.generator.config.audio
    for name in ("sample_rate", "n_fft", "win_length", "hop_length"):
        here, there = getattr(dataset.audio, name), getattr(audio, name)
        if here != there:
            raise DataError(
                f"{name} {here} of {dataset.folder} must be {there} as that of voice "
                f"{bundle.card.name!r}; prepare the corpus with --like VOICE"
            )
    if bundle.generator.config.n_speakers > 1:
        missing = [name for name in dataset.speakers or [""] if name not in bundle.speakers]
        if missing:
            raise DataError(
                f"voice {bundle.card.name!r} has no speaker {missing[0]!r}; "
                "take a voice trained on these speakers"
            )
