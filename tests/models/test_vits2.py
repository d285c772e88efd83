"""Options of VITS2: off is the original; on, gradients, streams and batches keep their laws."""

import dataclasses

import pytest
import torch
from torch import nn

from vits.config import (
    AdversarialDurationConfig,
    FlowTransformerConfig,
    TrainingConfig,
    VitsConfig,
    from_dict,
    to_dict,
)
from vits.errors import ConfigError
from vits.fast import optimize_for_inference, optimize_for_training
from vits.models import Vits
from vits.models.batched_decoding import decode_batched
from vits.models.streaming import decode_in_chunks

TRANSFORMER = FlowTransformerConfig(filter_channels=12, window_size=2)


@pytest.fixture
def config(make_config):
    plain = make_config(2)
    text = dataclasses.replace(plain.text_encoder, n_layers=2, speaker_layer=2, dropout=0.0)
    flow = dataclasses.replace(plain.prior_flow, transformer=TRANSFORMER)
    durations = AdversarialDurationConfig(filter_channels=12, dropout=0.0)
    return dataclasses.replace(
        plain, text_encoder=text, prior_flow=flow, duration_predictor=durations
    )


@pytest.fixture
def model(config):
    """In float64, in which no layer is zero, which would hide errors."""
    torch.manual_seed(0)
    made = Vits(config).double()
    for part in (made.text_encoder, made.prior_flow, made.decoder):
        for parameter in part.parameters():
            nn.init.normal_(parameter, 0, 0.2)
    return made


def encode(model, speaker=1):
    conditioning = model.speaker_conditioning(torch.tensor([speaker]))
    return model.encode(torch.tensor([[4, 9, 2]]), torch.tensor([3]), None, conditioning)


def sample(model, n_frames, seed=3, speaker=1):
    durations = torch.tensor([[2, n_frames - 5, 3]])
    return model.sample_prior(
        encode(model, speaker),
        durations,
        model.speaker_conditioning(torch.tensor([speaker])),
        generator=torch.Generator().manual_seed(seed),
    )


def train(model):
    torch.manual_seed(5)
    spectrogram = torch.rand(2, model.config.audio.n_bins, 50, dtype=torch.float64)
    return model(
        torch.randint(1, 20, (2, 5)),
        torch.tensor([5, 4]),
        spectrogram,
        torch.tensor([50, 40]),
        torch.tensor([0, 1]),
    )


def test_off_has_no_weight_more(make_config, config):
    off, on = (set(Vits(each).state_dict()) for each in (make_config(2), config))
    added = {name for name in on - off if ".transformer." in name or ".conditioning." in name}
    others = {name for name in on - off - added if not name.startswith("duration_predictor.")}
    assert all(".1." in name and name.startswith("text_encoder") for name in others)  # a 2nd layer
    assert any(name.startswith("text_encoder.encoder.conditioning") for name in added)


def test_the_configuration_is_kept(config):
    assert from_dict(VitsConfig, to_dict(config)) == config


def test_the_speaker_changes_the_text_s_prior(model):
    one, other = (encode(model.eval(), speaker).prior.mean for speaker in (0, 1))
    assert (one - other).abs().max() > 1e-3


def test_the_speaker_enters_one_block(model):
    """By hand: the conditioned block sees its input plus the projected speaker."""
    encoder = model.eval().text_encoder.encoder
    x, mask = torch.randn(1, 16, 5).double(), torch.ones(1, 1, 5).double()
    speaker = torch.randn(1, 8, 1).double()
    expected = x
    for i in range(2):
        if i == 1:
            expected = expected + encoder.conditioning(speaker)
        y = encoder.attention_norms[i]((expected + encoder.attentions[i](expected, mask)).mT).mT
        expected = encoder.feed_forward_norms[i]((y + encoder.feed_forwards[i](y, mask)).mT).mT
    torch.testing.assert_close(encoder(x, mask, speaker), expected)


