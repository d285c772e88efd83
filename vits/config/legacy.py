"""Reads configurations with the keys of earlier versions.

The one place that knows old keys. Saved configurations (voice folders, checkpoints) are complete:
they named every key of every decoder and every recipe, also those without effect, which are dropped
here. YAML files are written by hand and partial: their keys are renamed, and the renaming is
reported. An unknown key stays an error that names it.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

from vits.config.checks import require
from vits.config.decoder import DecoderConfig
from vits.config.durations import DurationPredictorConfig
from vits.config.inputs import FrontendConfig
from vits.config.model import DiscriminatorConfig, VitsConfig
from vits.config.schema import from_dict, members, to_dict
from vits.config.training import TrainingConfig
from vits.errors import brief

__all__ = [
    "RENAMED",
    "current_model",
    "current_settings",
    "current_training",
    "read_frontend",
    "read_model",
    "read_training",
]

Values = Mapping[str, Any]

RENAMED = {
    "learning_rate": "optimizer.learning_rate",
    "betas": "optimizer.betas",
    "eps": "optimizer.eps",
    "weight_decay": "optimizer.weight_decay",
    "learning_rate_decay": "optimizer.decay",
    "learning_rate_decay_steps": "optimizer.decay_steps",
    "gradient_clip": "optimizer.gradient_clip",
    "mel_weight": "loss_weights.mel",
    "kl_weight": "loss_weights.kl",
    "duration_weight": "loss_weights.duration",
    "feature_weight": "loss_weights.feature",
    "adversarial_weight": "loss_weights.adversarial",
    "subband_weight": "loss_weights.subband",
    "envelope_weight": "loss_weights.envelope",
    "adversarial_start": "adversarial.start",
    "discriminator_warmup_steps": "adversarial.warmup_steps",
    "alignment": "alignment.source",
    "alignment_guide": "alignment.guide",
    "alignment_guide_steps": "alignment.guide_steps",
    "spoken_share": "prior_segments.share",
    "spoken_noise_scale": "prior_segments.noise_scale",
    "spoken_start": "prior_segments.start",
    "skipped_in_a_row": "max_skipped_steps",
}
"""Old keys of the recipe, and what they are called now."""

UNIONS = {"decoder": DecoderConfig, "duration_predictor": DurationPredictorConfig}


def read_model(values: Values, where: str = "model") -> VitsConfig:
    """Build the model's configuration from what a voice folder or a checkpoint holds.

    Args:
        values: of this version or an earlier one.
        where: dotted key of ``values``, for messages.

    Raises:
        ConfigError: an unknown key, or a value that breaks a rule.
    """
    return from_dict(VitsConfig, current_model(values), where)


def read_frontend(values: Values, where: str = "config") -> FrontendConfig:
    """Build a front end's configuration from what a voice or prepared data hold.

    Args:
        values: of this version or an earlier one.
        where: dotted key of ``values``, for messages.

    Raises:
        ConfigError: an unknown key, or a value that breaks a rule.
    """
    if not _is_mapping(values):
        return from_dict(FrontendConfig, values, where)
    renamed = {"bounds": "bos_eos"}
    values = {renamed.get(key, key): value for key, value in values.items()}
    effective = {"stress": values.get("backend", "espeak") == "espeak"}
    effective["blank"] = values.get("blanks", True) is not False
    kept = {key: value for key, value in values.items() if effective.get(key, True)}
    return from_dict(FrontendConfig, kept, where)


def read_training(values: Values, where: str = "training") -> TrainingConfig:
    """Build the recipe from what a checkpoint holds; arguments as for ``read_model``.

    Raises:
        ConfigError: an unknown key, or a value that breaks a rule.
    """
    return from_dict(TrainingConfig, current_training(values), where)


def current_model(values: Values) -> Values:
    """Return a saved model's keys as this version names them, without keys that had no effect."""
    if not _is_mapping(values):
        return values
    model = dict(values)
    for name, union in UNIONS.items():
        if _is_mapping(model.get(name)):
            model[name] = _of_kind(model[name], union, keep_changed=False)
    if _is_mapping(model.get("discriminator")):
        model["discriminator"] = _effective(model["discriminator"])
    counted = {"speaker_channels": model.get("n_speakers", 1) != 1}
    counted["language_channels"] = model.get("n_languages", 0) != 0
    return {key: value for key, value in model.items() if counted.get(key, True)}


