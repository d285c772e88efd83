import itertools

import numpy as np
import pytest
from torch.utils.data import DataLoader

from vits.data.prepared.batch_stream import BatchStream
from vits.errors import ConfigError, DataError

WORLDS = [1, 2, 3, 4]


def random_lengths(n=301, seed=0):
    return np.clip(np.random.default_rng(seed).lognormal(5.4, 0.4, n), 40, 700).astype(int)


def ranks(lengths, world_size, **arguments):
    return [
        BatchStream(lengths, world_size=world_size, rank=rank, **arguments)
        for rank in range(world_size)
    ]


def check_laws(streams, lengths, max_frames, max_utterances=None, epochs=(0, 1, 5)):
    steps = streams[0].steps_per_epoch
    assert {stream.steps_per_epoch for stream in streams} == {steps}
    for epoch in epochs:
        seen = []
        for step in range(epoch * steps, (epoch + 1) * steps):
            batches = [stream.batch(step) for stream in streams]
            counts = [len(batch) for batch in batches]
            assert min(counts) >= 1
            assert max(counts) - min(counts) <= 1
            for batch in batches:
                assert len(batch) * max(lengths[batch]) <= max_frames
                assert max_utterances is None or len(batch) <= max_utterances
            seen += itertools.chain(*batches)
        assert sorted(seen) == list(range(len(lengths)))


@pytest.mark.parametrize("world_size", WORLDS)
@pytest.mark.parametrize("n_buckets", [1, 5, 16])
@pytest.mark.parametrize("max_utterances", [None, 3])
def test_epoch_is_a_partition_within_the_budget(world_size, n_buckets, max_utterances):
    lengths = random_lengths()
    limits = {"max_frames": 2000, "max_utterances": max_utterances}
    streams = ranks(lengths, world_size, n_buckets=n_buckets, **limits)
    check_laws(streams, lengths, **limits)


def test_properties_hold_for_small_and_odd_data():
    random, refused = np.random.default_rng(3), 0
    for trial in range(400):
        lengths = random.integers(1, random.integers(2, 50), random.integers(1, 60))
        limits = {
            "max_frames": int(lengths.max() + random.integers(0, 100)),
            "max_utterances": None if trial % 2 else int(random.integers(1, 6)),
        }
        arguments = {"n_buckets": int(random.integers(1, 8)), "seed": trial, **limits}
        world_size = WORLDS[trial % 4]
        try:
            streams = ranks(lengths, world_size, **arguments)
        except DataError:
            assert world_size > 1  # alone, everything that fits can be dealt
            refused += 1
            continue
        check_laws(streams, lengths, **limits, epochs=(0, 2))
    assert refused < 80


@pytest.mark.parametrize("max_utterances", [None, 5])
def test_two_ranks_have_the_global_batches_of_one_with_twice_the_budget(max_utterances):
    lengths = random_lengths()
    twice = max_utterances and 2 * max_utterances
    one = BatchStream(lengths, max_frames=4000, max_utterances=twice)
    first, second = ranks(lengths, 2, max_frames=2000, max_utterances=max_utterances)
    for step in range(2 * one.steps_per_epoch):
        assert first.batch(step) == one.batch(step)[0::2]
        assert second.batch(step) == one.batch(step)[1::2]


