"""The optimisation recipe."""

from dataclasses import dataclass
from typing import Literal

from vits.config.checks import require, require_positive

__all__ = ["TrainingConfig"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Optimisation: the original's recipe by default.

    Attributes:
        learning_rate: of both optimizers at step 0.
        betas: AdamW's momentum coefficients.
        eps: AdamW's epsilon.
        weight_decay: AdamW's decoupled weight decay.
        learning_rate_decay: factor applied every ``learning_rate_decay_steps``.
        learning_rate_decay_steps: 195 steps are one pass of LJSpeech at batch size 64.
        gradient_clip: largest gradient norm, generator and discriminators each; None: any.
        mel_weight: weight of the mel loss.
        kl_weight: weight of the KL divergence.
        duration_weight: weight of the duration loss.
        feature_weight: weight of the feature matching loss.
        adversarial_weight: weight of the generator's adversarial loss.
        subband_weight: weight of the STFT loss of the bands of the wave, which the multi-band
            decoder is trained with; the original has none.
        envelope_weight: weight of the distance of mel spectra that are smoothed over 200 Hz; for
            spoken segments, in place of most of ``mel_weight``: formants as recorded, harmonics as
            the discriminators want them. The original has none.
        adversarial_start: step at which the discriminators and their losses come in.
        discriminator_warmup_steps: steps from ``adversarial_start`` on in which the discriminators
            learn alone while the generator stands still; for a voice that comes without them.
        alignment: where durations come from: ``search``, monotonic alignment search in every step
            as in the original; ``data``, from the prepared data, where `vits align` has put them.
            With ``spoken_share`` 1 nothing then needs the posterior encoder: it and the KL are left
            out.
        alignment_guide: weight of the pull towards even durations at step 0, per latent channel;
            it fades to 0 over ``alignment_guide_steps``. 0 is the original's unguided search; 100
            helps short runs, which otherwise may not find an alignment at all.
        alignment_guide_steps: steps over which the guide fades.
        spoken_share: share of a batch whose segments are decoded as in speaking, from the prior
            along the alignment, instead of from the posterior; the original has none. It trains
            text encoder, flow and decoder on what the voice will say. Near 1 only with ``freeze``
            "posterior": only the other segments teach the posterior to hold what is heard.
        spoken_noise_scale: the prior's noise in a spoken segment has a scale drawn from 0 to this.
        spoken_start: step at which spoken segments come in.
        skipped_in_a_row: steps with numbers that are not finite, one after the other, at which the
            run goes back to its newest checkpoint; the second time from the same one it stops.
        ema_decay: decay of the generator's moving average; 0 keeps no average.
        freeze: what keeps its weights: ``decoder``; ``posterior``, the posterior encoder; ``text``,
            the text encoder and the embedding of languages; ``speaker-only``, all of the generator
            but the speaker embedding and the layers that bring it in.
        seed: of the segments, noise and dropout; step and rank are mixed into it.
    """

    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.8, 0.99)
    eps: float = 1e-9
    weight_decay: float = 0.01
    learning_rate_decay: float = 0.999875
    learning_rate_decay_steps: int = 195
    gradient_clip: float | None = None
    mel_weight: float = 45.0
    kl_weight: float = 1.0
    duration_weight: float = 1.0
    feature_weight: float = 2.0
    adversarial_weight: float = 1.0
    subband_weight: float = 0.0
    envelope_weight: float = 0.0
    adversarial_start: int = 0
    discriminator_warmup_steps: int = 0
    alignment: Literal["search", "data"] = "search"
    alignment_guide: float = 0.0
    alignment_guide_steps: int = 1000
    spoken_share: float = 0.0
    spoken_noise_scale: float = 0.5
    spoken_start: int = 0
    skipped_in_a_row: int = 10
    ema_decay: float = 0.999
    freeze: Literal["decoder", "posterior", "text", "speaker-only"] | None = None
    seed: int = 1234

    def __post_init__(self) -> None:
        """Check the values."""
        require_positive(
            self,
            "learning_rate",
            "eps",
            "learning_rate_decay_steps",
            "alignment_guide_steps",
            "skipped_in_a_row",
        )
        require(all(0 <= b < 1 for b in self.betas), f"betas {self.betas} must each be in [0, 1)")
        require(
            0 < self.learning_rate_decay <= 1,
            f"learning_rate_decay {self.learning_rate_decay} must be in (0, 1]",
        )
        require(0 <= self.spoken_share <= 1, f"spoken_share {self.spoken_share} must be in [0, 1]")
        require(0 <= self.ema_decay < 1, f"ema_decay {self.ema_decay} must be in [0, 1)")
        if self.gradient_clip is not None:
            require_positive(self, "gradient_clip")
        for name in ("mel", "kl", "duration", "feature", "adversarial", "subband", "envelope"):
            value = getattr(self, f"{name}_weight")
            require(value >= 0, f"{name}_weight {value} must not be negative")
        for name in (
            "weight_decay",
            "adversarial_start",
            "discriminator_warmup_steps",
            "alignment_guide",
            "spoken_noise_scale",
            "spoken_start",
            "seed",
        ):
            value = getattr(self, name)
            require(value >= 0, f"{name} {value} must not be negative")
        require(
            self.alignment in ("search", "data"),
            f"alignment {self.alignment!r} must be 'search' or 'data'",
        )
        require(
            self.alignment == "search" or self.alignment_guide == 0,
            f"alignment_guide {self.alignment_guide} must be 0 with alignment 'data': nothing is "
            "searched",
        )
        self._check_posterior()
        require(
            self.freeze in (None, "decoder", "posterior", "text", "speaker-only"),
            f"freeze {self.freeze!r} must be 'decoder', 'posterior', 'text', 'speaker-only' "
            "or None",
        )

    @property
    def speaks_only(self) -> bool:
        """Whether the recordings' latents have no part in the training."""
        return self.alignment == "data" and self.spoken_share == 1

    def _check_posterior(self) -> None:
        """Refuse a part for the posterior where there is none."""
        if not self.speaks_only:
            return
        wanted = {"kl_weight": 0, "spoken_start": 0, "freeze": "posterior"}
        for name, value in wanted.items():
            require(
                getattr(self, name) == value,
                f"{name} {getattr(self, name)!r} must be {value!r} with alignment 'data' and "
                "spoken_share 1: the posterior encoder has no part in such a run",
            )
