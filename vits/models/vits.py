"""The generator of VITS: the boxes of the paper's figure 1, wired for training and inference."""

import torch
from torch import Tensor, nn

from vits import alignment
from vits.config import VitsConfig
from vits.layers.folding import fold_weight_norm
from vits.layers.masking import random_segment_starts, sequence_mask, slice_segments
from vits.layers.noise import standard_normal
from vits.models.conditioning import embed, require_convertible, speaker_embedding
from vits.models.decoders import build_decoder
from vits.models.durations import duration_predictor, whole_frames
from vits.models.outputs import (
    ConversionOutput,
    EncodedText,
    GradientGate,
    InferenceOutput,
    PosteriorPass,
    PriorSample,
    TrainingOutput,
)
from vits.models.pitch import make_source, pitch_predictor, require_pitch
from vits.models.pitch.control import AS_PREDICTED, PitchControl
from vits.models.posterior_encoder import PosteriorEncoder
from vits.models.prior_flow import PriorFlow
from vits.models.prior_segments import NO_PRIOR_SEGMENTS, PriorSegments, segment_latents
from vits.models.text_encoder import TextEncoder

__all__ = ["Vits"]


class Vits(nn.Module):
    """Conditional variational autoencoder with a normalising-flow prior over text.

    - Training (``forward``): ids -> ``text_encoder`` -> hidden and prior; spectrogram ->
      ``posterior_encoder`` -> z -> ``prior_flow`` -> z in prior space; both -> ``align`` ->
      durations -> ``duration_predictor`` -> loss; a segment of z -> ``decoder`` -> wave.
    - Inference (``infer``): ``encode`` -> ``predict_durations`` -> ``sample_prior`` -> ``decode``.

    Source: Kim, Kong & Son, ICML 2021, arXiv:2106.06103, figure 1, without the discriminators.

    Args:
        config: all sizes. ``VitsConfig()`` is the original's LJSpeech model.
    """

    def __init__(self, config: VitsConfig) -> None:
        super().__init__()
        self.config = config
        self.alignment_backend: alignment.Backend = "auto"  # computes ``align``
        hidden, latent, n_bins = config.hidden_channels, config.latent_channels, config.audio.n_bins
        speaker = config.speaker_channels if config.n_speakers > 1 else 0
        language = config.language_channels if config.n_languages else 0
        text = {**vars(config.text_encoder), "language_channels": language}
        self.text_encoder = TextEncoder(
            config.n_symbols, hidden, latent, speaker_channels=speaker, **text
        )
        self.posterior_encoder = PosteriorEncoder(
            n_bins, hidden, latent, conditioning_channels=speaker, **vars(config.posterior_encoder)
        )
        self.prior_flow = PriorFlow(
            latent, hidden, conditioning_channels=speaker, **vars(config.prior_flow)
        )
        widths = {"conditioning_channels": speaker, "language_channels": language}
        self.duration_predictor = duration_predictor(config.duration_predictor, hidden, **widths)
        hop, pitched = config.audio.hop_length, config.pitch is not None
        self.decoder = build_decoder(config.decoder, latent, hop, speaker, pitched=pitched)
        self.speaker_embedding = speaker_embedding(config)
        self.language_embedding = nn.Embedding(config.n_languages, language) if language else None
        self.pitch_predictor = pitch_predictor(config.pitch, hidden + language + latent, speaker)

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
        pitch: Tensor | None = None,
        score_bias: alignment.ScoreBias = alignment.NO_SCORE_BIAS,
        source_pitch: Tensor | None = None,
        prior_segments: PriorSegments = NO_PRIOR_SEGMENTS,
    ) -> TrainingOutput:
        """Run one training pass: encode both sides, align, and decode a random segment.

        Gradients are stopped where the original stops them: none flows through the alignment, and
        the duration loss reaches neither the text encoder nor the speaker embedding. With
        ``durations`` and only prior segments, the posterior is not computed.

        Args:
            ids: (B, S) int64 symbol ids.
            id_lengths: (B,) int64, each at most its frame length.
            spectrogram: (B, F, T) linear magnitude.
            frame_lengths: (B,) int64, each at least ``segment_frames``.
            speakers: (B,) int64; required with two or more speakers.
            languages: (B,) int64; required with a language embedding.
            durations: (B, S) int64 frames of each symbol; None: the alignment finds them.
            pitch: (B, 2, T) log F0 (log Hz) and voicing; required by a model with pitch.
            score_bias: what is added to the scores of the alignment search.
            source_pitch: what excites the decoder instead of ``pitch``, which is still predicted.
            prior_segments: which segments are decoded from the prior instead of the posterior.
        """
        conditioning = self.speaker_conditioning(speakers)
        text = self.encode(ids, id_lengths, languages, conditioning)
        frame_mask = sequence_mask(frame_lengths, spectrogram.shape[2])
        posterior_pass, lengths = None, (id_lengths, frame_lengths)
        if durations is None or prior_segments.share < 1:
            posterior_pass = self.encode_posterior(spectrogram, frame_lengths, conditioning)
        if durations is None:
            assert posterior_pass is not None
            z = posterior_pass.z_prior
            durations = self.align(text, z, *lengths, bias=score_bias, check=False)
        prior = text.prior.stretch(durations, frame_mask)
        duration_loss, judged = self.duration_predictor(
            text.hidden, text.mask, durations.unsqueeze(1), conditioning, language=text.language
        )
        length = self.config.segment_frames
        starts = random_segment_starts(frame_lengths, length)
        flow, z = self.prior_flow, None if posterior_pass is None else posterior_pass.posterior.z
        latents = segment_latents(
            flow, z, prior, frame_mask, starts, length, conditioning, prior_segments
        )
        source, pitch_loss = None, None
        if self.pitch_predictor is not None:
            pitch = require_pitch(pitch)
            hidden = text.stretch_hidden(durations, frame_mask)
            pitch_loss = self.pitch_predictor(hidden, prior.mean, frame_mask, pitch, conditioning)
            exciting = pitch if source_pitch is None else source_pitch
            source = make_source(slice_segments(exciting, starts, length), self.config.audio)
        wave, masks = self.decoder(latents, conditioning, source), (text.mask, frame_mask)
        last = (*masks, pitch_loss, text.speaker, judged)
        return TrainingOutput(wave, starts, posterior_pass, prior, durations, duration_loss, *last)

    def encode(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        languages: Tensor | None = None,
        conditioning: Tensor | None = None,
    ) -> EncodedText:
        """Encode symbols; arguments as in ``forward``, ``conditioning`` (B, G, 1) the speaker."""
        language = embed(self.language_embedding, languages, "languages")
        speaker = conditioning if self.config.text_encoder.speaker_layer else None
        return self.text_encoder(ids, id_lengths, language, speaker)

    def speaker_conditioning(self, speakers: Tensor | None) -> Tensor | None:
        """Embed speakers: (B, G, 1), or None for a model of one speaker.

        Args:
            speakers: ids (B,) int64, or the weights of a mix (B, n_speakers) float, in a model with
                speaker vectors instead vectors (B, V) float; required with two or more speakers
                (``ConfigError``), ignored with one.
        """
        return embed(self.speaker_embedding, speakers, "speakers")

    def encode_posterior(
        self, spectrogram: Tensor, frame_lengths: Tensor, conditioning: Tensor | None
    ) -> PosteriorPass:
        """Sample the posterior, and map it to prior space; ``conditioning``: (B, G, 1), or None."""
        posterior = self.posterior_encoder(spectrogram, frame_lengths, conditioning)
        gate = GradientGate.of(posterior, conditioning)
        z_prior, _ = self.prior_flow(gate.z, posterior.mask, gate.conditioning)
        return PosteriorPass(posterior, gate, z_prior)

    def posterior_mean_in_prior_space(
        self, spectrogram: Tensor, frame_lengths: Tensor, conditioning: Tensor | None
    ) -> Tensor:
        """Map the posterior's mean to prior space, (B, C, T); arguments as ``encode_posterior``."""
        posterior = self.posterior_encoder(spectrogram, frame_lengths, conditioning)
        mean = posterior.distribution.mean * posterior.mask
        return self.prior_flow(mean, posterior.mask, conditioning)[0]

    @torch.no_grad()
    def align(
        self,
        text: EncodedText,
        z_prior: Tensor,
        id_lengths: Tensor,
        frame_lengths: Tensor,
        *,
        bias: alignment.ScoreBias = alignment.NO_SCORE_BIAS,
        check: bool = True,
    ) -> Tensor:
        """Find the durations (B, S) int64 of the most likely monotonic path (VITS section 2.2.1).

        Args:
            text: of ``encode``.
            z_prior: (B, C, T) in prior space.
            id_lengths: (B,) int64.
            frame_lengths: (B,) int64.
            bias: what is added to the scores.
            check: as in ``monotonic_alignment_search``, with its errors.
        """
        scores = alignment.prior_log_likelihood(z_prior, text.prior.mean, text.prior.log_std)
        scores = bias.apply(scores, id_lengths, frame_lengths, self.config.latent_channels)
        search, backend = alignment.monotonic_alignment_search, self.alignment_backend
        return search(scores, id_lengths, frame_lengths, backend=backend, check=check)

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
        """Align recordings with their texts by the posterior's mean: durations (B, S) int64.

        Arguments as in ``forward``, errors as in ``align``.
        """
        conditioning = self.speaker_conditioning(speakers)
        text = self.encode(ids, id_lengths, languages, conditioning)
        z_prior = self.posterior_mean_in_prior_space(spectrogram, frame_lengths, conditioning)
        return self.align(text, z_prior, id_lengths, frame_lengths)

    @torch.no_grad()
    def predict_durations(
        self,
        text: EncodedText,
        conditioning: Tensor | None = None,
        *,
        noise_scale: float | Tensor = 1.0,
        length_scale: float | Tensor = 1.0,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        max_frames: int | None = None,
    ) -> Tensor:
        """Predict durations (B, S) int64: whole frames, rounded up; 0 in the padding.

        Args:
            text: of ``encode``.
            conditioning: (B, G, 1) speaker, or None.
            noise_scale: standard deviation of the duration predictor's noise.
            length_scale: factor on every duration; above 1 is slower.
            noise: (B, 2, S) standard normal; None: drawn.
            generator: source of the noise that is drawn.
            max_frames: upper limit of a sample's frames; None: no limit.

        Raises:
            VoiceError: a sample exceeds ``max_frames``, as with an untrained predictor.
        """
        hidden, mask, language = text.hidden, text.mask, text.language
        if noise is None:
            noise = standard_normal((hidden.shape[0], 2, hidden.shape[2]), hidden, generator)
        log_durations = self.duration_predictor.predict(
            hidden, mask, conditioning, language=language, noise_scale=noise_scale, noise=noise
        )
        return whole_frames(log_durations, mask, length_scale, max_frames)

    @torch.no_grad()
    def sample_prior(
        self,
        text: EncodedText,
        durations: Tensor,
        conditioning: Tensor | None = None,
        *,
        noise_scale: float | Tensor = 1.0,
        noise: Tensor | None = None,
        pitch_control: PitchControl = AS_PREDICTED,
        excitation_noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> PriorSample:
        """Stretch the prior of the text to frames and draw one sample.

        Args:
            text: of ``encode``.
            durations: (B, S) int64 frames of each symbol.
            conditioning: (B, G, 1) speaker, or None; kept for ``decode``.
            noise_scale: standard deviation of the noise; 0 gives the mean.
            noise: (B, C, N) standard normal, N at least the number of frames; None: drawn.
            pitch_control: what is done to the pitch that a model with pitch predicts.
            excitation_noise: (B, 1, N) standard normal, N at least the samples; None: drawn.
            generator: source of the noise that is drawn.
        """
        frame_lengths = alignment.total_frames(durations)
        mask = sequence_mask(frame_lengths)
        prior = text.prior.stretch(durations, mask)
        if noise is None:
            noise = standard_normal(tuple(prior.mean.shape), prior.mean, generator)
        z = prior.sample(noise[..., : mask.shape[2]], noise_scale) * mask
        source = None
        if self.pitch_predictor is not None:
            hidden = text.stretch_hidden(durations, mask)
            pitch = self.pitch_predictor.predict(hidden, prior.mean, mask, conditioning)
            pitch = pitch_control.apply(pitch, durations, mask)
            source = make_source(pitch, self.config.audio, excitation_noise, generator)
        return PriorSample(z, mask, frame_lengths, durations, conditioning, source)

    @torch.no_grad()
    def decode(self, sample: PriorSample) -> tuple[Tensor, Tensor]:
        """Map a sample of the prior to a wave (B, 1, L), zero in the padding, and lengths (B,).

        In chunks: ``vits.models.streaming``; sentences together: ``vits.models.batched_decoding``.
        """
        z = self.prior_flow.inverse(sample.z, sample.mask, sample.conditioning)
        wave = self.decoder(z * sample.mask, sample.conditioning, sample.source)
        return self._trim(wave, sample.frame_lengths)

    @torch.no_grad()
    def infer(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        speakers: Tensor | None = None,
        languages: Tensor | None = None,
        *,
        noise_scale: float = 1.0,
        noise_scale_duration: float = 1.0,
        length_scale: float = 1.0,
        durations: Tensor | None = None,
        noise: Tensor | None = None,
        duration_noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        max_frames: int | None = None,
    ) -> InferenceOutput:
        """Synthesise speech: ``encode``, ``predict_durations``, ``sample_prior``, ``decode``.

        Args:
            ids: (B, S) int64 symbol ids.
            id_lengths: (B,) int64.
            speakers: as in ``speaker_conditioning``.
            languages: as in ``forward``.
            noise_scale: standard deviation of the prior's noise; 0 gives the mean.
            noise_scale_duration: standard deviation of the duration predictor's noise.
            length_scale: factor on every duration; above 1 is slower.
            durations: (B, S) int64 frames of each symbol; None: predicted.
            noise: of ``sample_prior``.
            duration_noise: of ``predict_durations``; drawn before ``noise``.
            generator: source of the noise that is drawn.
            max_frames: upper limit of predicted frames, as in ``predict_durations``.
        """
        conditioning = self.speaker_conditioning(speakers)
        text = self.encode(ids, id_lengths, languages, conditioning)
        if durations is None:
            durations = self.predict_durations(
                text,
                conditioning,
                noise_scale=noise_scale_duration,
                length_scale=length_scale,
                noise=duration_noise,
                generator=generator,
                max_frames=max_frames,
            )
        sample = self.sample_prior(
            text, durations, conditioning, noise_scale=noise_scale, noise=noise, generator=generator
        )
        return InferenceOutput(*self.decode(sample), durations)

    @torch.no_grad()
    def convert_voice(
        self,
        spectrogram: Tensor,
        frame_lengths: Tensor,
        source_speakers: Tensor,
        target_speakers: Tensor,
        *,
        pitch: Tensor | None = None,
        noise_scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> ConversionOutput:
        """Convert a recording to another speaker: to prior space as one, back (VITS section 4.4).

        Args:
            spectrogram: (B, F, T) linear magnitude.
            frame_lengths: (B,) int64.
            source_speakers: of the recordings, as in ``speaker_conditioning``.
            target_speakers: of the result.
            pitch: (B, 2, T) of the result, as in ``forward``; required by a model with pitch.
            noise_scale: standard deviation of the posterior's noise; 0 gives its mean.
            generator: source of the noise.

        Raises:
            ConfigError: the model has one speaker only, or pitch and gets none.
        """
        require_convertible(self.config)
        own, target = map(self.speaker_conditioning, (source_speakers, target_speakers))
        shape = (len(spectrogram), self.config.latent_channels, spectrogram.shape[2])
        noise = standard_normal(shape, spectrogram, generator) * noise_scale
        z, _, mask = self.posterior_encoder(spectrogram, frame_lengths, own, noise=noise)
        z_prior, _ = self.prior_flow(z, mask, own)
        z = self.prior_flow.inverse(z_prior, mask, target)
        audio = self.config.audio
        source = None if pitch is None else make_source(pitch, audio, generator=generator)
        return ConversionOutput(*self._trim(self.decoder(z * mask, target, source), frame_lengths))

    def fold_weight_norm(self) -> None:
        """Replace every weight-normed weight by its value, in place: for inference only."""
        fold_weight_norm(self)

    def _trim(self, wave: Tensor, frame_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Zero the padding of a wave (B, 1, L); return it with its lengths (B,)."""
        lengths = frame_lengths * self.config.audio.hop_length
        return wave * sequence_mask(lengths, wave.shape[2]), lengths
