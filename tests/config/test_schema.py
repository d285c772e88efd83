"""Plain values to configurations and back: round trips, kinds, unknown keys."""

import dataclasses
from typing import Any

import pytest

from vits.config import (
    AdversarialDurationConfig,
    AudioConfig,
    ConvNextConfig,
    DecoderConfig,
    DeterministicDurationConfig,
    DurationPredictorConfig,
    FrontendConfig,
    HifiGanConfig,
    IstftConfig,
    StochasticDurationConfig,
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


@pytest.mark.parametrize(
    "decoder",
    [
        HifiGanConfig(resblock="2", resblock_dilations=((1, 2), (2, 6), (3, 12))),
        IstftConfig(upsample_rates=(4, 4), upsample_kernel_sizes=(16, 16)),
        ConvNextConfig(channels=64),
    ],
)
@pytest.mark.parametrize(
    "durations",
    [
        StochasticDurationConfig(n_flows=2),
        DeterministicDurationConfig(filter_channels=64),
        AdversarialDurationConfig(filter_channels=64),
    ],
)
def test_round_trip_of_every_kind(decoder: DecoderConfig, durations: DurationPredictorConfig):
    config = VitsConfig(
        n_speakers=4,
        audio=AudioConfig(f_max=8000.0),
        decoder=decoder,
        duration_predictor=durations,
    )
    values = to_dict(config)
    assert from_dict(VitsConfig, values) == config
    assert values["decoder"]["kind"] == decoder.kind
    assert from_dict(DecoderConfig, values["decoder"]) == decoder


def test_without_a_kind_it_is_the_originals():
    config = from_dict(VitsConfig, {"decoder": {"initial_channels": 64}, "duration_predictor": {}})
    assert config.decoder == HifiGanConfig(initial_channels=64)
    assert config.duration_predictor == StochasticDurationConfig()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n_layers_q": 3}, "unknown key n_layers_q of VitsConfig; known: n_symbols"),
        ({"decoder": {"rates": 3}}, "unknown key decoder.rates of HifiGanConfig"),
        ({"decoder": 5}, "decoder 5 must be a mapping of keys"),
        ({"decoder": {"kind": "wavenet"}}, "decoder.kind 'wavenet' must be one of 'hifigan'"),
        ({"decoder": {"kind": ["istft"]}}, r"decoder.kind \['istft'\] must be one of"),
        ({"n_symbols": "many"}, "n_symbols 'many' must be of type int"),
        ({"n_symbols": True}, "n_symbols True must be of type int"),
        ({"decoder": {"resblock": "3"}}, "decoder.resblock '3' must be one of '1', '2'"),
        ({"decoder": {"upsample_rates": 4}}, "decoder.upsample_rates 4 must be a list"),
        ({"audio": {"f_max": "high"}}, "audio.f_max 'high' must be of type float"),
        (
            {"decoder": {"kind": "convnext", "upsample_rates": [3, 5], "n_bands": 7}},
            "decoder.upsample_rates has no effect with kind 'convnext': it belongs to kind "
            "'hifigan' and 'istft'; leave it out",
        ),
        (
            {"decoder": {"trainable_filterbank": True}},
            "decoder.trainable_filterbank has no effect with kind 'hifigan'",
        ),
        (
            {"duration_predictor": {"kind": "deterministic", "n_flows": 9}},
            "duration_predictor.n_flows has no effect with kind 'deterministic'",
        ),
    ],
)
def test_wrong_values_are_named(values: dict[str, Any], words: str):
    with pytest.raises(ConfigError, match=words):
        from_dict(VitsConfig, values)


def test_a_choice_that_may_be_none():
    assert from_dict(TrainingConfig, {"freeze": "text"}).freeze == "text"
    assert from_dict(TrainingConfig, {"freeze": None}).freeze is None
    with pytest.raises(ConfigError, match="freeze 'all' must be one of 'decoder', 'posterior'"):
        from_dict(TrainingConfig, {"freeze": "all"})


def test_integers_serve_as_floats_and_none_where_allowed():
    assert from_dict(AudioConfig, {"f_min": 20, "f_max": None}).f_min == 20.0
    with pytest.raises(ConfigError, match=r"optimizer.betas \[0.9\] must have 2 entries"):
        from_dict(TrainingConfig, {"optimizer": {"betas": [0.9]}})


def laughs(depth, width):
    """Return a list whose parts are shared: small in memory, ``width ** depth`` long if written."""
    value = ["lol"] * width
    for _ in range(depth):
        value = [value] * width
    return value


def leaves(cls, where=()):
    """Yield the keys of a configuration and of all configurations in it."""
    for field in dataclasses.fields(cls):
        yield (*where, field.name)
        value = getattr(cls(), field.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(type(value), (*where, field.name))


@pytest.mark.parametrize("cls", [VitsConfig, TrainingConfig, FrontendConfig])
def test_no_message_writes_a_whole_value(cls):
    bombs = (
        laughs(12, 10),
        {"k": laughs(12, 10)},
        10**5000,
        "x" * 10**6,
        {"a" * 10**6: 1},
        {(): 1},
    )
    for keys in leaves(cls):
        for bomb in bombs:
            values = bomb
            for key in reversed(keys):
                values = {key: values}
            assert len(refusal(cls, values)) < 2000, keys


def refusal(cls, values):
    """Return the message with which values are refused; empty if they are fine."""
    try:
        from_dict(cls, values)
    except ConfigError as error:
        return str(error)
    return ""
