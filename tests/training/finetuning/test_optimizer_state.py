"""What the optimizers of a checkpoint knew comes along; the rates are the recipe's."""

import dataclasses

import pytest
import pytorch_lightning as pl
import torch

from vits.cli.base_voice import read_base
from vits.config import TrainingConfig, from_dict
from vits.errors import CheckpointError
from vits.training import VitsModule
from vits.training.finetuning import FinetuneDataModule
from vits.training.finetuning.optimizer_state import CarriedOptimizerStates, trained_symbols
from vits.training.finetuning.summary import describe
from vits.training.finetuning.weights import start_from


class Look(pl.Callback):
    """Keeps the optimizers' states from before the first step."""

    def on_train_start(self, trainer, pl_module):
        self.states = []
        for optimizer, part in zip(
            trainer.optimizers, (pl_module.discriminators, pl_module.generator), strict=True
        ):
            names = {p: name for name, p in part.named_parameters()}
            self.states.append(
                {names[p]: {k: v.clone() for k, v in s.items()} for p, s in optimizer.state.items()}
            )
        self.rates = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]


def begin(base, data, make_trainer, **recipe):
    datamodule = FinetuneDataModule(str(data), n_validation=0, max_frames=600, workers=0)
    vocabulary = datamodule.adopt(base)
    config = dataclasses.replace(base.config, n_symbols=178, n_speakers=1)
    module = VitsModule(config, from_dict(TrainingConfig, recipe), datamodule.dataset_info)
    start_from(base, vocabulary, module.generator, module.discriminators)
    look = Look()
    trainer = make_trainer(
        1, callbacks=[CarriedOptimizerStates(base, vocabulary), look], limit_val_batches=0
    )
    trainer.fit(module, datamodule)
    return look, module


def test_moments_are_the_checkpoints_with_zeros_for_what_is_new(duo, more, make_trainer):
    base = read_base(str(duo.checkpoint))
    look, module = begin(base, more, make_trainer, optimizer={"learning_rate": 1e-5})
    assert look.rates == [1e-5, 1e-5]
    for old, new, part in zip(
        base.optimizers, look.states, (module.discriminators, module.generator), strict=True
    ):
        names = [name for name, _ in part.named_parameters()]
        assert len(old["state"]) > 0
        assert {names[i] for i in old["state"]} == set(new)
        for i, state in old["state"].items():
            assert float(new[names[i]]["step"]) == 3
            for key in ("exp_avg", "exp_avg_sq"):
                before, after = state[key], new[names[i]][key]
                assert torch.equal(after[: len(before)], before)
                assert not after[len(before) :].any()
    sizes = {"text_encoder.embedding.weight": 12, "speaker_embedding.weight": 4}
    for name, rows in sizes.items():
        assert len(look.states[1][name]["exp_avg"]) == rows


def test_new_layers_and_frozen_ones_have_none(solo, more, make_trainer):
    base = read_base(str(solo.checkpoint))
    look, _ = begin(base, more, make_trainer, freeze="text")
    names = set(look.states[1])
    assert not any("conditioning" in name or "speaker" in name for name in names)
    assert not any(name.startswith("text_encoder") for name in names)
    assert any(name.startswith("decoder") for name in names)


def test_what_was_frozen_before_is_told_apart(duo, more, tune, tuned, make_trainer):
    assert tune(duo.checkpoint, more, "--model.training.freeze", "decoder")[0] == 0
    base = read_base(str(tuned))
    assert base.training.freeze == "decoder"
    look, module = begin(base, more, make_trainer)
    trained = [n for n, _ in module.generator.named_parameters() if not n.startswith("decoder")]
    assert set(look.states[1]) <= set(trained)
    for name, state in look.states[1].items():
        assert state["exp_avg"].shape == module.generator.get_parameter(name).shape


def test_rows_that_were_never_trained_are_known(duo, solo, duo_corpus):
    base = read_base(str(duo.checkpoint))
    rows = trained_symbols(base)
    assert set(rows) <= set(range(9))
    assert len(rows) > 4
    moments = dict(base.optimizers[1]["state"][0])
    assert moments["exp_avg_sq"].shape == (9, 24)
    moments["exp_avg_sq"] = moments["exp_avg_sq"].clone()
    moments["exp_avg_sq"][3] = 0
    state = {**base.optimizers[1], "state": {**base.optimizers[1]["state"], 0: moments}}
    other = dataclasses.replace(base, optimizers=(base.optimizers[0], state))
    assert trained_symbols(other) == [row for row in rows if row != 3]
    assert trained_symbols(read_base(str(solo.voice))) is None
    datamodule = FinetuneDataModule(str(duo_corpus), n_validation=0)
    lines = describe(other, datamodule.adopt(other), [datamodule.train_data])
    unlearned = [symbol for row, symbol in enumerate("_abcdefgh") if row and row not in rows]
    named = ", ".join(sorted({*unlearned, "c"}))
    count = len({*unlearned, "c"})
    assert f"symbols kept that the voice never learned: {count}: {named}" in lines


def test_a_state_of_another_model_is_named(duo):
    base = read_base(str(duo.checkpoint))
    groups = [{**base.optimizers[1]["param_groups"][0], "params": [0, 1]}]
    state = {**base.optimizers[1], "param_groups": groups}
    other = dataclasses.replace(base, optimizers=(base.optimizers[0], state))
    with pytest.raises(CheckpointError, match="its optimizer has 2 parameters, its model has"):
        trained_symbols(other)
