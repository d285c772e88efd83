"""How well texts fit recordings in the ears of a trained voice."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vits.alignment.score import best_path_scores
from vits.data.prepared.dataset import PreparedDataset
from vits.evaluation.aligners.aligner import Listener
from vits.synthesis.bundle.voice_bundle import VoiceBundle

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
            VoiceError: the voice has no posterior encoder, or there is no such device.
        """
        self._listener = Listener.to(dataset, bundle, device)
        self._dataset = dataset

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the nats per frame of a row's audio under each text; see ``Scorer``."""
        utterance = self._dataset[index]
        device, model = self._listener.device, self._listener.model
        speaker = self._listener.speakers(utterance.speaker)
        results = [-float("inf")] * len(texts)
        with torch.inference_mode():
            z = self._place(utterance.wave, speaker)
            fitting = [i for i, text in enumerate(texts) if len(text) <= z.shape[2]]
            if not fitting:
                return results
            ids = torch.nn.utils.rnn.pad_sequence([texts[i] for i in fitting], batch_first=True)
            lengths = torch.tensor([len(texts[i]) for i in fitting], device=device)
            languages = torch.full_like(lengths, utterance.language)
            prior = model.encode(ids.to(device), lengths, languages).prior
            values, _ = best_path_scores(z, prior.mean, prior.log_std, lengths)
        for place, value in zip(fitting, values.tolist(), strict=True):
            results[place] = value
        return results

    def _place(self, wave: Tensor, speaker: Tensor | None) -> Tensor:
        """Bring a wave (L,) into the space of the prior, (1, C, T)."""
        model, device = self._listener.model, self._listener.device
        spectrogram = self._listener.spectrogram(wave[None, None].to(device))
        lengths = torch.tensor([spectrogram.shape[2]], device=device)
        conditioning = model.speaker_conditioning(speaker)
        return model.posterior_mean_in_prior_space(spectrogram, lengths, conditioning)
