"""Grown weights: what is copied, what is zero, and weights that do not belong."""

import dataclasses

import pytest
import torch

from vits.cli.base_voice import read_base
from vits.config import ConvNextConfig, PitchConfig, TrainingConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import CheckpointError
from vits.models import Vits
from vits.training import DatasetInfo, VitsModule
from vits.training.finetuning.vocabulary import extend_vocabulary
from vits.training.finetuning.weights import start_from


def grow(base, folder, **changes):
    data = PreparedDataset(folder)
    vocabulary = extend_vocabulary(base, data)
    corpus = DatasetInfo.of(vocabulary.apply(data))
    config = dataclasses.replace(base.config, n_symbols=178, n_speakers=1, **changes)
    pitched = dataclasses.replace(corpus, pitched=True)  # what the data says matters to steps only
    module = VitsModule(config, TrainingConfig(), pitched)
    start_from(base, vocabulary, module.generator, module.discriminators)
    return module


def test_all_but_embeddings_is_the_voices(duo, more):
    base = read_base(str(duo.checkpoint))
    module = grow(base, more)
    for name, value in module.generator.state_dict().items():
        old = base.generator[name]
        assert torch.equal(value[: len(old)], old)
        assert (value.shape == old.shape) != name.endswith("embedding.weight")
    embedding = module.generator.speaker_embedding.weight
    assert torch.equal(embedding[2], embedding[:2].mean(0))
    assert torch.equal(embedding[3], embedding[2])
    for name, value in module.discriminators.state_dict().items():
        assert torch.equal(value, base.discriminators[name])


def test_layers_for_the_first_speakers_are_silent_but_can_learn(solo, more):
    base = read_base(str(solo.voice))
    generator = grow(base, more).generator
    new = [
        module
        for name, module in generator.named_modules()
        if name.split(".")[-1] == "conditioning"
    ]
    assert len(new) == 5  # posterior encoder, two couplings, durations, decoder
    for module in new:
        assert not module.weight.any()
        assert not module.bias.any()
        gain = torch.randn(1, generator.config.speaker_channels, 1)
        module(gain).sum().backward()
        assert all(p.grad.isfinite().all() for p in module.parameters())
        assert any(p.grad.any() for name, p in module.named_parameters() if "weight" in name)
    rows = generator.speaker_embedding.weight
    assert len(torch.unique(rows, dim=0)) == 4


def test_weights_of_another_model_are_named(duo, more):
    base = read_base(str(duo.checkpoint))
    with pytest.raises(CheckpointError, match=r"last.ckpt: its weights are not those of its"):
        grow(dataclasses.replace(base, discriminators={}), more)


def test_a_voice_without_pitch_gets_it(duo, more):
    base = read_base(str(duo.checkpoint))
    generator = grow(base, more, pitch=PitchConfig(channels=8, inner_channels=8)).generator
    new = {n for n in generator.state_dict() if n not in base.generator}
    assert {name.split(".")[0] for name in new} == {"pitch_predictor", "decoder"}
    assert all(value.any() for value in generator.pitch_predictor.post.parameters())
    for name, value in generator.decoder.state_dict().items():
        old = base.generator.get(f"decoder.{name}")
        assert not value.any() if old is None else torch.equal(value, old), name


def test_the_phase_of_a_convnext_decoder_starts_anew(duo, more):
    base, decoder = read_base(str(duo.checkpoint)), ConvNextConfig(channels=8, inner_channels=8)
    config = dataclasses.replace(base.config, decoder=decoder)
    weights = {n: p.detach() for n, p in Vits(config).named_parameters()}
    base = dataclasses.replace(base, config=config, generator=weights)
    post = grow(base, more, pitch=PitchConfig(channels=8, inner_channels=8)).generator.decoder.post
    for value, old in zip(
        post.parameters(), (weights[f"decoder.post.{n}"] for n in ("weight", "bias")), strict=True
    ):
        half = len(value) // 2
        assert torch.equal(value[:half], old[:half])
        assert not value[half:].any()
