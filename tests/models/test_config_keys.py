"""No dead knobs: every key of the model's configuration changes the model or what it computes."""

import dataclasses
import functools
from typing import Any

import pytest
import torch

from vits.audio.mel import MelSpectrogram
from vits.config import (
    AdversarialDurationConfig,
    AudioConfig,
    ConvNextConfig,
    DeterministicDurationConfig,
    DiscriminatorConfig,
    FlowTransformerConfig,
    HifiGanConfig,
    IstftConfig,
    PitchConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    SpeakerVectorsConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.models import Discriminators, Vits

BASE = VitsConfig(
    n_symbols=12,
    n_speakers=2,
    n_languages=2,
    hidden_channels=16,
    latent_channels=8,
    speaker_channels=6,
    segment_frames=8,
    audio=AudioConfig(sample_rate=8000, n_fft=128, win_length=128, hop_length=32, n_mels=12),
    text_encoder=TextEncoderConfig(filter_channels=16, n_layers=1),
    posterior_encoder=PosteriorEncoderConfig(n_layers=2),
    prior_flow=PriorFlowConfig(n_layers=2, n_flows=2),
    duration_predictor=StochasticDurationConfig(n_flows=2),
    decoder=HifiGanConfig(
        resblock_kernel_sizes=(3,),
        resblock_dilations=((1, 3),),
        upsample_rates=(8, 4),
        upsample_kernel_sizes=(16, 8),
        initial_channels=16,
    ),
    discriminator=DiscriminatorConfig(
        periods=(2, 3),
        period_channels=(4, 4),
        scale_channels=(4,) * 6,
        scale_groups=(1,) * 6,
    ),
)

ISTFT = IstftConfig(
    resblock_kernel_sizes=(3,),
    resblock_dilations=((1, 3),),
    upsample_rates=(2, 2),
    upsample_kernel_sizes=(4, 4),
    initial_channels=16,
    n_bands=2,
)
CONVNEXT = ConvNextConfig(channels=8, inner_channels=12, n_blocks=2)
PITCH = PitchConfig(channels=6, inner_channels=8, n_layers=1, kernel_size=3)
TRANSFORMER = FlowTransformerConfig(filter_channels=8, window_size=2)
DETERMINISTIC = DeterministicDurationConfig(filter_channels=16)
ADVERSARIAL = AdversarialDurationConfig(filter_channels=16)
BASES = {
    "hifigan, stochastic": BASE,
    "istft": dataclasses.replace(BASE, decoder=ISTFT),
    "convnext": dataclasses.replace(BASE, decoder=CONVNEXT),
    "deterministic": dataclasses.replace(BASE, duration_predictor=DETERMINISTIC),
    "adversarial": dataclasses.replace(BASE, duration_predictor=ADVERSARIAL),
    "pitch": dataclasses.replace(BASE, pitch=PITCH),
    "vits2": dataclasses.replace(
        BASE, prior_flow=dataclasses.replace(BASE.prior_flow, transformer=TRANSFORMER)
    ),
}
# what must be so for a key to have an effect
NEEDED = {"discriminator.resolution_channels": {"discriminator.resolutions": (64,)}}

# what else each key could be; keys that must change together are named together
OTHER = {
    "n_symbols": 13,
    "n_speakers": 3,
    "n_languages": 0,
    "hidden_channels": 32,
    "latent_channels": 10,
    "speaker_channels": 7,
    "language_channels": 6,
    "segment_frames": 9,
    "audio.sample_rate": 16000,
    "audio.n_fft": 160,
    "audio.win_length": 96,
    "audio.hop_length": {"audio.hop_length": 16, "decoder.upsample_rates": (4, 4)},
    "audio.n_mels": 13,
    "audio.f_min": 50.0,
    "audio.f_max": 3000.0,
    "text_encoder.filter_channels": 24,
    "text_encoder.n_heads": 4,
    "text_encoder.n_layers": 2,
    "text_encoder.kernel_size": 5,
    "text_encoder.dropout": 0.4,
    "text_encoder.window_size": 3,
    "text_encoder.speaker_layer": 1,
    "posterior_encoder.kernel_size": 3,
    "posterior_encoder.dilation_rate": 2,
    "posterior_encoder.n_layers": 3,
    "prior_flow.kernel_size": 3,
    "prior_flow.dilation_rate": 2,
    "prior_flow.n_layers": 3,
    "prior_flow.n_flows": 3,
    "prior_flow.transformer": TRANSFORMER,
    "prior_flow.transformer.filter_channels": 12,
    "prior_flow.transformer.n_heads": 4,
    "prior_flow.transformer.n_layers": 2,
    "prior_flow.transformer.kernel_size": 5,
    "prior_flow.transformer.dropout": 0.3,
    "prior_flow.transformer.window_size": 3,
    "duration_predictor.kind": {"duration_predictor": DETERMINISTIC},
    "duration_predictor.filter_channels": 20,
    "duration_predictor.kernel_size": 5,
    "duration_predictor.dropout": 0.1,
    "duration_predictor.n_flows": 3,
    "duration_predictor.n_bins": 7,
    "duration_predictor.tail_bound": 0.5,
    "decoder.resblock": "2",
    "decoder.resblock_kernel_sizes": (5,),
    "decoder.resblock_dilations": ((1, 5),),
    "decoder.upsample_rates": (4, 8),
    "decoder.upsample_kernel_sizes": (12, 8),
    "decoder.initial_channels": 32,
    "decoder.kind": {"decoder": CONVNEXT},
    "decoder.n_bands": {"decoder.n_bands": 1, "decoder.istft_hop_length": 8},
    "decoder.trainable_filterbank": True,
    "decoder.istft_hop_length": {"decoder.n_bands": 4, "decoder.istft_hop_length": 2},
    "decoder.window_hops": 2,
    "decoder.channels": 10,
    "decoder.inner_channels": 14,
    "decoder.n_blocks": 3,
    "decoder.kernel_size": 3,
    "discriminator.resolutions": (64,),
    "discriminator.resolution_channels": 3,
    "discriminator.periods": (2, 5),
    "discriminator.period_channels": (4, 8),
    "discriminator.scale_channels": (4, 4, 4, 4, 4, 8),
    "discriminator.scale_groups": (1, 2, 1, 1, 1, 1),
    "pitch": PITCH,
    "pitch.channels": 8,
    "pitch.inner_channels": 9,
    "pitch.n_layers": 2,
    "pitch.kernel_size": 5,
    "pitch.dropout": 0.5,
    "speaker_vectors": SpeakerVectorsConfig(size=5),
}


def leaves(config: object, prefix: str = "") -> list[str]:
    names = []
    for field in dataclasses.fields(config):  # pyright: ignore[reportArgumentType]
        value = getattr(config, field.name)
        name = f"{prefix}{field.name}"
        names += leaves(value, f"{name}.") if dataclasses.is_dataclass(value) else [name]
    return names


def based_on(config: Any, values: dict[str, object]) -> Any:
    """Give a configuration other values, named with dots."""
    own: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    for name, other in values.items():
        box, _, rest = name.partition(".")
        if rest:
            parts.setdefault(box, {})[rest] = other
        else:
            own[box] = other
    boxes = {box: based_on(getattr(config, box), new) for box, new in parts.items()}
    return dataclasses.replace(config, **own, **boxes)


def changed(base: VitsConfig, key: str) -> VitsConfig:
    value = OTHER[key]
    if key.endswith(".kind") and base != BASE:  # back to the original's
        box = key.split(".")[0]
        value = {box: getattr(BASE, box)}
    if (key, base.decoder.kind) == ("decoder.upsample_rates", "istft"):  # of another hop length
        value = {key: (4, 1), "decoder.upsample_kernel_sizes": (4, 3)}
    together = value if isinstance(value, dict) else {key: value}
    return based_on(base, {**NEEDED.get(key, {}), **together})


@functools.cache
def behaviour(config: VitsConfig) -> list[torch.Tensor]:
    """All that a training pass computes, with every weight awake and every draw fixed."""
    torch.manual_seed(0)
    model, judges = Vits(config), Discriminators(**vars(config.discriminator))
    with torch.no_grad():
        for parameter in (*model.parameters(), *judges.parameters()):
            values = torch.arange(parameter.numel()) * 0.7
            parameter.copy_(0.3 * values.sin().reshape(parameter.shape) + parameter)
    frames = torch.tensor([20])
    torch.manual_seed(1)
    out = model(
        torch.arange(1, 9)[None],
        torch.tensor([8]),
        torch.rand(1, config.audio.n_bins, 20),
        frames,
        torch.tensor([1]),
        torch.tensor([1]),
        pitch=torch.full((1, 2, 20), 5.0),
    )
    mel = MelSpectrogram(config.audio)(torch.linspace(0, 200, 700).sin()[None, None])
    scores = [output.score for output in judges(torch.linspace(0, 99, 640).cos()[None, None])]
    shapes = torch.tensor([p.numel() for p in (*model.parameters(), *judges.parameters())])
    return [
        shapes,
        out.wave,
        out.duration_loss,
        out.posterior_pass.z_prior,
        *out.prior,
        mel,
        *scores,
        *([] if out.pitch_loss is None else [out.pitch_loss]),
    ]


def test_the_list_is_complete():
    assert set(OTHER) == {key for base in BASES.values() for key in leaves(base)}


def cases() -> list[tuple[str, str]]:
    """Every key of the first base, and of the others those of the box that differs."""
    boxes = {"istft": "decoder.", "convnext": "decoder.", "deterministic": "duration_predictor."}
    boxes |= {"pitch": "pitch.", "vits2": "prior_flow.transformer."}
    boxes |= {"adversarial": "duration_predictor."}
    return [
        (name, key)
        for name, base in BASES.items()
        for key in leaves(base)
        if key.startswith(boxes.get(name, ""))
    ]


@pytest.mark.parametrize(("name", "key"), cases())
@pytest.mark.slow
def test_every_key_changes_something(name: str, key: str):
    base = based_on(BASES[name], NEEDED.get(key, {}))
    before, after = behaviour(base), behaviour(changed(base, key))
    assert any(
        a.shape != b.shape or not torch.equal(a, b) for a, b in zip(before, after, strict=False)
    )


def test_nothing_changes_when_no_key_does():
    for a, b in zip(behaviour(BASE), behaviour.__wrapped__(BASE), strict=True):
        assert torch.equal(a, b)
