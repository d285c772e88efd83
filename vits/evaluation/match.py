"""How well texts fit recordings in the ears of a trained voice."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vits.alignment.score import best_path_scores
from vits.audio.spectrogram import Spectrogram
from vits.data.dataset import PreparedDataset
from vits.errors import DataError, VoiceError
from vits.synthesis.bundle import VoiceBundle

__all__ = ["VoiceScorer"]


class VoiceScorer:
    """Scores texts by the likelihood of their best alignment under a voice's prior.

    The posterior encoder's mean, through the prior flow, is one point for each frame; the text
    encoder gives each symbol its Gaussian. The score of a text is the log-likelihood of its best
    monotonic path for each frame, as in the alignment of training; the flow's volume is the same
    for all texts of a recording and left out.

    Source: VITS equations 4 and 6. No decoder is used.
    """

    def __init__(
        self, bundle: VoiceBundle, dataset: PreparedDataset, device: str | torch.device = "cpu"
    ) -> None:
        """Check that the voice can judge the corpus.

        Args:
            bundle: the voice.
            dataset: the corpus.
            device: where to compute.

        Raises:
            DataError: symbols, spectrograms or speakers of voice and corpus differ.
            VoiceError: there is no such device.
        """
        _check(bundle, dataset)
        try:
            self._model = bundle.generator.to(device).eval().requires_grad_(False)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).strip().split("\n", 1)[0]
            raise VoiceError(f"device {device} cannot be used ({reason}); try cpu") from error
        self._device = torch.device(device)
        self._dataset = dataset
        self._spectrogram = Spectrogram(dataset.audio).to(device)
        names = list(bundle.speakers)
        several = bundle.generator.config.n_speakers > 1
        self._rows = [names.index(name) for name in dataset.speakers] if several else None

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the nats per frame of a row's audio under each text; see ``Scorer``."""
        utterance = self._dataset[index]
        speaker = None
        if self._rows is not None:
            speaker = torch.tensor([self._rows[utterance.speaker]], device=self._device)
        results = [-float("inf")] * len(texts)
        with torch.inference_mode():
            z = self._place(utterance.wave, speaker)
            fitting = [i for i, text in enumerate(texts) if len(text) <= z.shape[2]]
            if not fitting:
                return results
            ids = torch.nn.utils.rnn.pad_sequence([texts[i] for i in fitting], batch_first=True)
            lengths = torch.tensor([len(texts[i]) for i in fitting], device=self._device)
            languages = torch.full_like(lengths, utterance.language)
            prior = self._model.encode(ids.to(self._device), lengths, languages).prior
            values, _ = best_path_scores(z, prior.mean, prior.log_std, lengths)
        for place, value in zip(fitting, values.tolist(), strict=True):
            results[place] = value
        return results

    def _place(self, wave: Tensor, speaker: Tensor | None) -> Tensor:
        """Bring a wave (L,) into the space of the prior, (1, C, T)."""
        embedding = self._model.speaker_embedding
        conditioning = None if embedding is None else embedding(speaker).unsqueeze(2)
        spectrogram = self._spectrogram(wave[None, None].to(self._device))
        lengths = torch.tensor([spectrogram.shape[2]], device=self._device)
        posterior = self._model.posterior_encoder(spectrogram, lengths, conditioning)
        mean = posterior.distribution.mean * posterior.mask
        return self._model.prior_flow(mean, posterior.mask, conditioning)[0]


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
                "check with a voice trained on these speakers, or without --voice"
            )