def test_the_flow_is_invertible_and_sees_the_whole_utterance(model):
    flow, mask = model.prior_flow, torch.ones(1, 1, 80).double()
    z, speaker = torch.randn(1, 8, 80).double(), torch.randn(1, 8, 1).double()
    there, log_det = flow(z, mask, speaker)
    torch.testing.assert_close(flow.inverse(there, mask, speaker), z)
    assert log_det == 0
    assert flow.receptive_radius is None
    z[..., 79] += 1
    assert (flow(z, mask, speaker)[0] - there)[..., 0].abs().max() > 1e-9


@pytest.mark.slow
def test_gradients_reach_every_weight(model):
    from vits.training.step.generator_losses import kl_loss

    out = train(model)
    (
        out.wave.square().mean() + kl_loss(out, out.posterior_pass) + out.duration_loss.sum()
    ).backward()
    still = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    # a softmax does not see biases of keys
    assert {name for name in still if not name.endswith("key.bias")} == set()


@pytest.mark.slow
def test_early_gradients_are_those_of_one_backward_pass(model):
    from vits.training.step.generator_losses import kl_loss, weighted_sum

    gradients = []
    for free_prior in (False, True):
        model.zero_grad()
        out = train(model)
        found = {
            "mel": out.wave.square().mean(),
            "kl": kl_loss(out, out.posterior_pass),
            "duration": out.duration_loss.mean(),
        }
        weighted_sum(found, TrainingConfig(), model, out, free_prior=free_prior).backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


def test_a_stream_is_the_whole(model):
    drawn = sample(model.eval(), 90)
    whole, _ = model.decode(drawn)
    stream = torch.cat(list(decode_in_chunks(model, drawn, [7, 20, 31])), dim=2)
    assert (stream - whole).abs().max() < 1e-8 * whole.abs().max()


def test_durations_of_a_batch_are_each_alone(model):
    model.eval()
    ids, lengths = torch.tensor([[4, 9, 2, 7, 5], [3, 8, 6, 0, 0]]), torch.tensor([5, 3])
    speakers, noise = torch.tensor([1, 0]), torch.randn(2, 2, 5).double()
    for parameter in model.duration_predictor.parameters():
        nn.init.normal_(parameter, 0, 0.2)

    def durations(one):
        n = int(lengths[one].max())
        conditioning = model.speaker_conditioning(speakers[one])
        text = model.encode(ids[one, :n], lengths[one], None, conditioning)
        return model.predict_durations(text, conditioning, noise=noise[one, :, :n], length_scale=9)

    both = durations(slice(0, 2))
    for i, n in enumerate(lengths.tolist()):
        assert torch.equal(both[i : i + 1, :n], durations(slice(i, i + 1)))
    assert both[0].unique().numel() > 1


def test_a_batch_is_each_alone(model):
    drawn = [sample(model.eval(), n, seed, seed % 2) for seed, n in enumerate((60, 24, 41))]
    for one, wave in zip(drawn, decode_batched(model, drawn), strict=True):
        alone, _ = model.decode(one)
        assert (wave - alone).abs().max() < 1e-8 * alone.abs().max()


@pytest.mark.parametrize("optimize", [optimize_for_training, optimize_for_inference])
def test_fast_forms_compute_the_same(model, optimize):
    model.eval().fold_weight_norm()
    drawn, text = sample(model, 30), encode(model)
    plain, _ = model.decode(drawn)
    fast = optimize(model)
    assert (fast.decode(drawn)[0] - plain).abs().max() < 1e-8 * plain.abs().max()
    torch.testing.assert_close(encode(fast).hidden, text.hidden)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: dataclasses.replace(c.text_encoder, speaker_layer=3), "speaker_layer 3 must be"),
        (lambda c: dataclasses.replace(c.text_encoder, speaker_layer=0), "speaker_layer 0 must be"),
        (
            lambda c: dataclasses.replace(
                c, prior_flow=dataclasses.replace(c.prior_flow, transformer=HEADS)
            ),
            "hidden_channels 16 must be a multiple of prior_flow.transformer.n_heads 3",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(config, change, words):
    with pytest.raises(ConfigError, match=words):
        change(config)


HEADS = FlowTransformerConfig(n_heads=3)
