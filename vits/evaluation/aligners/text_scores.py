"""Score how well texts match recordings, by the likelihood under a trained voice."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vits.alignment.score import best_path_scores
from vits.data.prepared.dataset import PreparedDataset
from vits.evaluation.aligners.aligner import Aligner
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["VoiceScorer"]


class VoiceScorer:
    """Scores texts by the likelihood of their best alignment under a voice's prior.

    The posterior mean of each frame is mapped through the prior flow; the text encoder gives each
    symbol a Gaussian. The score of a text is the log-likelihood per frame of its best monotonic
    path, as in training. The log-determinant of the flow is the same for all texts of a recording
    and left out.

    Source: VITS equations 4 and 6. No decoder is used.
    """

    def __init__(
        self, bundle: VoiceBundle, dataset: PreparedDataset, device: str | torch.device = "cpu"
    ) -> None:
        """Check that the voice can score the corpus.

        Args:
            bundle: the voice.
            dataset: the corpus.
            device: where to compute.

        Raises:
            DataError: symbols, spectrograms or speakers of voice and corpus differ.
            VoiceError: the voice has no posterior encoder, or the device cannot be used.
        """
        self._aligner = Aligner.for_dataset(dataset, bundle, device)
        self._dataset = dataset

    def scores(self, index: int, texts: Sequence[Tensor]) -> list[float]:
        """Return the log-likelihood (nats per frame) of the audio for each text; see ``Scorer``."""
        utterance = self._dataset[index]
        device, model = self._aligner.device, self._aligner.model
        speaker = self._aligner.speaker(utterance.speaker)
        results = [-float("inf")] * len(texts)
        with torch.inference_mode():
            conditioning = model.speaker_conditioning(speaker)
            z = self._latent(utterance.wave, conditioning)
            fitting = [i for i, text in enumerate(texts) if len(text) <= z.shape[2]]
            if not fitting:
                return results
            ids = torch.nn.utils.rnn.pad_sequence([texts[i] for i in fitting], batch_first=True)
            lengths = torch.tensor([len(texts[i]) for i in fitting], device=device)
            languages = torch.full_like(lengths, utterance.language)
            speakers = None if conditioning is None else conditioning.expand(len(lengths), -1, -1)
            prior = model.encode(ids.to(device), lengths, languages, speakers).prior
            values, _ = best_path_scores(z, prior.mean, prior.log_std, lengths)
        for i, value in zip(fitting, values.tolist(), strict=True):
            results[i] = value
        return results

    def _latent(self, wave: Tensor, conditioning: Tensor | None) -> Tensor:
        """Return the latent (1, C, T) of a wave (L,) in the space of the prior."""
        model, device = self._aligner.model, self._aligner.device
        spectrogram = self._aligner.spectrogram(wave[None, None].to(device))
        lengths = torch.tensor([spectrogram.shape[2]], device=device)
        return model.posterior_mean_in_prior_space(spectrogram, lengths, conditioning)
