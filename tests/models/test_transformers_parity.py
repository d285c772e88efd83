"""Parity with transformers' VITS: the same weights and noise give the same numbers in every box."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.audio._torchaudio import import_torchaudio
from vits.config import (
    AudioConfig,
    DeterministicDurationConfig,
    HifiGanConfig,
    PosteriorEncoderConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.models.vits import Vits

NAMES = [
    (r"^embed_speaker\.", "speaker_embedding."),
    (r"^text_encoder\.embed_tokens", "text_encoder.embedding"),
    (r"^text_encoder\.project\.", "text_encoder.projection."),
    (r"encoder\.layers\.(\d+)\.attention\.q_proj", r"encoder.attentions.\1.query"),
    (r"encoder\.layers\.(\d+)\.attention\.k_proj", r"encoder.attentions.\1.key"),
    (r"encoder\.layers\.(\d+)\.attention\.v_proj", r"encoder.attentions.\1.value"),
    (r"encoder\.layers\.(\d+)\.attention\.out_proj", r"encoder.attentions.\1.output"),
    (r"encoder\.layers\.(\d+)\.attention\.emb_rel_k", r"encoder.attentions.\1.relative_key"),
    (r"encoder\.layers\.(\d+)\.attention\.emb_rel_v", r"encoder.attentions.\1.relative_value"),
    (r"encoder\.layers\.(\d+)\.layer_norm", r"encoder.attention_norms.\1"),
    (r"encoder\.layers\.(\d+)\.final_layer_norm", r"encoder.feed_forward_norms.\1"),
    (r"encoder\.layers\.(\d+)\.feed_forward", r"encoder.feed_forwards.\1"),
    (r"^flow\.flows\.", "prior_flow.couplings."),
    (r"wavenet\.in_layers", "wavenet.gates"),
    (r"wavenet\.res_skip_layers", "wavenet.residual_skips"),
    (r"wavenet\.cond_layer", "wavenet.conditioning"),
    (r"^decoder\.upsampler\.", "decoder.upsamplers."),
    (r"\.convs1\.", ".dilated."),
    (r"\.convs2\.", ".plain."),
    (r"flows\.0\.translate", "flows.0.mean"),
    (r"\bpost_conv_pre\.", "posterior_pre."),
    (r"\bpost_conv_proj\.", "posterior_projection."),
    (r"\bpost_conv_dds\.", "posterior_stack."),
    (r"\bpost_flows\.", "posterior_flows."),
    (r"\bconv_dds\.", "stack."),
    (r"convs_dilated", "depthwise"),
    (r"convs_pointwise", "pointwise"),
    (r"norms_1", "depthwise_norms"),
    (r"norms_2", "pointwise_norms"),
    (r"\bconv_pre\.", "pre."),
    (r"\bconv_post\.", "post."),
    (r"\bconv_proj\.", "projection."),
    (r"\bproj\.", "projection."),
    (r"\bcond\.", "conditioning."),
]


def rename(key: str, n_kernels: int) -> str:
    key = re.sub(
        r"^decoder\.resblocks\.(\d+)",
        lambda m: "decoder.blocks.{}.{}".format(*divmod(int(m[1]), n_kernels)),
        key,
    )
    key = re.sub(
        r"(duration_predictor\.(?:post_)?flows)\.([1-9]\d*)",
        lambda m: f"{m[1]}.{2 * int(m[2]) - 1}",
        key,
    )
    for pattern, replacement in NAMES:
        key = re.sub(pattern, replacement, key)
    return key


def fold(module: nn.Module) -> nn.Module:
    for part in module.modules():
        if parametrize.is_parametrized(part, "weight"):
            parametrize.remove_parametrizations(part, "weight")
    return module


@contextmanager
def fed_noise(noises: list[Tensor]) -> Iterator[None]:
    """Hand out prepared noise wherever the reference draws its own."""
    queue = list(noises)

    def next_noise(like: tuple[int, ...]) -> Tensor:
        noise = queue.pop(0)
        assert tuple(noise.shape) == like
        return noise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn", lambda *size, **_: next_noise(size))
        patch.setattr(torch, "randn_like", lambda x, **_: next_noise(tuple(x.shape)))
        yield
    assert not queue


def build(n_speakers: int, kind: str) -> tuple[nn.Module, Vits]:
    """The reference with random weights everywhere, zero-initialised ones too, and our copy."""
    import_torchaudio()  # transformers imports it too, and would fail on one built for CUDA
    transformers = pytest.importorskip("transformers")
    stochastic = kind == "stochastic"
    hf_config = transformers.VitsConfig(
        vocab_size=40,
        hidden_size=48,
        num_hidden_layers=3,
        ffn_dim=96,
        flow_size=32,
        spectrogram_bins=65,
        use_stochastic_duration_prediction=stochastic,
        num_speakers=n_speakers,
        speaker_embedding_size=24 if n_speakers > 1 else 0,
        upsample_initial_channel=64,
        upsample_rates=[8, 4, 2],
        upsample_kernel_sizes=[16, 8, 4],
        posterior_encoder_num_wavenet_layers=4,
        duration_predictor_filter_channels=40,
        pad_token_id=0,
    )
    reference = fold(transformers.VitsModel(hf_config)).eval()
    with torch.no_grad():
        for name, parameter in reference.named_parameters():
            fan_in = max(parameter[0].numel(), 10)  # small biases and affines: short speech
            scale = 0.3 if "norm" in name else fan_in**-0.5
            parameter.copy_(torch.randn_like(parameter) * scale + ("norm" in name))
    config = VitsConfig(
        n_symbols=40,
        n_speakers=n_speakers,
        hidden_channels=48,
        latent_channels=32,
        speaker_channels=24,
        audio=AudioConfig(n_fft=128, win_length=128, hop_length=64, n_mels=10),
        text_encoder=TextEncoderConfig(n_layers=3, filter_channels=96),
        posterior_encoder=PosteriorEncoderConfig(n_layers=4),
        duration_predictor=StochasticDurationConfig()
        if stochastic
        else DeterministicDurationConfig(filter_channels=40),
        decoder=HifiGanConfig(
            initial_channels=64, upsample_rates=(8, 4, 2), upsample_kernel_sizes=(16, 8, 4)
        ),
    )
    ours = Vits(config).eval()
    ours.fold_weight_norm()
    n_kernels = len(hf_config.resblock_kernel_sizes)
    own = ours.state_dict()
    mapped = {rename(key, n_kernels): value for key, value in reference.state_dict().items()}
    assert mapped.keys() == own.keys()
    ours.load_state_dict({k: v.reshape(own[k].shape) for k, v in mapped.items()})
    return reference, ours


VARIANTS = [(1, "stochastic"), (1, "deterministic"), (3, "stochastic"), (3, "deterministic")]


@pytest.mark.parametrize(("n_speakers", "kind"), VARIANTS)
@pytest.mark.slow
def test_speaking_matches_in_every_box(n_speakers: int, kind: str) -> None:
    reference, ours = build(n_speakers, kind)
    reference.noise_scale, reference.noise_scale_duration = 0.7, 0.6
    lengths = torch.tensor([23])
    ids = torch.randint(1, 40, (1, 23))
    attention_mask = torch.ones(1, 23, dtype=torch.long)
    speakers = torch.tensor([2]) if n_speakers > 1 else None
    duration_noise = torch.randn(1, 2, 23)
    draws = [duration_noise] if kind == "stochastic" else []

    seen: dict[str, Tensor] = {}

    def keep(name: str, part: nn.Module) -> None:
        part.register_forward_hook(lambda _m, _a, out: seen.__setitem__(name, out))

    keep("text", reference.text_encoder)
    keep("log_durations", reference.duration_predictor)
    keep("z", reference.flow)

    with torch.no_grad():
        # our own durations tell how much noise the reference will ask for
        probe = ours.infer(
            ids, lengths, speakers, noise_scale_duration=0.6, duration_noise=duration_noise
        )
        n_frames = int(probe.durations.sum())
        noise = torch.randn(1, 32, n_frames)
        # the reference draws the prior's noise in the (B, C, T) layout of the transposed means
        with fed_noise([*draws, noise]):
            expected = reference(
                ids, attention_mask, speaker_id=2 if n_speakers > 1 else None, return_dict=True
            )
        text = ours.text_encoder(ids, lengths)
        conditioning = ours.speaker_conditioning(speakers)
        log_durations = ours.duration_predictor.predict(
            text.hidden, text.mask, conditioning, noise_scale=0.6, noise=duration_noise
        )
        spoken = ours.infer(
            ids,
            lengths,
            speakers,
            noise_scale=0.7,
            noise_scale_duration=0.6,
            noise=noise,
            duration_noise=duration_noise,
        )
        z = ours.prior_flow.inverse(
            seen_prior(text.prior, spoken.durations, noise * 0.7),
            frame_mask(n_frames),
            conditioning,
        )
    near = {"atol": 1e-4, "rtol": 0}
    torch.testing.assert_close(text.hidden, seen["text"].last_hidden_state.mT, **near)
    torch.testing.assert_close(text.prior.mean, seen["text"].prior_means.mT, **near)
    torch.testing.assert_close(text.prior.log_std, seen["text"].prior_log_variances.mT, **near)
    torch.testing.assert_close(log_durations, seen["log_durations"], **near)
    torch.testing.assert_close(z, seen["z"], **near)
    peak = expected.waveform.abs().max()
    assert peak > 1e-3  # a silent wave would prove nothing
    assert spoken.wave.shape[2] == expected.waveform.shape[1]
    assert (spoken.wave[:, 0] - expected.waveform).abs().max() <= 1e-5 * peak


def seen_prior(prior, durations: Tensor, noise: Tensor) -> Tensor:
    """The prior sample, stretched by plain repetition rather than by our gather."""
    repeats = durations[0]
    mean = prior.mean[0].repeat_interleave(repeats, dim=1)
    log_std = prior.log_std[0].repeat_interleave(repeats, dim=1)
    return (mean + noise[0] * log_std.exp())[None]


def frame_mask(n_frames: int) -> Tensor:
    return torch.ones(1, 1, n_frames)


@pytest.mark.parametrize("n_speakers", [1, 3])
@pytest.mark.slow
def test_training_boxes_match(n_speakers: int) -> None:
    # the bound has steep splines under random weights: in float32 rounding shows in its fifth digit
    reference, ours = (model.double() for model in build(n_speakers, "stochastic"))
    speakers = torch.tensor([0, 2]) if n_speakers > 1 else None
    lengths, frames = torch.tensor([9, 6]), torch.tensor([30, 21])
    symbol_mask = (torch.arange(9) < lengths[:, None]).double()[:, None]
    mask = (torch.arange(30) < frames[:, None]).double()[:, None]
    spectrogram = torch.rand(2, 65, 30).double() * mask
    posterior_noise, duration_noise = (
        torch.randn(shape).double() for shape in ((2, 32, 30), (2, 2, 9))
    )
    hidden = torch.randn(2, 48, 9).double() * symbol_mask
    durations = torch.randint(1, 6, (2, 1, 9)) * symbol_mask

    # transformers never trains: its forward direction also flips the channels after the affine
    # layer, where the paper's order (and its own inverse) has no flip; undo that one
    predictor = reference.duration_predictor
    for affine in (predictor.flows[0], predictor.post_flows[0]):
        affine.register_forward_hook(lambda _m, _a, out: (out[0].flip(1), out[1]))

    with torch.no_grad():
        conditioning = ours.speaker_conditioning(speakers)
        with fed_noise([posterior_noise, duration_noise]):
            z, mean, log_std = reference.posterior_encoder(spectrogram, mask, conditioning)
            z_prior = reference.flow(z, mask, conditioning)
            loss = reference.duration_predictor(hidden, symbol_mask, conditioning, durations)
        own = ours.posterior_encoder(spectrogram, frames, conditioning, noise=posterior_noise)
        own_prior, _ = ours.prior_flow(own.z, own.mask, conditioning)
        own_loss = ours.duration_predictor(
            hidden, symbol_mask, durations, conditioning, noise=duration_noise
        )
    near = {"atol": 1e-10, "rtol": 0}
    torch.testing.assert_close(own.distribution.mean, mean, **near)
    torch.testing.assert_close(own.distribution.log_std, log_std, **near)
    torch.testing.assert_close(own.z, z, **near)
    torch.testing.assert_close(own_prior, z_prior, **near)
    torch.testing.assert_close(own_loss.loss, loss, atol=1e-9, rtol=0)
