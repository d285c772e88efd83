"""Sentences decoded in a batch equal those decoded alone."""

import random

import pytest

from vits.models.batched_decoding import decode_batched, group_by_length
from vits.models.decoder_streaming import partial_decoder


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.slow
def test_a_batch_equals_single_sentences(make_model, draw, decoder, n_speakers):
    model = make_model(decoder, n_speakers)
    context = partial_decoder(model.decoder).receptive_radius
    lengths = [1, 2 * context + 9, context, 2 * context, 2 * context + 9, 3, 2 * context + 5]
    samples = [draw(model, n_frames, i % n_speakers) for i, n_frames in enumerate(lengths)]
    for wave, sample in zip(decode_batched(model, samples), samples, strict=True):
        alone, _ = model.decode(sample)
        assert wave.shape == alone.shape
        assert (wave - alone).abs().max() <= 1e-10 * alone.abs().max()


def test_a_batch_of_one_is_bit_for_bit_the_sentence(make_model, draw):
    model = make_model("hifigan 1")
    sample = draw(model, 9)
    (wave,) = decode_batched(model, [sample])
    assert wave.equal(model.decode(sample)[0])


@pytest.mark.parametrize("batch_frames", [1, 300, 4000])
def test_groups_hold_each_sentence_once_with_little_padding(batch_frames):
    rng = random.Random(0)
    lengths = [rng.randrange(1, 900) for _ in range(200)]
    groups = group_by_length(lengths, batch_frames)
    assert sorted(index for group in groups for index in group) == list(range(200))
    for group in groups:
        size = len(group) * lengths[group[0]]
        assert len(group) == 1 or size <= batch_frames
        assert sum(lengths[i] for i in group) >= 0.8 * size - 1e-9
    assert group_by_length([], batch_frames) == []
    assert len(group_by_length([7] * 40, 280)) == 1
