"""A few spoken tones, and a comparison small enough to train in seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
AUDIO = {"sample_rate": 8000, "n_fft": 256, "win_length": 256, "hop_length": 64, "n_mels": 20}


@pytest.fixture(autouse=True)
def root_on_path(monkeypatch):
    """Recipes are run from the repository's root."""
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Prepared data: each letter is a tone of its own."""
    from vits.config import AudioConfig, FrontendConfig
    from vits.data.prepare.options import PrepareConfig, RecordingLimits
    from vits.data.prepare.pipeline import prepare
    from vits.data.prepared.manifest import Row
    from vits.text import Frontend, SymbolTable

    folder = tmp_path_factory.mktemp("tones")
    rows, letters = [], "abcdefgh"
    for number, text in enumerate(["abcd", "badge", "faced", "cabbage", "head", "fade"]):
        tones = [300 * (1 + letters.index(letter)) for letter in text]
        time = np.arange(768) / 8000
        wave = np.concatenate([0.4 * np.sin(2 * np.pi * tone * time) for tone in tones])
        path = folder / f"{number}.wav"
        soundfile.write(path, wave, 8000)
        rows.append(Row(id=str(number), audio=str(path), text=text, speaker=""))
    config = PrepareConfig(audio=AudioConfig(**AUDIO), limits=RecordingLimits(segment_frames=8))
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable(("_", *letters)))
    prepare(rows, folder / "data", config, frontend, workers=1)
    return folder / "data"


@pytest.fixture
def settings(root_on_path):
    """The networks of the recipe, very narrow."""
    from recipes.baselines.settings import Settings
    from recipes.baselines.tacotron import TacotronSizes
    from recipes.baselines.waveglow import WaveGlowSizes
    from vits.config import AdversarialConfig, AudioConfig, DiscriminatorConfig, TextEncoderConfig

    usual = Settings()
    vits = replace(
        usual.vits,
        hidden_channels=16,
        latent_channels=8,
        segment_frames=8,
        audio=AudioConfig(**AUDIO),
        text_encoder=TextEncoderConfig(filter_channels=16, n_layers=1),
        posterior_encoder=replace(usual.vits.posterior_encoder, n_layers=1),
        prior_flow=replace(usual.vits.prior_flow, n_layers=1, n_flows=1),
        decoder=replace(
            usual.vits.decoder,
            resblock_kernel_sizes=(3,),
            resblock_dilations=((1,),),
            upsample_rates=(8, 8),
            upsample_kernel_sizes=(16, 16),
            initial_channels=16,
        ),
        discriminator=DiscriminatorConfig(
            periods=(2,), period_channels=(4, 4), scale_channels=(), scale_groups=()
        ),
    )
    tacotron = TacotronSizes(
        symbol_embedding_dim=8,
        encoder_embedding_dim=8,
        encoder_n_convolution=1,
        decoder_rnn_dim=8,
        attention_rnn_dim=8,
        attention_hidden_dim=8,
        prenet_dim=8,
        postnet_n_convolution=2,
        postnet_embedding_dim=8,
    )
    return Settings(
        vits=vits,
        training=replace(usual.training, adversarial=AdversarialConfig(start=2)),
        tacotron=tacotron,
        waveglow=WaveGlowSizes(group=4, n_flows=4, early_every=2, channels=8, n_layers=2),
        max_frames=200,
        max_utterances=3,
    )


@pytest.fixture
def comparison(data, settings, tmp_path):
    from recipes.baselines.compare import Comparison

    return Comparison(
        folder=tmp_path / "runs",
        train=data,
        test=data,
        minutes=1e-6,  # a step each
        limit=1,
        recogniser="none",
        naturalness="none",
        settings=settings,
    )
