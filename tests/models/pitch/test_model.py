"""The model with pitch: off is the original's; streams, batches and gradients keep their laws."""

import dataclasses

import pytest
import torch
from torch import nn

from vits.config import PitchConfig
from vits.config.pitch import SEMITONE
from vits.errors import ConfigError
from vits.fast import optimize_for_inference
from vits.models import Vits
from vits.models.batched_decoding import decode_batched
from vits.models.pitch import PitchControl, make_source
from vits.models.pitch.source import require_source
from vits.models.streaming import decode_in_chunks

PITCH = PitchConfig(channels=8, inner_channels=12, n_layers=2, kernel_size=3, dropout=0.0)


def build(plain, **changes):
    torch.manual_seed(0)
    return Vits(dataclasses.replace(plain.config, pitch=PITCH, **changes))


@pytest.fixture
def pitched(make_model, decoder):
    """A model of the decoder's kind, in float64, in which every layer is loud."""
    model = build(make_model(decoder)).eval().double()
    model.fold_weight_norm()
    for part in (model.prior_flow, model.decoder, model.pitch_predictor):
        for parameter in part.parameters():
            nn.init.normal_(parameter, 0, 0.2)
    return model


def sample(model, n_frames, seed=3, **options):
    text = model.encode(torch.tensor([[4, 9, 2]]), torch.tensor([3]))
    durations = torch.tensor([[2, n_frames - 5, 3]])
    generator = torch.Generator().manual_seed(seed)
    return model.sample_prior(text, durations, generator=generator, **options)


@pytest.mark.slow
def test_off_has_no_weight_and_no_draw_more(make_model, decoder):
    plain = make_model(decoder)
    names = set(build(plain).state_dict())
    off = set(Vits(plain.config).state_dict())
    assert off < names
    assert {name.split(".")[0] for name in names - off} == {"pitch_predictor", "decoder"}
    assert sample(plain, 20).source is None


@pytest.mark.slow
def test_upsampling_decoders_start_from_what_they_were(make_model, decoder):
    plain = make_model(decoder)
    model = build(plain).double().eval()
    model.fold_weight_norm()
    model.load_state_dict(plain.state_dict(), strict=False)
    drawn = sample(model, 20)
    unlike = plain.decoder(drawn.z) - model.decoder(drawn.z, None, drawn.source)
    assert bool(unlike.abs().max() > 1e-6) == ("convnext" in decoder)


@pytest.mark.slow
def test_a_stream_is_the_whole(pitched):
    drawn = sample(pitched, 90)
    whole, _ = pitched.decode(drawn)
    stream = torch.cat(list(decode_in_chunks(pitched, drawn, [7, 20, 31])), dim=2)
    assert (stream - whole).abs().max() < 1e-8 * whole.abs().max()


@pytest.mark.slow
def test_a_batch_is_each_alone(pitched):
    drawn = [sample(pitched, n, seed) for seed, n in enumerate((60, 24, 41))]
    for one, wave in zip(drawn, decode_batched(pitched, drawn), strict=True):
        alone, _ = pitched.decode(one)
        assert (wave - alone).abs().max() < 1e-8 * alone.abs().max()


@pytest.mark.slow
def test_the_seed_decides_the_sound(pitched):
    first, again, other = (pitched.decode(sample(pitched, 20, seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.slow
def test_the_source_changes_the_sound(pitched):
    drawn = sample(pitched, 20)
    pitch = torch.stack([torch.full((20,), 5.0), torch.ones(20)])[None].double()
    moved = (pitch * torch.tensor([[[factor], [1.0]]]) for factor in (1.0, 1.05))
    sources = (make_source(each, pitched.config.audio) for each in moved)
    low, high = (pitched.decode(drawn._replace(source=source))[0] for source in sources)
    assert (low - high).abs().max() > 1e-3


def test_a_control_changes_f0_and_nothing_else(make_model):
    model = build(make_model("convnext")).eval().double()
    plain = sample(model, 20)
    moved = sample(model, 20, pitch_control=PitchControl(shift=-4.0))
    assert torch.allclose(moved.source.log_f0, plain.source.log_f0 - 4 * SEMITONE)
    assert torch.equal(moved.source.voiced, plain.source.voiced)
    assert torch.equal(moved.z, plain.z)
    unvoiced = plain.source.voiced.repeat_interleave(model.config.audio.hop_length, dim=2) == 0
    noise = [drawn.source.excitation[unvoiced] for drawn in (plain, moved)]
    assert torch.equal(*noise)


@pytest.mark.slow
def test_fast_forms_compute_the_same(pitched):
    drawn = sample(pitched, 30)
    plain, _ = pitched.decode(drawn)
    fast, _ = optimize_for_inference(pitched).decode(drawn)
    assert (fast - plain).abs().max() < 1e-8 * plain.abs().max()


def train(model, pitch):
    frames = torch.tensor([20, 16])
    ids = torch.randint(1, 20, (2, 5))
    spectrogram = torch.rand(2, model.config.audio.n_bins, 20)
    return model(ids, torch.tensor([5, 5]), spectrogram, frames, pitch=pitch)


@pytest.mark.slow
def test_gradients_reach_every_new_weight(make_model, decoder):
    model = build(make_model(decoder))
    pitch = torch.stack([torch.full((2, 20), 5.0), torch.rand(2, 20).round()], 1)
    out = train(model, pitch)
    (out.wave.square().mean() + out.pitch_loss.sum()).backward()
    new = {**dict(model.pitch_predictor.named_parameters())}
    new |= {n: p for n, p in model.decoder.named_parameters() if n.startswith(("pitch", "exc"))}
    assert len(new) > len(dict(model.pitch_predictor.named_parameters()))
    assert [n for n, p in new.items() if p.grad is None or not p.grad.any()] == []


@pytest.mark.slow
def test_training_needs_the_pitch_of_the_data(make_model):
    with pytest.raises(ConfigError, match="--pitch"):
        train(build(make_model("convnext")), None)


def test_a_converted_voice_has_the_pitch_that_it_is_given(make_model, monkeypatch):
    model = build(make_model("convnext"), n_speakers=2)
    given = torch.rand(1, model.config.audio.n_bins, 9), torch.tensor([9])
    speakers = torch.tensor([[0], [1]])
    pitch = torch.stack([torch.full((9,), 5.0), torch.ones(9)])[None]
    heard = []

    def decode(z, conditioning, source):
        heard.append(require_source(source))
        return z

    monkeypatch.setattr(model.decoder, "forward", decode)
    monkeypatch.setattr(model, "_trim", lambda wave, lengths: (wave, lengths))
    model.convert_voice(*given, *speakers, pitch=pitch)
    assert torch.equal(heard[0].log_f0, pitch[:, :1])
    with pytest.raises(ConfigError, match="source None must be"):
        model.convert_voice(*given, *speakers)
