"""Configurations: round trips, unknown keys, and every rule with its message."""

import pytest

from vits.config import (
    AudioConfig,
    DecoderConfig,
    DiscriminatorConfig,
    DurationPredictorConfig,
    FrontendConfig,
    TextEncoderConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
    to_dict,
)
from vits.errors import ConfigError


@pytest.mark.parametrize("cls", [VitsConfig, TrainingConfig, AudioConfig, FrontendConfig])
def test_round_trip_through_plain_values(cls: type):
    config = cls()
    assert from_dict(cls, to_dict(config)) == config


def test_round_trip_of_what_differs_from_the_defaults():
    config = VitsConfig(
        n_speakers=4,
        audio=AudioConfig(f_max=8000.0),
        decoder=DecoderConfig(resblock="2", resblock_dilations=((1, 2), (2, 6), (3, 12))),
        duration_predictor=DurationPredictorConfig(kind="deterministic", filter_channels=64),
    )
    assert from_dict(VitsConfig, to_dict(config)) == config
    assert to_dict(config)["decoder"]["resblock_dilations"] == [[1, 2], [2, 6], [3, 12]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n_layers_q": 3}, "unknown key n_layers_q of VitsConfig; known: n_symbols"),
        ({"decoder": {"rates": 3}}, "unknown key decoder.rates of DecoderConfig"),
        ({"decoder": 5}, "decoder 5 must be a mapping of keys"),
        ({"n_symbols": "many"}, "n_symbols 'many' must be of type int"),
        ({"n_symbols": True}, "n_symbols True must be of type int"),
        ({"decoder": {"resblock": "3"}}, "decoder.resblock '3' must be one of '1', '2'"),
        ({"decoder": {"upsample_rates": 4}}, "decoder.upsample_rates 4 must be a list"),
        ({"audio": {"f_max": "high"}}, "audio.f_max 'high' must be of type float"),
    ],
)
def test_wrong_values_are_named(values: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        from_dict(VitsConfig, values)


def test_a_choice_that_may_be_none():
    assert from_dict(TrainingConfig, {"freeze": "text"}).freeze == "text"
    assert from_dict(TrainingConfig, {"freeze": None}).freeze is None
    with pytest.raises(ConfigError, match="freeze 'all' must be one of 'decoder', 'posterior'"):
        from_dict(TrainingConfig, {"freeze": "all"})


def test_integers_serve_as_floats_and_none_where_allowed():
    assert from_dict(AudioConfig, {"f_min": 20, "f_max": None}).f_min == 20.0
    with pytest.raises(ConfigError, match="betas"):
        from_dict(TrainingConfig, {"betas": [0.9]})


RULES = [
    (lambda: AudioConfig(win_length=2048), "win_length 2048 must be at most n_fft 1024"),
    (lambda: AudioConfig(hop_length=255), "n_fft 1024 minus hop_length 255 must be even"),
    (lambda: AudioConfig(f_max=20000.0), "f_min 0.0 and f_max 20000.0"),
    (lambda: AudioConfig(sample_rate=0), "sample_rate 0 must be greater than 0"),
    (lambda: FrontendConfig(language=" "), "language must not be empty"),
    (lambda: FrontendConfig(backend="festival"), "backend 'festival'"),
    (lambda: TextEncoderConfig(dropout=1.0), r"dropout 1.0 must be in \[0, 1\)"),
    (lambda: TextEncoderConfig(kernel_size=4), "kernel_size 4 must be a positive odd number"),
    (lambda: DurationPredictorConfig(kind="x"), "kind 'x'"),
    (lambda: DurationPredictorConfig(filter_channels=0), "filter_channels 0"),
    (lambda: DecoderConfig(resblock="3"), "resblock '3'"),
    (lambda: DecoderConfig(resblock_dilations=((1,),)), "must have the same length"),
    (lambda: DecoderConfig(resblock_kernel_sizes=(3, 7, 10)), "resblock_kernel_sizes 10"),
    (lambda: DecoderConfig(upsample_kernel_sizes=(16, 16)), "must have the same length"),
    (lambda: DecoderConfig(upsample_kernel_sizes=(15, 16, 4, 4)), "its rate 8"),
    (lambda: DecoderConfig(initial_channels=40), "initial_channels 40 must be a multiple of 16"),
    (lambda: DiscriminatorConfig(periods=(2, 2)), "periods"),
    (lambda: DiscriminatorConfig(period_channels=(4,)), "at least 2 widths"),
    (lambda: DiscriminatorConfig(scale_channels=(4,)), "6 entries"),
    (lambda: DiscriminatorConfig(scale_groups=(1, 3, 4, 4, 4, 1)), "scale_groups 3"),
    (lambda: VitsConfig(latent_channels=7), "latent_channels 7"),
    (lambda: VitsConfig(hidden_channels=191), "hidden_channels 191 must be a multiple of n_heads"),
    (
        lambda: VitsConfig(audio=AudioConfig(hop_length=300)),
        r"hop_length 300 must equal the product of upsample_rates \(8, 8, 2, 2\) = 256",
    ),
    (lambda: VitsConfig(segment_frames=2), "segment_frames 2 = 512 samples"),
    (lambda: TrainingConfig(learning_rate=0.0), "learning_rate 0.0"),
    (lambda: TrainingConfig(betas=(0.8, 1.0)), "betas"),
    (lambda: TrainingConfig(learning_rate_decay=1.5), "learning_rate_decay 1.5"),
    (lambda: TrainingConfig(ema_decay=1.0), "ema_decay 1.0"),
    (lambda: TrainingConfig(gradient_clip=0.0), "gradient_clip 0.0"),
    (lambda: TrainingConfig(mel_weight=-1.0), "mel_weight -1.0"),
    (lambda: TrainingConfig(seed=-1), "seed -1"),
]


@pytest.mark.parametrize(("build", "words"), RULES)
def test_every_rule_has_one_clear_line(build, words: str):
    with pytest.raises(ConfigError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
