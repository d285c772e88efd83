"""Likelihood scores of texts."""

import dataclasses

import numpy as np
import pytest
import torch

from vits.alignment import ScoreBias, durations_to_index, prior_log_likelihood
from vits.audio.spectrogram import Spectrogram
from vits.data.audit.text_mismatch import text_margins
from vits.data.prepared.batch import collate
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import DataError
from vits.evaluation.aligners.text_scores import VoiceScorer


@pytest.fixture
def data(write_tones, tmp_path):
    return PreparedDataset(write_tones(tmp_path / "tones", 40))


def overfit(model, data, steps):
    """Teach the text encoder the audio of all rows; the other boxes stay as they were drawn."""
    batch = collate([data[i] for i in range(len(data))], data.audio.hop_length)
    frames = batch.wave_lengths // data.audio.hop_length
    spectrogram = Spectrogram(data.audio)(batch.wave, batch.wave_lengths)
    with torch.no_grad():
        posterior = model.posterior_encoder(spectrogram, frames)
        mean = posterior.distribution.mean * posterior.mask
        z, _ = model.prior_flow(mean, posterior.mask)
    optimizer = torch.optim.AdamW(model.text_encoder.parameters(), lr=5e-3)
    for step in range(steps):
        text = model.text_encoder(batch.ids, batch.id_lengths)
        guide = max(0.0, 500 * (1 - 2 * step / steps))
        durations = model.align(text, z, batch.id_lengths, frames, bias=ScoreBias(guide))
        prior = text.prior.stretch(durations, posterior.mask)
        surprise = prior.log_std + 0.5 * (z - prior.mean).square() * (-2 * prior.log_std).exp()
        loss = (surprise * posterior.mask).sum() / posterior.mask.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.text_encoder.parameters(), 10.0)
        optimizer.step()


def test_the_score_is_the_likelihood_along_the_models_own_alignment(data, make_bundle):
    bundle = make_bundle(data)
    scores = VoiceScorer(bundle, data).scores(3, [data.ids(3), data.ids(5)])
    model = bundle.generator
    lengths = torch.tensor([int(data.frames[3])])
    spectrogram = Spectrogram(data.audio)(data[3].wave[None, None])
    for row, score in zip((3, 5), scores, strict=True):
        ids, size = data.ids(row)[None], torch.tensor([len(data.ids(row))])
        durations = model.align_recording(ids, size, spectrogram, lengths)
        text = model.text_encoder(ids, size)
        posterior = model.posterior_encoder(spectrogram, lengths)
        z, _ = model.prior_flow(posterior.distribution.mean, posterior.mask)
        pairs = prior_log_likelihood(z, text.prior.mean, text.prior.log_std)[0]
        index = durations_to_index(durations, int(lengths[0]))[0]
        expected = pairs[torch.arange(len(index)), index].mean()
        assert score == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.slow
def test_a_voice_that_has_learned_its_texts_finds_swapped_ones(data, change_rows, make_bundle):
    before = text_margins(data, VoiceScorer(make_bundle(data), data))
    bundle = make_bundle(data)
    overfit(bundle.generator, data, 100)
    learned = text_margins(data, VoiceScorer(bundle, data))
    assert learned.median > before.median + 2

    def swap(rows):
        for key in ("text", "phonemes", "ids"):
            rows[4][key], rows[20][key] = rows[20][key], rows[4][key]

    spoilt = PreparedDataset(change_rows(data.folder, swap))
    found = text_margins(spoilt, VoiceScorer(bundle, spoilt))
    assert found.limit is not None
    assert np.flatnonzero(found.values < found.limit).tolist() == [4, 20]


def test_speakers_are_matched_by_name(write_tones, tmp_path, make_bundle):
    data = PreparedDataset(write_tones(tmp_path / "two", 6, ("anna", "bert")))
    here = VoiceScorer(make_bundle(data, ("anna", "bert")), data).scores(1, [data.ids(1)])
    bundle = make_bundle(data, ("anna", "bert"))
    weight = bundle.generator.speaker_embedding.weight.data
    weight.copy_(weight.flip(0))
    turned = dataclasses.replace(bundle, speakers=("bert", "anna"))
    assert VoiceScorer(turned, data).scores(1, [data.ids(1)]) == pytest.approx(here)
    with pytest.raises(DataError, match="no speaker 'anna'"):
        VoiceScorer(make_bundle(data, ("bert", "carl")), data)


def test_a_text_without_room_has_no_score(data, make_bundle):
    scorer = VoiceScorer(make_bundle(data), data)
    long = torch.ones(int(data.frames[0]) + 1, dtype=torch.int64)
    assert scorer.scores(0, [long]) == [-np.inf]
    assert scorer.scores(0, [long, data.ids(0)])[1] > -np.inf