def current_training(values: Values) -> Values:
    """Return a saved recipe's keys as this version names them, without keys that had no effect."""
    if not _is_mapping(values):
        return values
    recipe, old = _renamed(values)
    if not old:
        return recipe
    defaults = to_dict(TrainingConfig())
    for group, switch, keys in (
        ("alignment", "guide", ("guide_steps",)),
        ("prior_segments", "share", ("noise_scale", "start")),
    ):
        part = recipe.get(group, {})
        if part.get(switch, defaults[group][switch]) == 0:
            recipe[group] = {key: value for key, value in part.items() if key not in keys}
    if recipe.get("optimizer", {}).get("decay") == 1:
        recipe["optimizer"].pop("decay_steps", None)
    return recipe


def current_settings(values: Values) -> tuple[dict[str, Any], dict[str, str]]:
    """Translate the content of a YAML file for `vits fit` or `vits finetune`.

    Args:
        values: nested keys, with ``model.config`` and ``model.training``.

    Returns:
        The same with keys of this version; and the old dotted keys with their new names.

    Raises:
        ConfigError: a key stands there under its old name and its new one.
    """
    settings = dict(values)
    model = dict(settings["model"]) if _is_mapping(settings.get("model")) else {}
    renamed: dict[str, str] = {}
    if _is_mapping(model.get("training")):
        model["training"], old = _renamed(model["training"])
        renamed = {f"model.training.{key}": f"model.training.{RENAMED[key]}" for key in old}
    if _is_mapping(model.get("config")):
        config = dict(model["config"])
        for name, union in UNIONS.items():
            if _is_mapping(config.get(name)) and "kind" in config[name]:
                config[name] = _of_kind(config[name], union, keep_changed=True)
        model["config"] = config
    if model:
        settings["model"] = model
    return settings, renamed


def _renamed(training: Values) -> tuple[dict[str, Any], list[str]]:
    """Sort old flat keys of a recipe into the groups; return also which there were."""
    recipe = {key: value for key, value in training.items() if not _is_old(key, value)}
    old = [key for key, value in training.items() if _is_old(key, value)]
    for key in old:
        group, _, name = RENAMED[key].rpartition(".")
        target = recipe
        if group:
            given = recipe.get(group, {})
            require(_is_mapping(given), f"model.training.{group} {brief(given)} must be a mapping")
            target = recipe[group] = dict(given)
        require(
            name not in target,
            f"model.training.{key} is the old name of model.training.{RENAMED[key]}, which is "
            "given too: leave it out",
        )
        target[name] = training[key]
    return recipe, old


def _is_old(key: str, value: object) -> bool:
    """Tell whether a key of a recipe is an old one; ``alignment`` was a word, and is a group."""
    return key in RENAMED and not (key == "alignment" and _is_mapping(value))


def _of_kind(values: Values, union: Any, *, keep_changed: bool) -> dict[str, Any]:
    """Drop the keys of other kinds, which every saved configuration named.

    Args:
        values: of a decoder or a duration predictor.
        union: its kinds.
        keep_changed: keep those with another value than their default, which are errors.
    """
    kinds = members(union)
    own = kinds.get(values.get("kind", next(iter(kinds))))
    if own is None:
        return dict(values)  # an unknown kind is refused by name
    defaults: dict[str, Any] = {}
    for cls in kinds.values():  # a key that several kinds share had the first one's default
        defaults = {**to_dict(cls()), **defaults}
    mine = to_dict(own())
    kept = {
        key: value
        for key, value in values.items()
        if key in mine or key not in defaults or (keep_changed and value != defaults[key])
    }
    if kept.get("filter_channels", 0) is None and mine.get("filter_channels") is not None:
        del kept["filter_channels"]  # None was the width of either kind
    return kept


def _effective(discriminator: Values) -> dict[str, Any]:
    """Drop the widths of discriminators that there are none of."""
    needs = {"period_channels": "periods", "resolution_channels": "resolutions"}
    complete = {**to_dict(DiscriminatorConfig()), **discriminator}
    return {
        key: value
        for key, value in discriminator.items()
        if key not in needs or complete[needs[key]]
    }


def _is_mapping(value: object) -> TypeGuard[Values]:
    return isinstance(value, Mapping)
