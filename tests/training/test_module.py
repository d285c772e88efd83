"""The training step: what steps, what counts, what learns."""

import dataclasses
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from vits.config import (
    AdversarialConfig,
    ConvNextConfig,
    DurationPredictorConfig,
    IstftConfig,
    LossWeights,
    OptimizerConfig,
    PitchConfig,
    TrainingConfig,
    from_dict,
)
from vits.errors import CheckpointError, ConfigError
from vits.training import VitsDataModule, VitsModule
from vits.training.callbacks import Ema, Health
from vits.training.step.discriminator_losses import discriminator_losses


class Recorder(pl.Callback):
    """Keeps every step's logged numbers."""

    def __init__(self):
        self.steps = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        del pl_module, outputs, batch, batch_idx
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.steps.append((trainer.global_step, metrics))


PLAIN = {}  # what comes of a run without changes, made once


def weights(module):
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def test_global_step_counts_batches(make_run):
    recorder = Recorder()
    trainer, _, _ = make_run(5, callbacks=[recorder])
    assert trainer.global_step == 5
    assert [step for step, _ in recorder.steps] == [1, 2, 3, 4, 5]


def test_learning_rate_really_decays_for_both_optimizers(make_run):
    _, module, _ = make_run(6, optimizer={"learning_rate": 1e-3, "decay": 0.5, "decay_steps": 2})
    rates = [optimizer.param_groups[0]["lr"] for optimizer in module.optimizers()]
    assert rates == [pytest.approx(1.25e-4)] * 2


def test_all_six_losses_are_logged_and_add_up(make_run):
    recorder = Recorder()
    make_run(2, callbacks=[recorder])
    logged = recorder.steps[-1][1]
    total = sum(
        weight * logged[f"train/{name}"]
        for name, weight in [
            ("mel", 45),
            ("kl", 1),
            ("duration", 1),
            ("feature", 2),
            ("adversarial", 1),
        ]
    )
    assert logged["train/generator"] == pytest.approx(total, rel=1e-5)
    assert logged["train/discriminator"] > 0
    assert logged["train/gradient/generator"] > 0
    assert logged["train/gradient/discriminator"] > 0


@pytest.mark.parametrize("name", ["mel", "kl", "duration", "feature", "adversarial"])
def test_every_weight_changes_the_loss(make_run, name):
    def loss(**weights):
        recorder = Recorder()
        make_run(1, callbacks=[recorder], **weights)
        return recorder.steps[0][1]["train/generator"]

    if "loss" not in PLAIN:
        PLAIN["loss"] = loss()
    assert loss(loss_weights={name: 0.0}) != PLAIN["loss"]


def test_the_bands_come_in_with_their_weight(make_run, config):
    model = dataclasses.replace(config, segment_frames=22)  # long enough for the bands
    recorder, plain = Recorder(), Recorder()
    _, module, _ = make_run(1, model=model, callbacks=[recorder], loss_weights={"subband": 2.0})
    assert module.optional["subband"].filterbank.n_bands == 4
    _, without, _ = make_run(1, model=model, callbacks=[plain])
    with_bands, logged = recorder.steps[0][1], plain.steps[0][1]
    assert "train/subband" not in logged
    more = with_bands["train/generator"] - logged["train/generator"]
    assert more == pytest.approx(2 * with_bands["train/subband"], rel=0.01)  # both judges the same
    assert not torch.equal(
        module.generator.decoder.pre.weight, without.generator.decoder.pre.weight
    )
    assert list(module.state_dict()) == list(without.state_dict())


def test_discriminators_wait_for_their_step(make_run):
    recorder = Recorder()
    torch.manual_seed(0)
    _, module, datamodule = make_run(2, adversarial={"start": 2})
    torch.manual_seed(0)
    fresh = VitsModule(module.config, TrainingConfig(), datamodule.dataset_info)
    for name, parameter in fresh.discriminators.named_parameters():
        assert torch.equal(parameter, module.discriminators.get_parameter(name))
    make_run(4, adversarial={"start": 2}, callbacks=[recorder])
    assert ["train/discriminator" in metrics for _, metrics in recorder.steps] == [
        False,
        False,
        True,
        True,
    ]


