"""Every rule of the configurations, with the message that names the key."""

from collections.abc import Callable

import pytest

from vits.config import (
    AdversarialConfig,
    AdversarialDurationConfig,
    AlignmentConfig,
    AudioConfig,
    ConvNextConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    FrontendConfig,
    HifiGanConfig,
    IstftConfig,
    LossWeights,
    OptimizerConfig,
    PitchShiftConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    PriorSegmentsConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    TrainingConfig,
    VitsConfig,
)
from vits.errors import ConfigError

FROM_DATA = AlignmentConfig(source="data")
ALL_PRIOR = PriorSegmentsConfig(share=1.0)

RULES = [
    (lambda: AudioConfig(win_length=2048), "win_length 2048 must be at most n_fft 1024"),
    (lambda: AudioConfig(hop_length=255), "n_fft 1024 minus hop_length 255 must be even"),
    (lambda: AudioConfig(f_max=20000.0), "f_min 0.0 and f_max 20000.0"),
    (lambda: AudioConfig(sample_rate=0), "audio.sample_rate 0 must be greater than 0"),
    (lambda: FrontendConfig(language=" "), "language must not be empty"),
    (lambda: FrontendConfig(backend="festival"), "backend 'festival'"),
    (lambda: TextEncoderConfig(dropout=1.0), r"text_encoder.dropout 1.0 must be in \[0, 1\)"),
    (lambda: TextEncoderConfig(kernel_size=4), "text_encoder.kernel_size 4 must be a positive odd"),
    (lambda: PosteriorEncoderConfig(n_layers=0), "posterior_encoder.n_layers 0 must be greater"),
    (lambda: PriorFlowConfig(n_flows=0), "prior_flow.n_flows 0 must be greater than 0"),
    (lambda: StochasticDurationConfig(kind="x"), "duration_predictor.kind 'x' must be 'stoch"),
    (lambda: DeterministicDurationConfig(kind="x"), "duration_predictor.kind 'x' must be 'deter"),
    (lambda: AdversarialDurationConfig(kind="x"), "duration_predictor.kind 'x' must be 'adver"),
    (lambda: AdversarialDurationConfig(kernel_size=2), "duration_predictor.kernel_size 2 must be"),
    (lambda: StochasticDurationConfig(filter_channels=0), "duration_predictor.filter_channels 0"),
    (lambda: DeterministicDurationConfig(dropout=-0.1), "duration_predictor.dropout -0.1 must be"),
    (lambda: HifiGanConfig(kind="istft"), "decoder.kind 'istft' must be 'hifigan' in a HifiGanC"),
    (lambda: HifiGanConfig(resblock="3"), "decoder.resblock '3'"),
    (lambda: HifiGanConfig(resblock_dilations=((1,),)), "must have the same length"),
    (lambda: HifiGanConfig(resblock_dilations=((1,), (1,), ())), "no empty entry"),
    (
        lambda: HifiGanConfig(resblock_kernel_sizes=(3,), resblock_dilations=((0,),)),
        r"decoder.resblock_dilations \(\(0,\),\) must be greater than 0",
    ),
    (lambda: HifiGanConfig(resblock_kernel_sizes=(3, 7, 10)), "decoder.resblock_kernel_sizes 10"),
    (lambda: HifiGanConfig(upsample_kernel_sizes=(16, 16)), "must have the same length"),
    (lambda: HifiGanConfig(upsample_kernel_sizes=(15, 16, 4, 4)), "its rate 8"),
    (lambda: HifiGanConfig(initial_channels=40), "decoder.initial_channels 40 must be a multiple"),
    (lambda: IstftConfig(n_bands=0), "decoder.n_bands 0 must be greater than 0"),
    (lambda: IstftConfig(istft_hop_length=3), "decoder.istft_hop_length 3 must be even"),
    (lambda: IstftConfig(window_hops=3), "decoder.window_hops 3 must be an even number"),
    (
        lambda: IstftConfig(n_bands=1, trainable_filterbank=True),
        "decoder.n_bands 1 must be 2 or more with trainable_filterbank",
    ),
    (lambda: ConvNextConfig(channels=0), "decoder.channels 0 must be greater than 0"),
    (lambda: ConvNextConfig(kernel_size=4), "decoder.kernel_size 4 must be a positive odd"),
    (lambda: ConvNextConfig(window_hops=1), "decoder.window_hops 1 must be an even number"),
    (lambda: DiscriminatorConfig(periods=(2, 2)), "discriminator.periods"),
    (lambda: DiscriminatorConfig(period_channels=(4,)), "at least 2 widths"),
    (lambda: DiscriminatorConfig(period_channels=(4, 0)), "greater than 0"),
    (lambda: DiscriminatorConfig(scale_channels=(4,)), "6 entries"),
    (
        lambda: DiscriminatorConfig(scale_groups=(1, 3, 4, 4, 4, 1)),
        "discriminator.scale_groups 3",
    ),
    (lambda: DiscriminatorConfig(resolutions=(6,)), r"discriminator.resolutions \(6,\) must be"),
    (
        lambda: DiscriminatorConfig(periods=(), scale_channels=(), scale_groups=()),
        "must name at least one discriminator",
    ),
    (lambda: VitsConfig(latent_channels=7), "latent_channels 7"),
    (lambda: VitsConfig(hidden_channels=191), "hidden_channels 191 must be a multiple of n_heads"),
    (
        lambda: VitsConfig(audio=AudioConfig(hop_length=300)),
        r"hop_length 300 must equal the product of upsample_rates \(8, 8, 2, 2\) = 256",
    ),
    (
        lambda: VitsConfig(decoder=IstftConfig(n_bands=8)),
        r"upsample_rates \(4, 4\), n_bands 8 and istft_hop_length 4 = 512",
    ),
    (lambda: VitsConfig(segment_frames=2), "segment_frames 2 = 512 samples"),
    (lambda: OptimizerConfig(learning_rate=0.0), "optimizer.learning_rate 0.0 must be greater"),
    (lambda: OptimizerConfig(betas=(0.8, 1.0)), r"optimizer.betas \(0.8, 1.0\)"),
    (lambda: OptimizerConfig(decay=1.5), "optimizer.decay 1.5"),
    (lambda: OptimizerConfig(gradient_clip=0.0), "optimizer.gradient_clip 0.0"),
    (lambda: LossWeights(mel=-1.0), "loss_weights.mel -1.0 must not be negative"),
    (lambda: AdversarialConfig(start=-1), "adversarial.start -1 must not be negative"),
    (lambda: AlignmentConfig(source="given"), "alignment.source 'given' must be 'search' or"),
    (lambda: PriorSegmentsConfig(share=1.5), r"prior_segments.share 1.5 must be in \[0, 1\]"),
    (lambda: PitchShiftConfig(share=1.0), r"pitch_shift.share 1.0 must be in \[0, 1\)"),
    (lambda: PitchShiftConfig(share=0.5, semitones=0.0), r"pitch_shift.semitones 0.0 must be in"),
    (lambda: TrainingConfig(ema_decay=1.0), "ema_decay 1.0"),
    (lambda: TrainingConfig(seed=-1), "seed -1"),
    (lambda: TrainingConfig(freeze="all"), "freeze 'all' must be 'decoder', 'posterior', 'prior'"),
]

