"""Source: parts of it, batches of it, and what networks see of it."""

import pytest
import torch

from vits.config import AudioConfig
from vits.config.pitch import LOG_F0_CENTRE
from vits.errors import ConfigError
from vits.models.pitch.source import join_sources, make_source, require_source

HOP = 8


def draw(n_frames=12):
    voiced = (torch.arange(n_frames) % 3 > 0).float()
    pitch = torch.stack([torch.linspace(4.8, 5.4, n_frames), voiced])[None]
    return make_source(
        pitch,
        AudioConfig(sample_rate=800, hop_length=HOP, n_fft=2 * HOP, win_length=2 * HOP),
        generator=torch.Generator().manual_seed(1),
    )


def test_a_seed_gives_the_same_excitation():
    assert torch.equal(draw().excitation, draw().excitation)
    assert draw().excitation.shape == (1, 1, 12 * HOP)


def test_a_part_has_its_frames_and_samples():
    source, part = draw(), draw().frames(3, 9)
    assert torch.equal(part.log_f0, source.log_f0[..., 3:9])
    assert torch.equal(part.excitation, source.excitation[..., 3 * HOP : 9 * HOP])
    assert torch.equal(part.features, source.features[..., 3:9])


def test_features_are_centred_and_silent_without_voice():
    source = draw()
    assert torch.allclose(source.features[:, :1], (source.log_f0 - LOG_F0_CENTRE) * source.voiced)
    assert not source.features[..., ::3].any()


def test_joined_sources_are_padded_with_silence():
    joined = join_sources([draw(), draw().frames(0, 5)])
    assert joined.excitation.shape == (2, 1, 12 * HOP)
    assert torch.equal(joined.excitation[1:, :, : 5 * HOP], draw().excitation[..., : 5 * HOP])
    assert not joined.excitation[1, :, 5 * HOP :].any()


def test_no_source_is_an_error():
    with pytest.raises(ConfigError, match="the decoder is excited"):
        require_source(None)
