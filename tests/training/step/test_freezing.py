"""The freeze presets: what stays, what moves, and that nothing is computed in vain."""

import dataclasses

import pytest
import torch

from vits.config import DurationPredictorConfig, TrainingConfig, from_dict
from vits.errors import ConfigError
from vits.models import Vits
from vits.training import VitsDataModule, VitsModule
from vits.training.step.freezing import freeze, is_frozen

BOXES = {
    "text_encoder",
    "posterior_encoder",
    "prior_flow",
    "duration_predictor",
    "decoder",
    "speaker_embedding",
}


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
@pytest.mark.parametrize("preset", ["decoder", "posterior", "text", "speaker-only"])
def test_frozen_parts_keep_every_bit_and_the_others_move(
    config, data_of_two, make_trainer, preset, kind
):
    model = dataclasses.replace(
        config, duration_predictor=from_dict(DurationPredictorConfig, {"kind": kind})
    )
    datamodule = VitsDataModule(str(data_of_two), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(model, TrainingConfig(freeze=preset), datamodule.dataset_info)
    before = {name: p.detach().clone() for name, p in module.generator.named_parameters()}
    make_trainer(3, val_check_interval=2).fit(module, datamodule)
    moved = set()
    for name, parameter in module.generator.named_parameters():
        same = torch.equal(parameter, before[name])
        if is_frozen(name, preset):
            assert same, name
            assert parameter.grad is None, name
        elif not same:
            moved.add(name.split(".")[0])
    still = {"decoder": "decoder", "posterior": "posterior_encoder", "text": "text_encoder"}
    assert moved == BOXES - {still.get(preset, "text_encoder")}
    held = module.optimizers()[1].param_groups[0]["params"]
    assert len(held) == sum(not is_frozen(name, preset) for name in before)


def test_speaker_only_is_the_embedding_and_what_it_conditions(config):
    generator = Vits(dataclasses.replace(config, n_speakers=2))
    freeze(generator, "speaker-only")
    trained = {n.rpartition(".")[0] for n, p in generator.named_parameters() if p.requires_grad}
    assert trained == {
        "speaker_embedding",
        "posterior_encoder.wavenet.conditioning.parametrizations.weight",
        "posterior_encoder.wavenet.conditioning",
        "prior_flow.couplings.0.wavenet.conditioning.parametrizations.weight",
        "prior_flow.couplings.0.wavenet.conditioning",
        "prior_flow.couplings.1.wavenet.conditioning.parametrizations.weight",
        "prior_flow.couplings.1.wavenet.conditioning",
        "duration_predictor.conditioning",
        "decoder.conditioning",
    }


def test_one_speaker_has_nothing_that_speaker_only_could_train(config):
    with pytest.raises(ConfigError, match="freeze 'speaker-only' leaves nothing to train"):
        freeze(Vits(config), "speaker-only")


def test_an_unknown_preset_is_named():
    with pytest.raises(ConfigError, match="freeze 'encoder' must be"):
        TrainingConfig(freeze="encoder")  # pyright: ignore[reportArgumentType]
