"""A voice small enough to speak in milliseconds; its weights are random."""

import pytest
import torch

from vits.config import (
    DecoderConfig,
    DurationPredictorConfig,
    FrontendConfig,
    PosteriorEncoderConfig,
    PriorFlowConfig,
    TextEncoderConfig,
    VitsConfig,
)
from vits.models.vits import Vits
from vits.synthesis import Card, Voice, VoiceBundle, write_voice
from vits.text import Frontend, SymbolTable

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ,.!?'"  # 58 and the blank


@pytest.fixture
def make_config():
    def make(n_speakers=1, n_symbols=59, **changes):
        return VitsConfig(
            n_symbols=n_symbols,
            n_speakers=n_speakers,
            hidden_channels=16,
            latent_channels=8,
            speaker_channels=8,
            text_encoder=TextEncoderConfig(filter_channels=16, n_layers=1),
            posterior_encoder=PosteriorEncoderConfig(n_layers=2),
            prior_flow=PriorFlowConfig(n_layers=1, n_flows=2),
            duration_predictor=DurationPredictorConfig(n_flows=2),
            decoder=DecoderConfig(
                resblock="2",
                resblock_kernel_sizes=(3,),
                resblock_dilations=((1, 3),),
                upsample_rates=(8, 8, 4),
                upsample_kernel_sizes=(16, 16, 8),
                initial_channels=16,
            ),
            **changes,
        )

    return make


@pytest.fixture
def frontend():
    return Frontend(FrontendConfig(backend="graphemes"), SymbolTable.from_texts([LETTERS]))


@pytest.fixture
def make_bundle(make_config, frontend):
    def make(speakers=(), **changes):
        torch.manual_seed(3)
        parts = {
            "generator": Vits(make_config(max(1, len(speakers)))),
            "frontend": frontend,
            "fingerprint": frontend.fingerprint(),
            "speakers": tuple(speakers),
            "card": Card(name="tiny", licence="CC0-1.0", training_steps=7),
        }
        return VoiceBundle(**(parts | changes))

    return make


@pytest.fixture
def voice(make_bundle):
    return Voice(make_bundle())


@pytest.fixture
def duo(make_bundle):
    return Voice(make_bundle(["ada", "bob"]))


@pytest.fixture
def voice_folder(make_bundle, tmp_path):
    return write_voice(tmp_path / "voice", make_bundle())
