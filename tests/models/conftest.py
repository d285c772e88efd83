"""Models with each kind of decoder, small and wide awake, in float64 for exact laws."""

import copy
import dataclasses
import functools

import pytest
import torch
from torch import nn

from vits.config import (
    AudioConfig,
    ConvNextConfig,
    HifiGanConfig,
    IstftConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    StochasticDurationConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.models import Vits

HOP = 32
STAGES = {
    "resblock_kernel_sizes": (3, 5),
    "resblock_dilations": ((1, 3), (1, 2)),
    "initial_channels": 16,
}
HIFIGAN = {"upsample_rates": (8, 4), "upsample_kernel_sizes": (16, 8)}
ISTFT = {"upsample_rates": (2, 2), "upsample_kernel_sizes": (4, 6)}
CONVNEXT = {"channels": 12, "inner_channels": 20, "n_blocks": 2}
DECODERS = {
    "hifigan 1": HifiGanConfig(**STAGES, **HIFIGAN),
    "hifigan 2": HifiGanConfig(resblock="2", **STAGES, **HIFIGAN),
    "istft": IstftConfig(**STAGES, **ISTFT, n_bands=1, istft_hop_length=8),
    "multi-band": IstftConfig(**STAGES, **ISTFT, n_bands=4, istft_hop_length=2),
    "multi-stream": IstftConfig(
        **STAGES, **ISTFT, n_bands=2, istft_hop_length=4, trainable_filterbank=True
    ),
    "convnext": ConvNextConfig(**CONVNEXT, kernel_size=5),
    "convnext of short windows": ConvNextConfig(**CONVNEXT, kernel_size=3, window_hops=2),
}
SMALL = VitsConfig(
    n_symbols=20,
    hidden_channels=8,
    latent_channels=6,
    speaker_channels=4,
    segment_frames=8,
    audio=AudioConfig(sample_rate=8000, n_fft=128, win_length=128, hop_length=HOP, n_mels=12),
    text_encoder=TextEncoderConfig(filter_channels=12, n_layers=1),
    posterior_encoder=PosteriorEncoderConfig(n_layers=2),
    duration_predictor=StochasticDurationConfig(n_flows=2),
    prior_flow=PriorFlowConfig(n_layers=2, n_flows=3, dilation_rate=2),
    decoder=DECODERS["convnext"],
)


@pytest.fixture(scope="session")
def make_model():
    """Make a model; every call gives a copy of its own of the same weights."""

    @functools.cache
    def prototype(decoder, n_speakers):
        torch.manual_seed(0)
        config = dataclasses.replace(SMALL, decoder=DECODERS[decoder], n_speakers=n_speakers)
        model = Vits(config).eval().double()
        model.fold_weight_norm()
        for part in (model.prior_flow, model.decoder):  # loud enough to see every path
            for parameter in part.parameters():
                nn.init.normal_(parameter, 0, 0.2)
        return model

    def make(decoder, n_speakers=1):
        model = copy.deepcopy(prototype(decoder, n_speakers))
        torch.manual_seed(0)
        return model

    return make


@pytest.fixture
def draw():
    """Sample the prior of a sentence of so many frames."""

    def draw(model, n_frames, speaker=0):
        with torch.no_grad():
            text = model.encode(torch.randint(1, 20, (1, 1)), torch.tensor([1]))
            conditioning = model.speaker_conditioning(torch.tensor([speaker]))
        return model.sample_prior(text, torch.tensor([[n_frames]]), conditioning)

    return draw


@pytest.fixture(params=list(DECODERS))
def decoder(request):
    return request.param
