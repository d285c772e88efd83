"""The training recipe: one dataclass for each group of keys. The defaults are the original's."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from vits.config.checks import (
    key_of,
    require,
    require_choice,
    require_effect,
    require_not_negative,
    require_positive,
)

__all__ = [
    "AdversarialConfig",
    "AlignmentConfig",
    "LossWeights",
    "OptimizerConfig",
    "PitchShiftConfig",
    "PriorSegmentsConfig",
    "TrainingConfig",
]


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW with a step-wise decay, for generator and discriminators each.

    Attributes:
        learning_rate: at step 0, greater than 0.
        betas: momentum coefficients, each in [0, 1).
        eps: added to the denominator, greater than 0.
        weight_decay: decoupled weight decay, at least 0.
        decay: factor applied to the learning rate every ``decay_steps``, in (0, 1].
        decay_steps: steps; 195 are one pass of LJSpeech at batch size 64.
        gradient_clip: largest gradient norm, greater than 0; None does not clip.
    """

    GROUP: ClassVar[str] = "optimizer"

    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.8, 0.99)
    eps: float = 1e-9
    weight_decay: float = 0.01
    decay: float = 0.999875
    decay_steps: int = 195
    gradient_clip: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(self, "learning_rate", "eps", "decay_steps")
        require_not_negative(self, "weight_decay")
        key = key_of(self, "betas")
        require(all(0 <= b < 1 for b in self.betas), f"{key} {self.betas} must each be in [0, 1)")
        require(0 < self.decay <= 1, f"{key_of(self, 'decay')} {self.decay} must be in (0, 1]")
        require_effect(
            self,
            "decay_steps",
            when=self.decay < 1,
            reason="the learning rate does not decay; give optimizer.decay below 1",
        )
        if self.gradient_clip is not None:
            require_positive(self, "gradient_clip")


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the generator's losses, each at least 0; a loss of weight 0 does not train.

    Attributes:
        mel: mean absolute difference of log-mel spectrograms (paper equation 2).
        kl: KL divergence from posterior to prior (equations 3 and 4).
        duration: loss of the duration predictor (section 2.2.4).
        feature: feature matching (equation 11).
        adversarial: least-squares loss of the generator (equation 10).
        subband: STFT loss of the bands, with which the multi-band decoder is trained; the original
            has none.
        envelope: difference of mel spectra smoothed over 200 Hz. For prior segments, in place of
            most of ``mel``: it compares formants and leaves harmonics to the discriminators. The
            original has none.
        pitch: loss of the pitch predictor, for a model with ``pitch``.
        duration_adversarial: least-squares loss of predicted durations, for the ``adversarial``
            duration predictor.
        speaker_consistency: 1 minus the cosine of the speaker vectors of recorded and generated
            segment, by the encoder of the voice's speaker vectors or else resemblyzer; the original
            has none, YourTTS takes 9.
    """

    GROUP: ClassVar[str] = "loss_weights"

    mel: float = 45.0
    kl: float = 1.0
    duration: float = 1.0
    feature: float = 2.0
    adversarial: float = 1.0
    subband: float = 0.0
    envelope: float = 0.0
    pitch: float = 1.0
    duration_adversarial: float = 1.0
    speaker_consistency: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_not_negative(self, *vars(self))


@dataclass(frozen=True, kw_only=True)
class AdversarialConfig:
    """When the discriminators train.

    Attributes:
        start: step from which the discriminators and their losses take part, at least 0.
        warmup_steps: steps after ``start`` in which the discriminators train alone and the
            generator does not change, at least 0; for a voice that comes without discriminators.
        duration_start: step from which the discriminator of durations and its losses take part, at
            least 0; for the ``adversarial`` duration predictor.
    """

    GROUP: ClassVar[str] = "adversarial"

    start: int = 0
    warmup_steps: int = 0
    duration_start: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        require_not_negative(self, "start", "warmup_steps", "duration_start")


@dataclass(frozen=True, kw_only=True)
class AlignmentConfig:
    """Where the durations of the training utterances come from.

    Attributes:
        source: ``search``, monotonic alignment search in every step as in the original; ``data``,
            the durations that `vits align` has written into the prepared data.
        guide: weight at step 0 of a bias towards even durations, per latent channel, at least 0;
            it fades to 0 over ``guide_steps``. 0 is the original's unguided search; 100 helps short
            runs, which otherwise may find no alignment. Needs ``source`` "search".
        guide_steps: steps over which the guide fades, at least 1. Needs a ``guide``.
        noise: standard deviation at step 0 of the noise that is added to the scores, as a share of
            theirs, at least 0; it fades to 0 over ``noise_steps``. 0 is the original's; VITS2 takes
            0.01. Needs ``source`` "search".
        noise_steps: steps over which the noise fades, at least 1; VITS2's default. Needs ``noise``.
        backend: what computes the search; all find the same path. ``auto``: triton on a CUDA GPU
            if it works there, otherwise numba, which computes on the CPU; ``torch`` runs on any
            device. Needs ``source`` "search".
    """

    GROUP: ClassVar[str] = "alignment"

    source: Literal["search", "data"] = "search"
    guide: float = 0.0
    guide_steps: int = 1000
    noise: float = 0.0
    noise_steps: int = 5000
    backend: Literal["auto", "numba", "torch", "triton"] = "auto"

    def __post_init__(self) -> None:
        """Check the values."""
        require_choice(self, "source", "search", "data")
        for name in ("guide", "noise"):
            weight, steps = getattr(self, name), f"{name}_steps"
            require_not_negative(self, name)
            require_positive(self, steps)
            require(
                self.source == "search" or weight == 0,
                f"{key_of(self, name)} {weight} has no effect with alignment.source 'data', "
                "which does not search: leave it at 0.0, or take alignment.source 'search'",
            )
            require_effect(self, steps, when=weight > 0, reason=f"give alignment.{name} above 0")
        backends = ("auto", "numba", "torch", "triton")
        require(
            self.backend in backends,
            f"{key_of(self, 'backend')} {self.backend!r} must be one of {', '.join(backends)}",
        )
        require_effect(
            self,
            "backend",
            when=self.source == "search",
            reason="alignment.source 'data' does not search; give alignment.source 'search'",
        )


@dataclass(frozen=True, kw_only=True)
class PriorSegmentsConfig:
    """Segments that are decoded from the prior, as in inference; the original has none.

    They train text encoder, flow and decoder on what the voice will say. Near a share of 1, freeze
    the posterior encoder: only the other segments teach it to encode recordings.

    Attributes:
        share: share of a batch's segments, in [0, 1].
        noise_scale: the noise scale of a segment is drawn uniformly from [0, noise_scale]; at
            least 0. Needs a ``share``.
        start: step from which prior segments are used, at least 0. Needs a ``share``.
    """

    GROUP: ClassVar[str] = "prior_segments"

    share: float = 0.0
    noise_scale: float = 0.5
    start: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        require(0 <= self.share <= 1, f"{key_of(self, 'share')} {self.share} must be in [0, 1]")
        require_not_negative(self, "noise_scale", "start")
        for name in ("noise_scale", "start"):
            require_effect(
                self, name, when=self.share > 0, reason="give prior_segments.share above 0"
            )


@dataclass(frozen=True, kw_only=True)
class PitchShiftConfig:
    """Segments decoded at another pitch than the recording's, for a model with pitch; none usually.

    They teach the decoder to follow F0 beyond what the recordings cover: its latent says what the
    recording's pitch was. Such a segment is compared, by the mel loss alone, with the recording's
    spectral envelope filled with harmonics of the new F0. The discriminators never see it.

    Attributes:
        share: share of a batch's segments, in [0, 1); at least one keeps its pitch.
        semitones: the shift of a segment is drawn uniformly from [-semitones, semitones]; greater
            than 0, at most 12. Needs a ``share``.
    """

    GROUP: ClassVar[str] = "pitch_shift"

    share: float = 0.0
    semitones: float = 6.0

    def __post_init__(self) -> None:
        """Check the values."""
        require(0 <= self.share < 1, f"{key_of(self, 'share')} {self.share} must be in [0, 1)")
        key = key_of(self, "semitones")
        require(0 < self.semitones <= 12, f"{key} {self.semitones} must be in (0, 12]")
        require_effect(
            self, "semitones", when=self.share > 0, reason="give pitch_shift.share above 0"
        )


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The training recipe; the original's by default.

    Attributes:
        optimizer: AdamW and the learning rate.
        loss_weights: weights of the generator's losses.
        adversarial: when the discriminators train.
        alignment: where durations come from.
        prior_segments: segments decoded from the prior.
        pitch_shift: segments decoded at another pitch.
        freeze: parameters that do not train: ``decoder``; ``posterior``, the posterior encoder;
            ``text``, the text encoder and the language embedding; ``prior``, all but the decoder
            and the pitch predictor, which then train in less than half the time; ``speaker-only``,
            the whole generator except the speaker embedding and the layers that apply it; None,
            none.
        lora_rank: rank of the differences to a voice that `vits finetune` trains instead of its
            weights, at least 0; 0 trains the weights. What is frozen gets none. Needs ``compile``
            "none".
        compile: ``none``; ``parts``, which compiles each network with ``torch.compile`` in the
            first steps; or ``step``, which also compiles the generator's losses against the
            discriminators, and replays them, the discriminators and the decoder as CUDA graphs.
            Meant for GPUs.
        ema_decay: decay per step of the moving average of the generator's weights, in [0, 1);
            0 keeps no average.
        max_skipped_steps: consecutive steps with losses or gradients that are not finite after
            which the run returns to its newest checkpoint, at least 1. The second time from the
            same checkpoint the run stops.
        seed: of segments, noise and dropout, at least 0; step and rank are mixed into it.
    """

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    loss_weights: LossWeights = field(default_factory=LossWeights)
    adversarial: AdversarialConfig = field(default_factory=AdversarialConfig)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    prior_segments: PriorSegmentsConfig = field(default_factory=PriorSegmentsConfig)
    pitch_shift: PitchShiftConfig = field(default_factory=PitchShiftConfig)
    freeze: Literal["decoder", "posterior", "prior", "text", "speaker-only"] | None = None
    lora_rank: int = 0
    compile: Literal["none", "parts", "step"] = "none"
    ema_decay: float = 0.999
    max_skipped_steps: int = 10
    seed: int = 1234

    def __post_init__(self) -> None:
        """Check the values and the groups against each other."""
        require(
            self.freeze in (None, "decoder", "posterior", "prior", "text", "speaker-only"),
            f"freeze {self.freeze!r} must be 'decoder', 'posterior', 'prior', 'text', "
            "'speaker-only' or None",
        )
        require_choice(self, "compile", "none", "parts", "step")
        require(0 <= self.ema_decay < 1, f"ema_decay {self.ema_decay} must be in [0, 1)")
        require_positive(self, "max_skipped_steps")
        require_not_negative(self, "seed", "lora_rank")
        require(
            self.lora_rank == 0 or self.compile == "none",
            f"compile {self.compile!r} must be 'none' with lora_rank {self.lora_rank}: compiled "
            "networks train weights only",
        )
        if self.prior_only:
            self._check_prior_only()

    @property
    def prior_only(self) -> bool:
        """Whether all segments come from the prior, so that the posterior encoder is left out."""
        return self.alignment.source == "data" and self.prior_segments.share == 1

    def _check_prior_only(self) -> None:
        """Refuse keys of the posterior encoder in a run without it."""
        frozen = "prior" if self.freeze == "prior" else "posterior"
        required = {
            "loss_weights.kl": (self.loss_weights.kl, 0),
            "prior_segments.start": (self.prior_segments.start, 0),
            "freeze": (self.freeze, frozen),
        }
        for key, (value, wanted) in required.items():
            require(
                value == wanted,
                f"{key} {value!r} must be {wanted!r} with alignment.source 'data' and "
                "prior_segments.share 1: such a run leaves the posterior encoder out",
            )
