"""The generator of VITS: wires the boxes for training, speaking and voice conversion."""

import torch
from torch import Tensor, nn

from vits.alignment import (
    diagonal_guide,
    durations_to_index,
    monotonic_alignment_search,
    prior_log_likelihood,
)
from vits.config import VitsConfig
from vits.errors import ConfigError
from vits.layers.folding import fold_weight_norm
from vits.layers.masking import masked, needed_mask, random_segment_starts, sequence_mask
from vits.models.conditioning import embed_rows
from vits.models.decoders import build_decoder
from vits.models.drawing import draw_normal, draw_prior
from vits.models.duration_predictor import duration_predictor
from vits.models.outputs import (
    ConvertedOutput,
    EncodedText,
    PriorDraw,
    SpokenOutput,
    TrainingOutput,
)
from vits.models.posterior_encoder import PosteriorEncoder
from vits.models.prior_flow import PriorFlow
from vits.models.recording import place_recordings, record
from vits.models.segments import RECORDED, Spoken, segment_latents
from vits.models.text_encoder import TextEncoder

__all__ = ["Vits"]


class Vits(nn.Module):
    """Conditional variational autoencoder with a normalising-flow prior over text.

    Source: Kim, Kong & Son, ICML 2021, arXiv:2106.06103, figure 1. The discriminators are a module
    of their own (``vits.models.discriminators``).

    Args:
        config: every shape. ``VitsConfig()`` is the original's LJSpeech model.
    """

    def __init__(self, config: VitsConfig) -> None:
        super().__init__()
        self.config = config
        hidden, latent = config.hidden_channels, config.latent_channels
        speaker = config.speaker_channels if config.n_speakers > 1 else 0
        language = config.language_channels if config.n_languages else 0
        text = {**vars(config.text_encoder), "language_channels": language}
        self.text_encoder = TextEncoder(config.n_symbols, hidden, latent, **text)
        self.posterior_encoder = PosteriorEncoder(
            config.audio.n_bins,
            hidden,
            latent,
            conditioning_channels=speaker,
            **vars(config.posterior_encoder),
        )
        self.prior_flow = PriorFlow(
            latent, hidden, conditioning_channels=speaker, **vars(config.prior_flow)
        )
        durations = {**vars(config.duration_predictor), "language_channels": language}
        self.duration_predictor = duration_predictor(
            hidden, conditioning_channels=speaker, **durations
        )
        self.decoder = build_decoder(config.decoder, latent, config.audio.hop_length, speaker)
        self.speaker_embedding = nn.Embedding(config.n_speakers, speaker) if speaker else None
        self.language_embedding = nn.Embedding(config.n_languages, language) if language else None

    def forward(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        spectrogram: Tensor,
        frame_lengths: Tensor,
        speakers: Tensor | None = None,
        languages: Tensor | None = None,
        *,
        durations: Tensor | None = None,
        alignment_guide: float = 0.0,
        spoken: Spoken = RECORDED,
    ) -> TrainingOutput:
        """Run one training pass: encode both sides, align, and decode a random segment.

        Gradients as in the original: the alignment takes none, the duration loss reaches neither
        text encoder nor speaker embedding. With ``durations`` and nothing but spoken segments the
        posterior's side is left out.

        Args:
            ids: (B, S) int64 rows of the symbol table.
            id_lengths: (B,) int64, each at most its frame length.
            spectrogram: (B, F, T) linear magnitude.
            frame_lengths: (B,) int64, each at least ``segment_frames``.
            speakers: (B,) int64; needed with two or more speakers.
            languages: (B,) int64; needed with a language embedding.
            durations: (B, S) int64 frames of each symbol, used instead of searched ones.
            alignment_guide: pull of the alignment towards even durations, per latent channel.
            spoken: which segments are decoded from the prior instead of the posterior.
        """
        conditioning = self._conditioning(speakers)
        text = self.encode(ids, id_lengths, languages)
        frame_mask = sequence_mask(frame_lengths, spectrogram.shape[2])
        recorded, lengths = None, (id_lengths, frame_lengths)
        if durations is None:
            recorded = record(self, spectrogram, frame_lengths, conditioning)
            z = recorded.z_prior
            durations = self.align(text, z, *lengths, guide=alignment_guide, check=False)
        elif spoken.share < 1:
            recorded = record(self, spectrogram, frame_lengths, conditioning)
        prior = text.prior.stretch(durations_to_index(durations, frame_mask.shape[2]), frame_mask)
        duration_loss = self.duration_predictor(
            text.hidden, text.mask, durations.unsqueeze(1), conditioning, language=text.language
        )
        length = self.config.segment_frames
        starts = random_segment_starts(frame_lengths, length)
        latents = segment_latents(
            self.prior_flow, recorded, prior, frame_mask, starts, length, conditioning, spoken
        )
        wave = self.decoder(latents, conditioning)
        return TrainingOutput(
            wave=wave,
            segment_starts=starts,
            recorded=recorded,
            prior=prior,
            durations=durations,
            duration_loss=duration_loss,
            symbol_mask=text.mask,
            frame_mask=frame_mask,
        )

    @torch.no_grad()
    def align(
        self,
        text: EncodedText,
        z_prior: Tensor,
        id_lengths: Tensor,
        frame_lengths: Tensor,
        *,
        guide: float = 0.0,
        check: bool = True,
    ) -> Tensor:
        """Find the durations (B, S) int64 of the best monotonic path; takes no gradient.

        ``guide`` is the pull towards even durations, per latent channel.

        Raises:
            AlignmentError: as ``monotonic_alignment_search`` with ``check``; on an accelerator
                nothing is checked, since that would wait for the device.
        """
        scores = prior_log_likelihood(z_prior, text.prior.mean, text.prior.log_std)
        if guide > 0:
            even = diagonal_guide(id_lengths, frame_lengths, scores.shape[2], scores.shape[1])
            scores = scores + guide * self.config.latent_channels * even
        check = check and scores.device.type == "cpu"
        return monotonic_alignment_search(scores, id_lengths, frame_lengths, check=check)

    @torch.no_grad()
    def speak(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        speakers: Tensor | None = None,
        languages: Tensor | None = None,
        *,
        noise_scale: float = 0.667,
        noise_scale_duration: float = 0.8,
        length_scale: float = 1.0,
        durations: Tensor | None = None,
        noise: Tensor | None = None,
        duration_noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        max_frames: int | None = None,
    ) -> SpokenOutput:
        """Turn symbols into a wave.

        Args:
            ids: (B, S) int64 rows of the symbol table.
            id_lengths: (B,) int64.
            speakers: (B,) int64, or the weights (B, n_speakers) float of mixes; needed with two or
                more speakers.
            languages: (B,) int64; needed with a language embedding.
            noise_scale: standard deviation of the prior's noise; 0 gives the mean.
            noise_scale_duration: standard deviation of the duration predictor's noise.
            length_scale: factor on every duration; above 1 is slower.
            durations: (B, S) int64 frames of each symbol, used instead of predicted ones.
            noise: (B, C, T) standard normal, at least as long as the result; drawn when None.
            duration_noise: (B, 2, S) standard normal; drawn when None.
            generator: source of the noise that is drawn.
            max_frames: refuse to speak longer than this, before memory is taken; None: any length.

        Returns:
            ``SpokenOutput``; waves are zero-padded to the longest.

        Raises:
            VoiceError: predicted durations pass ``max_frames``, as those of an untrained
                predictor or of a large ``noise_scale_duration`` can.
        """
        drawn = draw_prior(
            self,
            ids,
            id_lengths,
            speakers,
            languages,
            noise_scale=noise_scale,
            noise_scale_duration=noise_scale_duration,
            length_scale=length_scale,
            durations=durations,
            noise=noise,
            duration_noise=duration_noise,
            generator=generator,
            max_frames=max_frames,
        )
        return SpokenOutput(*self.decode_prior(drawn), drawn.durations)

    @torch.no_grad()
    def decode_prior(self, drawn: PriorDraw) -> tuple[Tensor, Tensor]:
        """Turn a draw from the prior into a wave (B, 1, L), zero in the padding; and its lengths.

        ``vits.models.streaming`` does the same in chunks, ``vits.models.together`` for many draws.
        """
        mask = needed_mask(drawn.mask)
        z = self.prior_flow.inverse(drawn.z, mask, drawn.conditioning)
        return self._trim(self.decoder(masked(z, mask), drawn.conditioning), drawn.frame_lengths)

    @torch.no_grad()
    def convert(
        self,
        spectrogram: Tensor,
        frame_lengths: Tensor,
        source_speakers: Tensor,
        target_speakers: Tensor,
        *,
        noise_scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> ConvertedOutput:
        """Say the same with another voice: to prior space as one speaker, back as another.

        Source: VITS section 4.4 (figure 4).

        Args:
            spectrogram: (B, F, T) linear magnitude.
            frame_lengths: (B,) int64.
            source_speakers: who speaks in the recording, as in ``speak``.
            target_speakers: who shall speak.
            noise_scale: standard deviation of the posterior's noise; 0 gives its mean.
            generator: source of the noise.

        Raises:
            ConfigError: the model has one speaker only.
        """
        if self.speaker_embedding is None:
            raise ConfigError("n_speakers 1 must be at least 2 for voice conversion")
        source, target = self._conditioning(source_speakers), self._conditioning(target_speakers)
        shape = (len(spectrogram), self.config.latent_channels, spectrogram.shape[2])
        noise = draw_normal(shape, spectrogram, generator) * noise_scale
        z, _, mask = self.posterior_encoder(spectrogram, frame_lengths, source, noise=noise)
        z_prior, _ = self.prior_flow(z, mask, source)
        z = self.prior_flow.inverse(z_prior, mask, target)
        return ConvertedOutput(*self._trim(self.decoder(z * mask, target), frame_lengths))

    @torch.no_grad()
    def align_recording(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        spectrogram: Tensor,
        frame_lengths: Tensor,
        speakers: Tensor | None = None,
        languages: Tensor | None = None,
    ) -> Tensor:
        """Align recordings with their texts, from the posterior's mean; arguments as ``forward``.

        Returns:
            Durations (B, S) int64.
        """
        text = self.encode(ids, id_lengths, languages)
        z_prior = place_recordings(self, spectrogram, frame_lengths, speakers)
        return self.align(text, z_prior, id_lengths, frame_lengths)

    def fold_weight_norm(self) -> None:
        """Replace every weight-normed weight by its value, in place: for inference only."""
        fold_weight_norm(self)

    def encode(self, ids: Tensor, id_lengths: Tensor, languages: Tensor | None) -> EncodedText:
        """Run the text encoder; arguments as ``forward``."""
        language = embed_rows(self.language_embedding, languages, "languages")
        return self.text_encoder(ids, id_lengths, language)

    def _conditioning(self, speakers: Tensor | None) -> Tensor | None:
        """Speaker embedding (B, G, 1); None for one speaker, whatever is passed."""
        return embed_rows(self.speaker_embedding, speakers, "speakers")

    def _trim(self, wave: Tensor, frame_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Silence the padding of a wave (B, 1, L); return it with its lengths."""
        lengths = frame_lengths * self.config.audio.hop_length
        return wave * sequence_mask(lengths, wave.shape[2]), lengths
