"""The generator: sizes, gradients, padding, inference and conversion."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from vits import losses
from vits.config import (
    AudioConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.errors import ConfigError, VoiceError
from vits.models import Discriminators, Vits

SMALL = VitsConfig(
    n_symbols=20,
    hidden_channels=16,
    latent_channels=8,
    speaker_channels=6,
    segment_frames=8,
    audio=AudioConfig(sample_rate=8000, n_fft=128, win_length=128, hop_length=32, n_mels=12),
    text_encoder=TextEncoderConfig(filter_channels=24, n_layers=2),
    posterior_encoder=PosteriorEncoderConfig(n_layers=3),
    prior_flow=PriorFlowConfig(n_layers=2, n_flows=2),
    duration_predictor=StochasticDurationConfig(n_flows=2),
    decoder=HifiGanConfig(
        resblock_kernel_sizes=(3, 5),
        resblock_dilations=((1, 3), (1, 3)),
        upsample_rates=(8, 4),
        upsample_kernel_sizes=(16, 8),
        initial_channels=16,
    ),
)


DURATIONS = {
    "stochastic": SMALL.duration_predictor,
    "deterministic": DeterministicDurationConfig(),
}


def small(n_speakers: int = 1, kind: str = "stochastic", resblock: str = "1") -> VitsConfig:
    return dataclasses.replace(
        SMALL,
        n_speakers=n_speakers,
        duration_predictor=DURATIONS[kind],
        decoder=dataclasses.replace(SMALL.decoder, resblock=resblock),
    )


def random_everywhere(model: nn.Module) -> None:
    """Randomise the layers that start at zero."""
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.1)


def batch(config: VitsConfig) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]:
    lengths, frames = torch.tensor([9, 6]), torch.tensor([30, 18])
    ids = torch.randint(1, config.n_symbols, (2, 9))
    ids[1, 6:] = 0
    spectrogram = torch.rand(2, config.audio.n_bins, 30)
    spectrogram[1, :, 18:] = 0
    speakers = torch.tensor([0, 2]) if config.n_speakers > 1 else None
    return ids, lengths, spectrogram, frames, speakers


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.slow
def test_sizes_are_the_originals():
    assert count(Vits(VitsConfig())) == 36_321_072
    assert count(Vits(VitsConfig(n_speakers=109))) == 39_700_208
    deterministic = DeterministicDurationConfig()
    assert count(Vits(VitsConfig(duration_predictor=deterministic))) == 35_349_761
    assert count(Discriminators(**vars(DiscriminatorConfig()))) == 46_747_132


@pytest.mark.parametrize("n_speakers", [1, 3])
@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
@pytest.mark.parametrize("resblock", ["1", "2"])
@pytest.mark.slow
def test_every_parameter_gets_a_gradient(n_speakers: int, kind: str, resblock: str):
    config = small(n_speakers, kind, resblock)
    model = Vits(config)
    random_everywhere(model)
    ids, lengths, spectrogram, frames, speakers = batch(config)
    ids[0, :] = torch.arange(1, 10)
    out = model(ids, lengths, spectrogram, frames, speakers)
    posterior = out.posterior_pass.posterior.distribution
    kl = losses.kl_divergence(
        out.posterior_pass.z_prior, posterior.log_std, *out.prior, out.frame_mask
    )
    duration = losses.duration_loss(out.duration_loss, out.symbol_mask)
    (out.wave.square().mean() + kl + duration).backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


def test_gradients_stop_where_the_original_stops_them():
    config = small(3)
    model = Vits(config)
    random_everywhere(model)
    out = model(*batch(config))
    out.duration_loss.sum().backward()
    for part in (model.text_encoder, model.speaker_embedding, model.posterior_encoder):
        assert part is not None
        assert all(p.grad is None or not p.grad.any() for p in part.parameters())
    out = model(*batch(config))
    model.zero_grad()
    out.wave.sum().backward()
    assert all(p.grad is None for p in model.text_encoder.parameters())
    assert model.speaker_embedding is not None
    assert model.speaker_embedding.weight.grad is not None


def test_shapes_and_durations_of_a_training_pass():
    config = small()
    out = Vits(config)(*batch(config))
    assert out.wave.shape == (2, 1, 8 * 32)
    assert out.prior.mean.shape == out.posterior_pass.z_prior.shape == (2, 8, 30)
    assert out.durations.sum(1).tolist() == [30, 18]
    assert (out.durations[0] >= 1).all()
    assert out.durations[1].tolist()[6:] == [0, 0, 0]
    assert (out.segment_starts <= torch.tensor([22, 10])).all()


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_padding_changes_no_latent_and_no_duration(kind: str):
    config = small(3, kind)
    model = Vits(config).eval()
    random_everywhere(model)
    ids, lengths, spectrogram, frames, speakers = batch(config)
    assert speakers is not None
    noise = torch.randn(2, 8, 30)
    conditioning = model.speaker_conditioning(speakers)
    with torch.no_grad():
        batched = model.posterior_encoder(spectrogram, frames, conditioning, noise=noise)
        z_prior, _ = model.prior_flow(batched.z, batched.mask, conditioning)
        alone = model.posterior_encoder(
            spectrogram[1:, :, :18], frames[1:], conditioning[1:], noise=noise[1:, :, :18]
        )
        z_alone, _ = model.prior_flow(alone.z, alone.mask, conditioning[1:])
    torch.testing.assert_close(batched.z[1:, :, :18], alone.z, atol=1e-5, rtol=0)
    torch.testing.assert_close(z_prior[1:, :, :18], z_alone, atol=1e-5, rtol=0)
    assert not batched.z[1, :, 18:].any()

    durations = model.align_recording(ids, lengths, spectrogram, frames, speakers)
    single = model.align_recording(
        ids[1:, :6], lengths[1:], spectrogram[1:, :, :18], frames[1:], speakers[1:]
    )
    assert torch.equal(durations[1:, :6], single)

    duration_noise = torch.randn(2, 2, 9)
    inferred = model.infer(ids, lengths, speakers, duration_noise=duration_noise)
    inferred_alone = model.infer(
        ids[1:, :6], lengths[1:], speakers[1:], duration_noise=duration_noise[1:, :, :6]
    )
    assert torch.equal(inferred.durations[1, :6], inferred_alone.durations[0])
    assert not inferred.durations[1, 6:].any()


def test_inference_repeats_with_a_generator_and_follows_its_scales():
    model = Vits(small()).eval()
    random_everywhere(model)
    ids, lengths = torch.randint(1, 20, (1, 12)), torch.tensor([12])

    def infer(**options: object):
        return model.infer(ids, lengths, generator=torch.Generator().manual_seed(5), **options)

    first = infer()
    assert torch.equal(first.wave, infer().wave)
    assert not torch.equal(first.wave, infer(noise_scale=0.0).wave)
    assert not torch.equal(first.durations, infer(noise_scale_duration=3.0).durations)
    slow = infer(length_scale=4.0)
    assert slow.durations.sum() > 2 * first.durations.sum()
    assert first.wave_lengths.item() == first.durations.sum().item() * 32 == first.wave.shape[2]
    fixed = torch.arange(12).unsqueeze(0)
    assert infer(durations=fixed).wave_lengths.item() == 66 * 32
    silent = [infer(noise_scale=0.0, noise_scale_duration=0.0).wave for _ in range(2)]
    assert torch.equal(*silent)


@torch.no_grad()
def test_inference_is_its_steps_in_a_row():
    model = Vits(small(3)).eval()
    random_everywhere(model)
    ids, lengths, _, _, speakers = batch(small(3))
    one, other = (torch.Generator().manual_seed(2) for _ in range(2))
    inferred = model.infer(
        ids, lengths, speakers, noise_scale=0.7, noise_scale_duration=0.6, generator=one
    )
    text, conditioning = model.encode(ids, lengths), model.speaker_conditioning(speakers)
    durations = model.predict_durations(text, conditioning, noise_scale=0.6, generator=other)
    sample = model.sample_prior(text, durations, conditioning, noise_scale=0.7, generator=other)
    wave, wave_lengths = model.decode(sample)
    assert torch.equal(inferred.durations, durations)
    assert torch.equal(inferred.wave, wave)
    assert torch.equal(inferred.wave_lengths, wave_lengths)
    longer = torch.randn(2, 8, sample.z.shape[2] + 5)
    cut, exact = (
        model.sample_prior(text, durations, conditioning, noise=noise).z
        for noise in (longer, longer[..., :-5])
    )
    assert torch.equal(cut, exact)


def test_too_long_durations_are_an_error():
    model = Vits(small()).eval()
    text = model.encode(torch.randint(1, 20, (1, 12)), torch.tensor([12]))
    frames = int(model.predict_durations(text, noise=torch.zeros(1, 2, 12)).sum())
    quiet = {"noise": torch.zeros(1, 2, 12)}
    assert model.predict_durations(text, max_frames=frames, **quiet).sum() == frames
    with pytest.raises(VoiceError, match=f"must be at most {frames - 1}: lower noise_scale"):
        model.predict_durations(text, max_frames=frames - 1, **quiet)


def test_folding_weight_norm_changes_no_sample():
    model = Vits(small()).eval()
    random_everywhere(model)
    ids, lengths = torch.randint(1, 20, (1, 12)), torch.tensor([12])
    before = model.infer(ids, lengths, generator=torch.Generator().manual_seed(1))
    model.fold_weight_norm()
    after = model.infer(ids, lengths, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(after.wave, before.wave, atol=1e-5, rtol=0)
    assert not any("parametrizations" in name for name, _ in model.named_parameters())


def test_conversion_to_the_same_speaker_is_reconstruction():
    config = small(3)
    model = Vits(config).eval()
    random_everywhere(model)
    _, _, spectrogram, frames, speakers = batch(config)
    assert speakers is not None
    same = model.convert_voice(spectrogram, frames, speakers, speakers, noise_scale=0.0)
    conditioning = model.speaker_conditioning(speakers)
    posterior = model.posterior_encoder(spectrogram, frames, conditioning)
    expected = model.decoder(posterior.distribution.mean * posterior.mask, conditioning)
    torch.testing.assert_close(same.wave[:1], expected[:1], atol=1e-5, rtol=0)
    assert same.wave_lengths.tolist() == [30 * 32, 18 * 32]
    assert not same.wave[1, :, 18 * 32 :].any()
    other = model.convert_voice(
        spectrogram, frames, speakers, torch.tensor([1, 1]), noise_scale=0.0
    )
    assert not torch.allclose(other.wave, same.wave, atol=1e-3)


def test_missing_speakers_are_errors():
    with pytest.raises(ConfigError, match="at least 2 for voice conversion"):
        Vits(small()).convert_voice(
            torch.rand(1, 65, 9), torch.tensor([9]), *2 * [torch.tensor([0])]
        )
    model = Vits(small(3))
    with pytest.raises(ConfigError, match="one of 3 speakers"):
        model.infer(torch.ones(1, 3, dtype=torch.long), torch.tensor([3]))


@pytest.mark.slow
def test_text_boxes_compile_without_breaks():
    # no data-dependent shapes in splines, attention or expansion: one graph for the whole box
    model = Vits(small()).eval()
    random_everywhere(model)
    ids, lengths = torch.randint(1, 20, (1, 12)), torch.tensor([12])
    noise = torch.randn(1, 2, 12)

    def predict(ids: Tensor, lengths: Tensor, noise: Tensor) -> Tensor:
        text = model.text_encoder(ids, lengths)
        return model.duration_predictor.predict(text.hidden, text.mask, noise=noise)

    compiled = torch.compile(predict, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(ids, lengths, noise), predict(ids, lengths, noise))
