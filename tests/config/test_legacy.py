"""Files of earlier versions: old keys get new names, and keys without effect are dropped."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from vits.config import (
    AlignmentConfig,
    ConvNextConfig,
    DeterministicDurationConfig,
    HifiGanConfig,
    IstftConfig,
    PriorSegmentsConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
    to_dict,
)
from vits.config.legacy import (
    RENAMED,
    current_settings,
    read_frontend,
    read_model,
    read_training,
)
from vits.errors import ConfigError

ROOT = Path(__file__).parents[2]
EARLIER = ROOT / "tests/fixtures/earlier"
RECIPES = sorted(path.name for path in (EARLIER / "recipes").glob("*.yaml"))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by dotted key."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= (
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_file_of_before_means_the_file_of_today(name: str):
    recipe = name.removeprefix("kathleen_")
    today = ROOT / ("configs" if recipe == name else "recipes/kathleen") / recipe
    settings, renamed = current_settings(yaml.safe_load((EARLIER / "recipes" / name).read_text()))
    settings["trainer"].pop("precision", None)  # the hardware decides now
    assert flat(settings) == flat(yaml.safe_load(today.read_text()))
    old = yaml.safe_load((EARLIER / "recipes" / name).read_text())["model"] if renamed else {}
    expected = [key for key in old.get("training", {}) if key in RENAMED]
    assert list(renamed) == [f"model.training.{key}" for key in expected]


def test_the_saved_configuration_of_a_run_is_read():
    settings, renamed = current_settings(yaml.safe_load((EARLIER / "run.yaml").read_text()))
    model = settings["model"]
    assert set(RENAMED) == {key.removeprefix("model.training.") for key in renamed}
    assert from_dict(VitsConfig, model["config"]).decoder == ConvNextConfig(
        channels=8, inner_channels=8, n_blocks=1
    )
    recipe = from_dict(TrainingConfig, model["training"])
    assert recipe.alignment == AlignmentConfig(guide=10.0, guide_steps=4)
    assert recipe.prior_segments == PriorSegmentsConfig(share=0.5, start=1)


KINDS = {
    "hifigan": HifiGanConfig,
    "multi-band": IstftConfig,
    "multi-stream": IstftConfig,
    "convnext": ConvNextConfig,
    "deterministic": HifiGanConfig,
}


@pytest.mark.parametrize("name", KINDS)
def test_the_configuration_of_a_voice_is_read(name: str):
    values = json.loads((EARLIER / "voices" / name / "config.json").read_text())["model"]
    config = read_model(values)
    assert type(config.decoder) is KINDS[name]
    for key, value in to_dict(config.decoder).items():
        assert values["decoder"][key] == value, key
    if name == "deterministic":
        assert config.duration_predictor == DeterministicDurationConfig(filter_channels=8)
    assert read_model(to_dict(config)) == config


# no old recipe had them
NEW = {"loss_weights.pitch", "alignment.noise", "alignment.noise_steps", "alignment.backend"}
NEW |= {"adversarial.duration_start", "compile", "loss_weights.duration_adversarial"}
NEW |= {"lora_rank", "loss_weights.speaker_consistency"}
NEW |= {"pitch_shift.share", "pitch_shift.semitones"}


def test_every_old_key_of_the_recipe_has_its_place():
    keys = set(flat(to_dict(TrainingConfig())))
    assert set(RENAMED.values()) <= keys
    assert keys - set(RENAMED.values()) == NEW | {"freeze", "ema_decay", "seed"}


def test_old_keys_without_effect_are_dropped_from_what_was_saved():
    saved = {"spoken_start": 500, "spoken_noise_scale": 0.1, "alignment_guide_steps": 7}
    assert read_training(saved) == TrainingConfig()
    assert read_training({"learning_rate_decay": 1.0, "learning_rate_decay_steps": 7}) == (
        TrainingConfig(optimizer=dataclasses.replace(TrainingConfig().optimizer, decay=1.0))
    )
    one = {"speaker_channels": 8, "language_channels": 6}
    assert read_model(one) == VitsConfig()
    several = read_model({**one, "n_speakers": 2, "n_languages": 2})
    assert (several.speaker_channels, several.language_channels) == (8, 6)
    narrow = {"resolution_channels": 8, "periods": [], "period_channels": [4, 4]}
    assert read_model({"discriminator": narrow}).discriminator.resolution_channels == 32


def test_the_old_words_of_a_front_end_are_read():
    old = {"backend": "graphemes", "stress": False, "blanks": False, "blank": "_", "bounds": True}
    config = read_frontend(old)
    assert (config.bos_eos, config.blanks, config.stress, config.blank) == (True, False, True, "")


@pytest.mark.parametrize(
    ("read", "values", "words"),
    [
        (read_training, {"mel_loss": 3}, "unknown key training.mel_loss of TrainingConfig"),
        (read_training, [], r"training \[\] must be a mapping"),
        (read_model, {"decoder": {"kind": "wavenet"}}, "model.decoder.kind 'wavenet' must be"),
        (read_model, {"decoder": {"rates": 3}}, "unknown key model.decoder.rates of HifiGanConfig"),
        (read_frontend, {"bound": True}, "unknown key config.bound of FrontendConfig"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_it(read: Any, values: Any, words: str):
    with pytest.raises(ConfigError, match=words):
        read(values)


def test_a_key_under_both_names_is_an_error():
    training = {"mel_weight": 3.0, "loss_weights": {"mel": 4.0}}
    with pytest.raises(ConfigError, match=r"mel_weight is the old name of model\.training\.loss_w"):
        current_settings({"model": {"training": training}})


def test_a_changed_key_of_another_kind_stays_an_error_in_a_file():
    decoder = {"kind": "convnext", "n_bands": 4, "upsample_rates": [4, 4]}
    settings, _ = current_settings({"model": {"config": {"decoder": decoder}}})
    assert settings["model"]["config"]["decoder"] == {"kind": "convnext", "upsample_rates": [4, 4]}
