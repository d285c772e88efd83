"""Dynamic time warping against synthesised speech finds the ends of symbols."""

import numpy as np
import pytest
import torch

from vits.audio.spectrogram import Spectrogram
from vits.data.prepared.dataset import Utterance
from vits.errors import AlignmentError, VoiceError
from vits.evaluation.aligners import dtw_alignment
from vits.evaluation.aligners.aligner import Aligner
from vits.evaluation.aligners.dtw_alignment import dtw_durations, round_ends
from vits.synthesis import read_voice
from vits.synthesis.api import DEFAULT_VOICE

TEXTS = ("The weather is fine today.", "Somebody sings a song about the sea.")
NOISE = 2e-3  # of the recording, some 30 dB under the speech


@pytest.fixture(scope="module")
def bundle():
    return read_voice(DEFAULT_VOICE)


@pytest.fixture(scope="module")
def aligner(bundle):
    model = bundle.generator.eval().requires_grad_(False)
    return Aligner(model, Spectrogram(model.config.audio), torch.device("cpu"), None)


def record(model, ids, rng):
    """Let the voice say symbols, each at a pace of its own; return wave and durations."""
    length, quiet = torch.tensor([len(ids)]), torch.zeros(1, 2, len(ids))
    usual = model.infer(ids[None], length, duration_noise=quiet).durations[0].numpy()
    paced = np.maximum(1, np.round(usual * rng.uniform(0.6, 1.6, len(usual)))).astype(int)
    noise = torch.randn(
        1, model.config.latent_channels, int(paced.sum()), generator=torch.manual_seed(0)
    )
    spoken = model.infer(
        ids[None], length, noise_scale=0.2, durations=torch.from_numpy(paced)[None], noise=noise
    )
    wave = spoken.wave[0, 0]
    return wave + torch.from_numpy(rng.normal(0, NOISE, len(wave)).astype(np.float32)), paced


@pytest.mark.parametrize("text", TEXTS)
def test_it_finds_the_ends_that_a_recording_was_made_with(bundle, aligner, text):
    ids = torch.tensor(bundle.frontend.encode(text).ids)
    wave, paced = record(aligner.model, ids, np.random.default_rng(1))
    found = dtw_durations(aligner, Utterance("one", ids, wave, 0))
    assert (len(found), sum(found)) == (len(paced), int(paced.sum()))
    apart = np.abs(np.cumsum(found) - np.cumsum(paced))[:-1]
    assert apart.mean() < 0.5  # frames; even durations miss them by 2 and 5
    assert apart.max() <= 3


def test_a_recording_too_short_for_its_text_is_named(bundle, aligner):
    ids = torch.tensor(bundle.frontend.encode(TEXTS[0]).ids)
    short = torch.zeros((len(ids) - 1) * aligner.model.config.audio.hop_length)
    with pytest.raises(AlignmentError, match=rf"^one: {len(ids) - 1} frames must be at least its"):
        dtw_durations(aligner, Utterance("one", ids, short, 0))


def test_speech_that_is_too_long_is_refused(bundle, aligner, monkeypatch):
    monkeypatch.setattr(dtw_alignment, "MAX_LENGTH_RATIO", 1)
    ids = torch.tensor(bundle.frontend.encode(TEXTS[0]).ids)
    short = torch.zeros(len(ids) * aligner.model.config.audio.hop_length)
    with pytest.raises(VoiceError, match="must be at most"):
        dtw_durations(aligner, Utterance("one", ids, short, 0))


@pytest.mark.parametrize(
    ("given", "total", "ends"),
    [
        ([], 4, []),
        ([0.0, 0.0, 0.0], 4, [1, 2, 3]),
        ([9.0, 9.0, 9.0], 9, [6, 7, 8]),
        ([2.4, 2.6, 7.2], 9, [2, 3, 7]),
    ],
)
def test_every_symbol_gets_a_frame(given, total, ends):
    assert round_ends(np.array(given), total).tolist() == ends