# keys that have no effect beside others
DEAD = [
    (
        lambda: OptimizerConfig(decay=1.0, decay_steps=5),
        "optimizer.decay_steps 5 has no effect: the learning rate does not decay; give "
        "optimizer.decay below 1, or leave it at 195",
    ),
    (
        lambda: AlignmentConfig(source="data", guide=1.0),
        "alignment.guide 1.0 has no effect with alignment.source 'data'",
    ),
    (
        lambda: AlignmentConfig(guide_steps=5),
        "alignment.guide_steps 5 has no effect: give alignment.guide above 0, or leave it at 1000",
    ),
    (
        lambda: AlignmentConfig(source="data", guide_steps=5),
        "alignment.guide_steps 5 has no effect",
    ),
    (
        lambda: PriorSegmentsConfig(start=3),
        "prior_segments.start 3 has no effect: give prior_segments.share above 0, or leave it at 0",
    ),
    (
        lambda: PitchShiftConfig(semitones=3.0),
        "pitch_shift.semitones 3.0 has no effect: give pitch_shift.share above 0, or leave it at 6",
    ),
    (
        lambda: PriorSegmentsConfig(noise_scale=0.3),
        "prior_segments.noise_scale 0.3 has no effect",
    ),
    (
        lambda: TrainingConfig(alignment=FROM_DATA, prior_segments=ALL_PRIOR, freeze="posterior"),
        "loss_weights.kl 1.0 must be 0 with alignment.source 'data' and prior_segments.share 1",
    ),
    (
        lambda: TrainingConfig(
            alignment=FROM_DATA, prior_segments=ALL_PRIOR, loss_weights=LossWeights(kl=0.0)
        ),
        "freeze None must be 'posterior' with alignment.source 'data'",
    ),
    (
        lambda: TrainingConfig(
            alignment=FROM_DATA,
            prior_segments=PriorSegmentsConfig(share=1.0, start=3),
            loss_weights=LossWeights(kl=0.0),
            freeze="posterior",
        ),
        "prior_segments.start 3 must be 0 with alignment.source 'data'",
    ),
    (
        lambda: DiscriminatorConfig(resolution_channels=8),
        "discriminator.resolution_channels 8 has no effect: give discriminator.resolutions",
    ),
    (
        lambda: DiscriminatorConfig(periods=(), period_channels=(4, 8)),
        "discriminator.period_channels .* has no effect: give discriminator.periods",
    ),
    (
        lambda: FrontendConfig(backend="graphemes", stress=False),
        "stress False has no effect: characters have no stress marks; take backend 'espeak'",
    ),
    (
        lambda: FrontendConfig(blanks=False, blank="_"),
        "blank _ has no effect: there are no blanks; give blanks True",
    ),
]


@pytest.mark.parametrize(("build", "words"), RULES + DEAD)
def test_every_rule_has_one_clear_line(build: Callable[[], object], words: str):
    with pytest.raises(ConfigError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