@pytest.mark.parametrize("world_size", [1, 2, 3, 4, 6])
def test_same_granularity_same_global_batches(world_size):
    lengths = random_lengths()
    streams = ranks(lengths, world_size, max_frames=12000 // world_size, granularity=12)
    alone = BatchStream(lengths, max_frames=12000, granularity=12)
    check_laws(streams, lengths, 12000 // world_size, epochs=(0,))
    for step in range(alone.steps_per_epoch):
        assert streams[-1].global_batch(step) == alone.batch(step)


def test_batch_is_a_function_of_the_step_alone():
    lengths = random_lengths()
    stream = BatchStream(lengths, max_frames=2000)
    steps = list(range(3 * stream.steps_per_epoch))
    forward = [stream.batch(step) for step in steps]
    backward = [stream.batch(step) for step in reversed(steps)]
    assert forward == backward[::-1]
    assert BatchStream(lengths, max_frames=2000).batch(steps[-1]) == forward[-1]


@pytest.mark.parametrize("start", [0, 1, 29, 30, 31, 1000])
def test_resumed_stream_continues_the_uninterrupted_one(start):
    lengths = random_lengths()
    whole = BatchStream(lengths, max_frames=2500)
    resumed = BatchStream(lengths, max_frames=2500, start_step=start)
    expected = itertools.islice(whole, start, start + 50)
    assert list(itertools.islice(resumed, 50)) == list(expected)


def test_iterating_again_starts_over():
    stream = BatchStream(random_lengths(), max_frames=2000, start_step=7)
    assert list(itertools.islice(stream, 5)) == list(itertools.islice(stream, 5))


def test_epochs_and_seeds_differ():
    lengths = random_lengths()
    stream = BatchStream(lengths, max_frames=2000)
    steps = stream.steps_per_epoch
    first = [stream.batch(step) for step in range(steps)]
    second = [stream.batch(step) for step in range(steps, 2 * steps)]
    other = BatchStream(lengths, max_frames=2000, seed=5)
    assert len({tuple(batch) for batch in first} & {tuple(batch) for batch in second}) < steps / 5
    assert first != [other.batch(step) for step in range(steps)]
    longest = [lengths[batch[0]] for batch in first]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


def test_has_no_length_and_feeds_a_loader():
    lengths = random_lengths()
    stream = BatchStream(lengths, max_frames=2000)
    with pytest.raises(TypeError):
        len(stream)
    loader = DataLoader(range(len(lengths)), batch_sampler=stream, collate_fn=list)
    fed = list(itertools.islice(loader, 2 * stream.steps_per_epoch))
    assert fed == list(itertools.islice(stream, 2 * stream.steps_per_epoch))


def test_buckets_reduce_padding():
    lengths = random_lengths(3000)
    one = BatchStream(lengths, max_frames=4000, n_buckets=1).padding()
    many = BatchStream(lengths, max_frames=4000, n_buckets=16).padding()
    assert one > 0.25
    assert many < 0.06


def test_padding_matches_the_batches():
    lengths = random_lengths()
    streams = ranks(lengths, 3, max_frames=1500)
    batches = [s.batch(i) for s in streams for i in range(s.steps_per_epoch)]
    padded = sum(len(batch) * max(lengths[batch]) for batch in batches)
    assert streams[0].padding() == pytest.approx(1 - lengths.sum() / padded)


def test_utterance_longer_than_the_budget_is_an_error():
    with pytest.raises(DataError, match=r"utterance 1 \(from 0\) has 900 frames.*max_frames 500"):
        BatchStream([100, 900, 50], max_frames=500)


def test_more_ranks_than_utterances_is_an_error():
    with pytest.raises(DataError, match="3 utterances cannot give each of 4 ranks one"):
        BatchStream([10, 20, 30], max_frames=100, world_size=4)


@pytest.mark.parametrize("lengths", [[], [[1, 2]], [3, 0]])
def test_invalid_lengths_are_errors(lengths):
    with pytest.raises(DataError, match="at least 1"):
        BatchStream(lengths, max_frames=100)


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_frames": 0},
        {"max_utterances": 0},
        {"n_buckets": 0},
        {"seed": -1},
        {"start_step": -1},
        {"rank": 2, "world_size": 2},
        {"rank": -1},
        {"world_size": 0},
        {"granularity": 3, "world_size": 2},
        {"granularity": 0},
    ],
)
def test_arguments_out_of_range_are_errors(arguments):
    name, value = next(iter(arguments.items()))
    with pytest.raises(ConfigError, match=f"{name} {value} must be"):
        BatchStream([10, 20, 30, 40], **{"max_frames": 100, **arguments})
