import functools
import pickle

import pytest
import torch

from vits.data.prepared.batch import Batch, collate
from vits.data.prepared.dataset import Utterance
from vits.errors import DataError

HOP = 10


def utterance(name, n_ids, n_samples, speaker=0):
    random = torch.Generator().manual_seed(n_samples)
    ids = torch.randint(1, 9, (n_ids,), generator=random)
    return Utterance(name, ids, torch.rand(n_samples, generator=random) - 0.5, speaker)


ITEMS = [utterance("a", 3, 55), utterance("b", 7, 75, 2), utterance("c", 1, 10, 1)]


def test_batch_holds_every_utterance_and_zeros():
    batch = collate(ITEMS, HOP)
    assert batch.names == ("a", "b", "c")
    assert batch.ids.shape == (3, 7)
    assert batch.wave.shape == (3, 1, 75)
    assert batch.id_lengths.tolist() == [3, 7, 1]
    assert batch.wave_lengths.tolist() == [55, 75, 10]
    assert batch.speakers.tolist() == [0, 2, 1]
    assert batch.wave.dtype == torch.float32
    sounds = (batch.wave, batch.pitch, batch.speaker_vectors)
    assert {t.dtype for t in batch[1:] if all(t is not s for s in sounds)} == {torch.int64}
    assert torch.equal(batch.pitch, torch.zeros(3, 2, 7))
    for i, item in enumerate(ITEMS):
        assert torch.equal(batch.ids[i, : len(item.ids)], item.ids)
        assert torch.equal(batch.wave[i, 0, : len(item.wave)], item.wave)
        assert not batch.ids[i, len(item.ids) :].any()
        assert not batch.wave[i, 0, len(item.wave) :].any()


def test_pitch_is_padded_with_zeros():
    items = [item._replace(pitch=torch.full((2, len(item.wave) // HOP), 5.0)) for item in ITEMS]
    assert collate(items, HOP).pitch.sum((1, 2)).tolist() == [50, 70, 10]


@pytest.mark.parametrize(("pad_to", "symbols", "frames"), [(4, 8, 8), (7, 7, 14), (1, 7, 8)])
def test_padding_to_multiples_adds_zeros_only(pad_to, symbols, frames):
    items = [utterance("a", 3, 55), utterance("b", 7, 75, 2)]
    plain, padded = collate(items, HOP), collate(items, HOP, pad_to=pad_to)
    assert padded.ids.shape == padded.durations.shape == (2, symbols)
    assert padded.wave.shape == (2, 1, frames * HOP)
    assert padded.pitch.shape == (2, 2, frames)
    assert torch.equal(padded.ids[:, :7], plain.ids)
    assert torch.equal(padded.wave[..., :75], plain.wave)
    assert not padded.ids[:, 7:].any()
    assert not padded.wave[..., 75:].any()
    for name in ("id_lengths", "wave_lengths", "speakers"):
        assert torch.equal(getattr(padded, name), getattr(plain, name))


def test_more_symbols_than_frames_is_an_error():
    collate([utterance("fits", 5, 5 * HOP)], HOP)
    with pytest.raises(DataError, match=r"'tight' has 6 symbols but 5 frames"):
        collate([utterance("fits", 5, 5 * HOP), utterance("tight", 6, 6 * HOP - 1)], HOP)


def test_empty_batch_is_an_error():
    with pytest.raises(DataError, match="0 utterances"):
        collate([], HOP)


def test_all_tensors_move_to_the_device():
    batch = collate(ITEMS, HOP)
    moved = batch.to("meta")
    assert isinstance(moved, Batch)
    assert moved.names == batch.names
    assert all(tensor.device.type == "meta" for tensor in moved[1:])
    again = batch.to("cpu")
    assert all(torch.equal(one, two) for one, two in zip(batch[1:], again[1:], strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="page-locked memory needs CUDA")
def test_pinned_batch_is_copied_to_the_gpu():
    batch = collate(ITEMS, HOP)
    pinned = batch.pin_memory()
    assert all(tensor.is_pinned() for tensor in pinned[1:])
    moved = pinned.to("cuda")
    assert all(torch.equal(a, b.cpu()) for a, b in zip(batch[1:], moved[1:], strict=True))


def test_partial_collate_is_pickled_to_workers():
    travelled = pickle.loads(pickle.dumps(functools.partial(collate, hop_length=HOP)))  # noqa: S301 - our own bytes
    assert torch.equal(travelled(ITEMS).ids, collate(ITEMS, HOP).ids)