def test_warming_up_the_discriminators_leaves_the_generator_and_its_average(make_run):
    recorder, average = Recorder(), Ema(0.5)
    trainer, module, datamodule = make_run(
        3, adversarial={"warmup_steps": 3}, callbacks=[average, recorder]
    )
    torch.manual_seed(0)
    fresh = VitsModule(module.config, TrainingConfig(), datamodule.dataset_info)
    for name, parameter in fresh.generator.named_parameters():
        assert torch.equal(parameter, module.generator.get_parameter(name)), name
        assert torch.equal(parameter, average.average[name]), name
    assert any(
        not torch.equal(parameter, module.discriminators.get_parameter(name))
        for name, parameter in fresh.discriminators.named_parameters()
    )
    assert trainer.global_step == 3
    assert [step for step, _ in recorder.steps] == [1, 2, 3]
    assert not module.optimizers()[1].state  # AdamW has not counted a step


def test_the_warmup_begins_where_the_discriminators_come_in(make_run):
    recorder = Recorder()
    make_run(5, adversarial={"start": 1, "warmup_steps": 2}, callbacks=[recorder])
    kept, trained = [], []
    for (_, before), (_, after) in zip(recorder.steps, recorder.steps[1:], strict=False):
        trained.append(before.get("train/discriminator") != after["train/discriminator"])
        kept.append(before["train/generator"] == after["train/generator"])  # not logged anew
    assert kept == [True, True, False, False]
    assert all(trained)


def test_another_freeze_is_refused_when_a_run_goes_on(make_run, config, data, tmp_path):
    trainer, _, datamodule = make_run(1, freeze="decoder")
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    module = VitsModule(config, TrainingConfig(freeze="text"), datamodule.dataset_info)
    with pytest.raises(CheckpointError, match=r"freeze 'text' must be the run's 'decoder'"):
        trainer.fit(module, datamodule, ckpt_path=tmp_path / "one.ckpt", weights_only=True)


def test_discriminators_take_no_gradient_from_the_generators_step(make_run):
    _, module, _ = make_run(1)
    assert not any(p.requires_grad for p in module.discriminators.parameters())
    assert all(p.requires_grad for p in module.generator.parameters())


def test_clipping_bounds_the_step(make_run):
    class Norms(pl.Callback):
        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            del trainer, optimizer
            grads = [p.grad for p in pl_module.generator.parameters() if p.grad is not None]
            self.norm = torch.nn.utils.get_total_norm(grads, foreach=False).item() if grads else 0.0

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            del trainer, outputs, batch, batch_idx
            self.logged = float(pl_module.trainer.callback_metrics["train/gradient/generator"])

    free, clipped = Norms(), Norms()
    make_run(1, callbacks=[free])
    make_run(1, callbacks=[clipped], optimizer={"gradient_clip": 0.5})
    assert free.norm > 0.5
    assert clipped.norm == pytest.approx(0.5, rel=1e-3)
    assert clipped.logged == pytest.approx(free.norm, rel=1e-5)  # the norm before clipping


def test_the_same_seed_gives_the_same_weights_and_another_does_not(make_run):
    first = weights(make_run(3)[1])
    again = weights(make_run(3)[1])
    other = weights(make_run(3, seed=5)[1])
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_two_speakers_train_and_the_numbers_come_from_the_data(make_run, data_of_two):
    trainer, module, _ = make_run(1, folder=data_of_two)
    assert module.config.n_speakers == 2
    assert module.config.n_symbols == 9
    assert module.dataset_info.speakers == ("anna", "bert")
    assert trainer.optimizers[1].state[module.generator.speaker_embedding.weight]["exp_avg"].any()


def test_a_model_that_does_not_fit_the_data_is_refused(config, data):
    corpus = VitsDataModule(str(data), n_validation=0).dataset_info
    audio = dataclasses.replace(config.audio, sample_rate=16000)
    with pytest.raises(ConfigError, match=r"audio.sample_rate 16000 must equal .* 8000"):
        VitsModule(dataclasses.replace(config, audio=audio), TrainingConfig(), corpus)
    with pytest.raises(ConfigError, match=r"config.n_symbols 50 must equal .* 9"):
        VitsModule(dataclasses.replace(config, n_symbols=50), TrainingConfig(), corpus)
    for key, has in (("speaker_channels", "one speaker"), ("language_channels", "no choice of")):
        with pytest.raises(ConfigError, match=rf"config.{key} 6 has no effect: data has {has}"):
            VitsModule(dataclasses.replace(config, **{key: 6}), TrainingConfig(), corpus)


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_both_precisions_keep_float32_weights(config, data, make_trainer, kind, precision):
    model = dataclasses.replace(
        config, duration_predictor=from_dict(DurationPredictorConfig, {"kind": kind})
    )
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    module = VitsModule(model, TrainingConfig(), datamodule.dataset_info)
    make_trainer(2, precision=precision).fit(module, datamodule)
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in module.parameters())


