"""The replayed share: exact, even, the same on all ranks, a function of the step."""

import itertools

import pytest

from vits.data.prepared.batch_stream import BatchStream
from vits.data.prepared.replay import ReplayStream
from vits.errors import ConfigError

N_NEW, N_OLD = 11, 23


def stream(share, *, world_size=1, rank=0, start_step=0):
    parts = (
        BatchStream([10] * n, max_frames=20, n_buckets=1, world_size=world_size, rank=rank)
        for n in (N_NEW, N_OLD)
    )
    return ReplayStream(*parts, n_new=N_NEW, share=share, start_step=start_step)


def is_old(batch):
    kinds = {index >= N_NEW for index in batch}
    assert len(kinds) == 1  # a batch is of one kind
    return kinds.pop()


@pytest.mark.parametrize("share", [0.1, 0.2, 0.29, 0.5, 0.9])
def test_the_share_is_exact_at_every_step(share):
    batches = stream(share)
    replayed = 0
    for step in range(200):
        replayed += is_old(batches.batch(step))
        assert replayed == (step + 1) * round(100 * share) // 100


def test_both_data_have_the_same_batches_as_alone():
    taken = list(itertools.islice(stream(0.25), 40))
    old = [[i - N_NEW for i in batch] for batch in taken if is_old(batch)]
    new = [batch for batch in taken if not is_old(batch)]
    alone = [BatchStream([10] * n, max_frames=20, n_buckets=1) for n in (N_NEW, N_OLD)]
    assert new == [alone[0].batch(i) for i in range(30)]
    assert old == [alone[1].batch(i) for i in range(10)]


def test_ranks_replay_in_the_same_steps_and_share_nothing():
    ranks = [stream(0.3, world_size=2, rank=rank) for rank in range(2)]
    for step in range(40):
        first, second = (rank.batch(step) for rank in ranks)
        assert is_old(first) == is_old(second)
        assert not set(first) & set(second)


def test_it_resumes_at_any_step():
    whole = list(itertools.islice(stream(0.3), 30))
    assert list(itertools.islice(stream(0.3, start_step=17), 13)) == whole[17:]


@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5, float("nan")])
def test_a_share_out_of_range(share):
    with pytest.raises(ConfigError, match=r"replay_share .* must be greater than 0"):
        stream(share)
