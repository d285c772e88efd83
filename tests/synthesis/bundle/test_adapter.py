"""Adapters: the voice with one, its file, and what is refused."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from vits.errors import MissingFileError, VoiceError
from vits.models.low_rank import add_difference, learn_difference, split_state
from vits.models.vits import Vits
from vits.synthesis import Card, load, read_voice, write_voice
from vits.synthesis.bundle.adapter import Adapter, apply_adapter, digest_of
from vits.synthesis.bundle.weights import make_compact


@pytest.fixture(scope="module")
def voice(make_bundle):
    return make_bundle()


@pytest.fixture(scope="module")
def adapter(voice):
    """An adapter as after training: nothing in it is 0."""
    generator = Vits(voice.generator.config)
    generator.load_state_dict(voice.generator.state_dict())
    with torch.random.fork_rng():
        torch.manual_seed(5)
        learn_difference(generator, 2, lambda name: name.startswith("duration_predictor."))
        for parameter in generator.parameters():
            if parameter.requires_grad:
                torch.nn.init.normal_(parameter, 0.0, 0.05)
    weights, factors = split_state(generator.state_dict())
    halves = {name: {k: v.detach().half() for k, v in f.items()} for name, f in factors.items()}
    card = Card(name="mia", licence="MIT", origin="Mia", training_steps=9)
    return Adapter(
        differences=halves, base=digest_of(weights, halves), card=card, speakers=("mia",)
    )


def state(bundle):
    return bundle.generator.state_dict()


def test_a_voice_takes_it_on_and_keeps_itself(voice, adapter):
    before = {name: value.clone() for name, value in state(voice).items()}
    found = apply_adapter(voice, adapter)
    for name, value in state(found).items():
        assert torch.equal(before[name], state(voice)[name])
        factors = adapter.differences.get(name)
        expected = before[name] if factors is None else add_difference(before[name], factors)
        assert torch.equal(value, expected), name
        assert torch.equal(value, before[name]) == name.startswith("duration_predictor.")
    assert (found.card.name, found.card.licence) == ("mia", "CC0-1.0 and MIT")
    assert found.card.origin == "tiny with the adapter mia; Mia"
    assert (found.speakers, found.card.training_steps) == (("mia",), 9)


def test_its_file_is_the_adapter(voice, adapter, tmp_path):
    path = tmp_path / "me.safetensors"
    adapter.write(path)
    found = Adapter.read(path)
    assert (found.card, found.base, found.speakers) == (adapter.card, adapter.base, ("mia",))
    write_voice(tmp_path / "voice", voice)
    merged = load(write_voice(tmp_path / "merged", apply_adapter(voice, found)))("hello.", seed=1)
    worn = load(tmp_path / "voice", adapter=path)("hello.", seed=1)
    assert (worn.samples == merged.samples).all()
    assert len(worn.samples) > 0
    with pytest.raises(VoiceError, match=r"adapter .*x\.bin must end with \.safetensors"):
        adapter.write(tmp_path / "x.bin")


def test_the_compact_form_of_the_voice_takes_it_too(voice, adapter, tmp_path):
    write_voice(tmp_path / "voice", voice)
    compact = read_voice(tmp_path / "voice")
    make_compact(compact.generator)
    before = {name: value.clone() for name, value in state(compact).items()}
    for name, value in state(apply_adapter(compact, adapter)).items():
        factors = adapter.differences.get(name)
        expected = before[name] if factors is None else add_difference(before[name], factors)
        assert torch.equal(value, expected), name


def test_another_voice_refuses_it(make_bundle, make_config, voice, adapter):
    smaller = Vits(make_config(decoder=replace(make_config().decoder, initial_channels=8)))
    more = dict(adapter.differences) | {"decoder.other": {"shift": torch.ones(1).half()}}
    for other, mine in (
        (make_bundle(seed=4), adapter),
        (replace(voice, generator=smaller), adapter),
        (voice, replace(adapter, differences=more)),
    ):
        with pytest.raises(VoiceError, match=r"'mia' does not belong to the voice 'tiny'"):
            apply_adapter(other, mine)


def _damage(path, tensors=None, metadata=None):
    known = {"format": "1", "base": "x", "card": "{}", "speakers": "[]"}
    tensors = {"a.shift": torch.ones(1).half()} if tensors is None else tensors
    save_file(tensors, path, known | (metadata or {}))


@pytest.mark.parametrize(
    ("tensors", "metadata", "reason"),
    [
        (None, {"format": "2"}, "is no adapter of format 1"),
        (None, {"more": "1"}, "is no adapter of format 1"),
        (None, {"card": "{"}, "Expecting property name"),
        (None, {"card": '{"colour": 1}'}, "colour"),
        (None, {"speakers": "3"}, "speakers must be a list"),
        ({"a.shift": torch.ones(1)}, None, "must be a float16 named up, down or shift"),
        ({"a": torch.ones(1).half()}, None, "must be a float16 named up, down or shift"),
        ({"a.up": torch.ones(1, 1).half()}, None, "must have up .* and down .*, or shift"),
        (
            {"a.up": torch.ones(3, 2).half(), "a.down": torch.ones(3, 2).half()},
            None,
            "must have up .* and down .*, or shift",
        ),
        ({"a.shift": torch.full((1,), torch.inf).half()}, None, "NaN or infinite"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, tensors, metadata, reason):
    path = tmp_path / "bad.safetensors"
    _damage(path, tensors, metadata)
    with pytest.raises(VoiceError, match=reason) as caught:
        Adapter.read(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_what_is_no_adapter_is_one_line(tmp_path, adapter):
    path = tmp_path / "bad.safetensors"
    with pytest.raises(MissingFileError, match="does not exist"):
        Adapter.read(path)
    path.write_bytes(b"nothing")
    with pytest.raises(VoiceError, match="is damaged"):
        Adapter.read(path)
    adapter.write(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(VoiceError, match="is damaged"):
        Adapter.read(path)
    graph = tmp_path / "graph"
    graph.mkdir()
    for name in ("model.onnx", "voice.json"):
        (graph / name).write_text("{}")
    with pytest.raises(VoiceError, match=r"vits merge VOICE FILE"):
        load(graph, adapter=path)