STAGES = {
    "resblock": "2",
    "resblock_kernel_sizes": (3,),
    "resblock_dilations": ((1, 3),),
    "upsample_rates": (4, 4),
    "upsample_kernel_sizes": (16, 16),
    "initial_channels": 32,
    "n_bands": 2,
    "istft_hop_length": 2,
}
KINDS = {
    "multi-band": IstftConfig(**STAGES),
    "multi-stream": IstftConfig(**STAGES, trainable_filterbank=True),
    "convnext": ConvNextConfig(channels=16, inner_channels=32, n_blocks=2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_every_decoder_trains_against_spectrogram_discriminators(
    config, data, make_trainer, kind, precision
):
    judges = dataclasses.replace(
        config.discriminator,
        scale_channels=(),
        scale_groups=(),
        resolutions=(64, 256),
        resolution_channels=4,
    )
    model = dataclasses.replace(
        config, decoder=KINDS[kind], discriminator=judges, segment_frames=22
    )
    datamodule = VitsDataModule(str(data), n_validation=2, max_frames=600, workers=0)
    recipe = TrainingConfig(
        optimizer=OptimizerConfig(learning_rate=2e-3),
        loss_weights=LossWeights(subband=1.0),
        adversarial=AdversarialConfig(start=5),
    )
    module, recorder = VitsModule(model, recipe, datamodule.dataset_info), Recorder()
    before = weights(module)
    steps = 12 if precision == "32-true" else 7  # CPUs without bf16 instructions are slow in it
    make_trainer(steps, precision=precision, val_check_interval=steps, callbacks=[recorder]).fit(
        module, datamodule
    )
    assert all(p.isfinite().all() for p in module.parameters())
    still = [name for name, p in module.named_parameters() if torch.equal(p, before[name])]
    assert still == []
    mels = [metrics["train/mel"] for _, metrics in recorder.steps]
    assert mels[-1] < mels[0]
    assert "train/subband" in recorder.steps[-1][1]


@pytest.mark.slow
def test_overfitting_one_batch_brings_mel_kl_and_duration_down_together(make_run):
    recorder = Recorder()
    make_run(
        70,
        callbacks=[recorder],
        data_options={"n_validation": 9, "max_frames": 2000, "n_buckets": 1},
        optimizer={"learning_rate": 5e-3},
        adversarial={"start": 60},
    )
    for name in ("mel", "kl", "duration"):
        values = [metrics[f"train/{name}"] for _, metrics in recorder.steps]
        early, late = sum(values[3:13]) / 10, sum(values[-10:]) / 10
        assert late < 0.6 * early if name == "mel" else late < early - 0.2, (name, early, late)


def test_the_guide_evens_durations_and_fades(make_run):
    class Spread(pl.Callback):
        """Largest duration of a symbol, as a share of its utterance."""

        def __init__(self):
            self.shares = []

        def on_train_start(self, trainer, pl_module):
            del trainer
            align = pl_module.generator.align

            def watch(*args, **options):
                durations = align(*args, **options)
                share = durations.max(1).values / durations.sum(1)
                self.shares.append(share.mean().item())
                return durations

            pl_module.generator.align = watch

    free, guided = Spread(), Spread()
    make_run(3, callbacks=[free])
    make_run(3, callbacks=[guided], alignment={"guide": 1e4, "guide_steps": 2})
    assert guided.shares[0] < 0.7 * free.shares[0]
    assert guided.shares[2] > guided.shares[0]  # the third step is unguided again


def test_the_data_s_durations_are_used_and_measured(make_run, aligned_data):
    trainer, module, datamodule = make_run(2, folder=aligned_data, alignment={"source": "data"})
    batch = next(iter(datamodule.train_dataloader()))
    assert torch.equal(batch.durations.sum(1), batch.wave_lengths // 64)
    out, _ = module._generate(batch, training=True)
    assert torch.equal(out.durations, batch.durations)
    trainer.validate(module, datamodule, verbose=False)
    assert trainer.callback_metrics["val/kl"] > 0


PRIOR_ONLY = {
    "alignment": {"source": "data"},
    "prior_segments": {"share": 1.0},
    "loss_weights": {"kl": 0.0},
    "freeze": "posterior",
}


def test_a_run_of_spoken_segments_alone_leaves_the_posterior_out(make_run, aligned_data):
    class Silent(pl.Callback):
        def on_fit_start(self, trainer, pl_module):
            self.calls = 0
            pl_module.generator.posterior_encoder.register_forward_hook(self.count)

        def count(self, *_):
            self.calls += 1

    assert from_dict(TrainingConfig, PRIOR_ONLY).prior_only
    watch = Silent()
    trainer, module, _ = make_run(
        3, folder=aligned_data, callbacks=[watch, Health(1)], **PRIOR_ONLY
    )
    assert watch.calls == 0
    assert "train/kl" not in trainer.callback_metrics
    assert "health/kl" not in trainer.callback_metrics
    assert trainer.callback_metrics["train/mel"] > 0
    assert module.monitor == "val/spoken"
    before = make_run(0, folder=aligned_data, **PRIOR_ONLY)[1]
    for name, box in module.generator.named_children():
        moved = [
            not torch.equal(a, b)
            for a, b in zip(
                box.parameters(), getattr(before.generator, name).parameters(), strict=True
            )
        ]
        assert any(moved) == (name != "posterior_encoder"), name


def pitched(config, **parts):
    sizes = {"channels": 8, "inner_channels": 8, "n_layers": 1, "kernel_size": 3}
    return dataclasses.replace(config, pitch=PitchConfig(**sizes), **parts)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_pitch_is_learned_with_its_weight(make_run, config, pitched_data, weight):
    model, recorder = pitched(config), Recorder()
    trainer, module, datamodule = make_run(
        2,
        folder=pitched_data,
        model=model,
        callbacks=[recorder],
        loss_weights={"pitch": weight},
        optimizer={"weight_decay": 0.0},
    )
    before = make_run(0, folder=pitched_data, model=model)[1].generator
    moved = {
        name
        for (name, a), b in zip(
            module.generator.named_parameters(), before.parameters(), strict=True
        )
        if not torch.equal(a, b)
    }
    assert ("pitch_predictor.blocks.0.widen.weight" in moved) == (weight > 0)
    assert {"decoder.pitch.weight", "decoder.excitations.1.weight"} <= moved
    assert recorder.steps[-1][1]["train/pitch"] > 0
    trainer.validate(module, datamodule, verbose=False)
    assert trainer.callback_metrics["val/pitch"] > 0


def test_all_but_decoder_and_pitch_can_be_frozen(make_run, config, pitched_data):
    model = pitched(config, decoder=ConvNextConfig(channels=8, inner_channels=12, n_blocks=1))
    options = {"folder": pitched_data, "model": model, "freeze": "prior"}
    module, before = (make_run(steps, **options)[1].generator for steps in (2, 0))
    for name, box in module.named_children():
        kept = zip(box.parameters(), getattr(before, name).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in kept) == (
            name not in ("decoder", "pitch_predictor")
        )


def test_a_run_with_pitch_goes_on_as_if_it_had_not_stopped(make_run, config, pitched_data):
    model = pitched(config)
    whole = make_run(4, folder=pitched_data, model=model)[1]
    trainer, _, _ = make_run(2, folder=pitched_data, model=model)
    checkpoint = Path(trainer.default_root_dir) / "two.ckpt"
    trainer.save_checkpoint(checkpoint)
    resumed = make_run(4, folder=pitched_data, model=model, resume=checkpoint)[1]
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.slow
def test_moved_segments_train_the_decoder_and_no_discriminator_sees_them(
    make_run, config, pitched_data, monkeypatch
):
    seen = []

    def note(members, real, fake):
        seen.append((len(real), len(fake)))
        return discriminator_losses(members, real, fake)

    monkeypatch.setattr("vits.training.module.discriminator_losses", note)
    options = {"folder": pitched_data, "model": pitched(config)}
    shifts = [None, {"share": 0.5}, {"share": 0.5, "semitones": 1.0}]
    runs = [
        make_run(3, **options, **({} if shift is None else {"pitch_shift": shift}))[1].generator
        for shift in shifts
    ]
    whole, moved, slightly = (seen[3 * i : 3 * i + 3] for i in range(3))
    assert [(n - round(n / 2),) * 2 for n, _ in whole] == moved == slightly
    weights = [run.decoder.state_dict() for run in runs]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert any(not torch.equal(x, weights[j][name]) for name, x in weights[i].items())


def test_a_model_without_pitch_cannot_be_moved(make_run):
    with pytest.raises(ConfigError, match=r"pitch_shift\.share 0\.5 has no effect on a model with"):
        make_run(1, pitch_shift={"share": 0.5})


def test_data_without_pitch_are_refused(make_run, config):
    with pytest.raises(ConfigError, match=r"config\.pitch needs the pitch of the data, .*--pitch"):
        make_run(1, model=pitched(config))


def test_data_without_durations_are_refused(make_run):
    with pytest.raises(ConfigError, match=r"alignment\.source 'data' needs durations, .* VOICE"):
        make_run(1, alignment={"source": "data"})


# a key, another value, and what else must be so for the key to have an effect
RECIPE = {
    "optimizer.learning_rate": 5e-3,
    "optimizer.betas": (0.5, 0.9),
    "optimizer.eps": 1e-2,
    "optimizer.weight_decay": 0.9,
    "optimizer.decay": 0.5,
    "optimizer.decay_steps": 1,
    "optimizer.gradient_clip": 0.1,
    "loss_weights.mel": 5.0,
    "loss_weights.kl": 0.1,
    "loss_weights.duration": 0.1,
    "loss_weights.feature": 9.0,
    "loss_weights.adversarial": 9.0,
    "loss_weights.envelope": 9.0,
    "adversarial.start": 2,
    "adversarial.warmup_steps": 1,
    "alignment.source": "data",
    "alignment.guide": 1e4,
    "alignment.guide_steps": 1,
    "alignment.noise": 10.0,
    "alignment.noise_steps": 1,
    "prior_segments.share": 1.0,
    "prior_segments.noise_scale": 0.0,
    "prior_segments.start": 2,
    "ema_decay": 0.1,
    "freeze": "decoder",
    "seed": 7,
}


# test_skips.py, as it takes bad numbers to show; above, as they take longer segments, or pitch;
# below, as all backends find one path; in test_vits2.py, as only adversarial durations use them;
# in step/test_speaker_consistency.py, as it takes an encoder; in finetuning/test_lora.py
ELSEWHERE = {
    "max_skipped_steps",
    "compile",
    "lora_rank",
    "loss_weights.subband",
    "loss_weights.pitch",
    "alignment.backend",
    "adversarial.duration_start",
    "loss_weights.duration_adversarial",
    "loss_weights.speaker_consistency",
    "pitch_shift.share",
    "pitch_shift.semitones",
}


def test_the_list_of_the_recipe_is_complete():
    assert {*RECIPE, *ELSEWHERE} == set(leaves(TrainingConfig()))


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_a_run_searches_with_the_backend_of_the_recipe(make_run, backend):
    _, module, _ = make_run(1, alignment={"backend": backend})
    assert module.generator.alignment_backend == {"auto": "numba"}.get(backend, backend)


def leaves(config, prefix=""):
    names = []
    for field in dataclasses.fields(config):
        value, name = getattr(config, field.name), prefix + field.name
        names += leaves(value, f"{name}.") if dataclasses.is_dataclass(value) else [name]
    return names


# the base gives every key an effect: a visible decay, a guide and prior segments
BASE = {
    "optimizer.decay": 0.9,
    "optimizer.decay_steps": 2,
    "alignment.guide": 10.0,
    "alignment.noise": 1.0,
    "prior_segments.share": 0.5,
}


def nested(keys):
    """Turn dotted keys into groups."""
    recipe = {}
    for key, value in keys.items():
        group, _, name = key.rpartition(".")
        (recipe.setdefault(group, {}) if group else recipe)[name] = value
    return recipe


@pytest.fixture
def outcome(make_run, aligned_data):
    """Train three steps; return the weights and their average."""

    def run(**keys):
        average = Ema(keys.get("ema_decay", 0.5))
        recipe = nested({**BASE, **keys})
        _, module, _ = make_run(3, folder=aligned_data, callbacks=[average], **recipe)
        return [*(p.detach() for p in module.parameters()), *average.average.values()]

    if "outcome" not in PLAIN:
        PLAIN["outcome"] = run()
    return run


@pytest.mark.parametrize("key", RECIPE)
def test_every_key_of_the_recipe_changes_the_outcome(outcome, key):
    more = {"alignment.guide": 0.0, "alignment.noise": 0.0} if key == "alignment.source" else {}
    after = outcome(**{key: RECIPE[key], **more})
    assert any(not torch.equal(a, b) for a, b in zip(PLAIN["outcome"], after, strict=True))


def test_nothing_changes_the_outcome_when_no_key_does(outcome):
    assert all(torch.equal(a, b) for a, b in zip(PLAIN["outcome"], outcome(), strict=True))
