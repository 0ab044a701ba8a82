import numpy as np
import pytest

from fastw2v.config import TrainConfig
from fastw2v.distributed.plan import (
    Piece,
    Work,
    blocks,
    first_owners,
    learning_rates,
    n_trained,
    reassign,
)
from fastw2v.distributed.rounds import round_ends
from fastw2v.distributed.shards import Shard, warn_of_uneven

SIZES = np.array([10, 0, 35, 5, 20])


def rounds_of(work, shards_of, rounds, *, epochs):
    """The pieces of all rounds, and the work at the end."""
    found, ends = [], round_ends(TrainConfig(epochs=epochs), work.n_tokens, rounds)
    while work.epoch < epochs:
        end = ends[np.searchsorted(ends, work.n_words, side="right")]
        found.append((work.epoch, work.shares(shards_of, int(end) - work.n_words)))
        work = work.after(found[-1][1])
    return found, work


@pytest.mark.parametrize("rounds", [1, 3, 7, 200, None])
@pytest.mark.parametrize(
    "shards_of", [{0: {0, 1, 2, 3, 4}}, {0: {0, 1, 2}, 5: {3, 4}}, {0: {2}, 1: {0, 1, 3, 4}, 2: set()}]
)
def test_each_token_is_trained_once_in_each_epoch(rounds, shards_of):
    found, end = rounds_of(Work.begin(SIZES), shards_of, rounds, epochs=2)
    for epoch in (0, 1):
        pieces = [p for e, shares in found if e == epoch for own in shares.values() for p in own]
        trained = np.concatenate([np.arange(*piece) for piece in pieces])
        assert sorted(trained.tolist()) == list(range(SIZES.sum()))
    assert end.n_words == 2 * SIZES.sum()
    assert len(found) <= 2 * (rounds or 200)


def test_what_is_left_is_trained_by_others_when_a_worker_is_lost():
    work = Work.begin(SIZES)
    for _ in range(2):
        work = work.after(work.shares({0: {0, 1, 2}, 1: {3, 4}}, 14))
    before = work.n_words
    found, end = rounds_of(work, reassign({0: {0, 1, 2}, 1: {3, 4}}, [1], SIZES.tolist()), 5, epochs=1)
    assert before + sum(n_trained(shares) for _, shares in found) == end.n_words == SIZES.sum()
    assert all(set(shares) == {1} for _, shares in found)


def test_rounds_of_equal_shards_are_equal():
    found, _ = rounds_of(Work.begin(np.full(8, 100)), first_owners([1] * 8, [0, 1]), 4, epochs=1)
    assert [n_trained(shares) for _, shares in found] == [200] * 4
    assert found[1][1] == {0: [Piece(100, 200)], 1: [Piece(500, 600)]}


def test_the_learning_rate_falls_with_the_words_of_all():
    config = TrainConfig(alpha=0.05, min_alpha=0.01, epochs=2)
    first, middle = learning_rates(config, 0, 100, n_tokens=100)
    last = learning_rates(config, 100, 200, n_tokens=100)[1]
    assert (first, middle, last) == pytest.approx((0.05, 0.03, 0.01))


@pytest.mark.parametrize(("n_rows", "n_owners"), [(1, 1), (10, 3), (1000, 7)])
def test_blocks_hold_each_row_once_and_begin_with_the_first_owner(n_rows, n_owners):
    found = blocks(n_rows, 400, n_owners=n_owners, block_bytes=8000)
    for matrix in (0, 1):
        own = [block for block in found if block.matrix == matrix]
        assert np.concatenate([np.arange(b.first, b.last) for b in own]).tolist() == list(range(n_rows))
        assert all(block.first % n_owners == 0 for block in own)
    assert all((b.last - b.first) * 400 <= max(8000, 400 * n_owners) for b in found)


def test_shards_go_to_workers_in_runs_of_equal_size():
    assert first_owners([3, 1, 2, 2, 4], [7, 9]) == {7: {0, 1, 2}, 9: {3, 4}}
    assert first_owners([5], [0, 1]) == {0: {0}, 1: set()}
    assert first_owners([], [0, 1]) == {0: set(), 1: set()}
    assert first_owners([100, 10, 20], [0, 1, 2]) == {0: {0}, 1: {1}, 2: {2}}
    assert first_owners([1] * 8, range(8)) == {n: {n} for n in range(8)}
    assert first_owners([100, 1, 100, 1, 1, 98, 1], [0, 1, 2]) == {0: {0, 1}, 1: {2}, 2: {3, 4, 5, 6}}


def test_shards_that_differ_much_go_to_workers_without_regard_to_neighbours():
    assert first_owners([60, 80, 60], [0, 1]) == {0: {1}, 1: {0, 2}}
    assert first_owners([60, 60, 60], [0, 1]) in ({0: {0, 1}, 1: {2}}, {0: {0}, 1: {1, 2}})


@pytest.mark.parametrize("n_workers", [2, 4])
@pytest.mark.parametrize("n_shards", [9, 16, 63, 64])
def test_shards_of_plain_text_go_where_their_middle_lies(n_workers, n_shards):
    """Neighbours together, as many each as can be: what quality was measured with."""
    for seed in range(5):
        sizes = (1_000_000 + np.random.default_rng(seed).integers(-500, 500, n_shards)).tolist()
        middles = (np.cumsum(sizes) - np.array(sizes) / 2) * n_workers // sum(sizes)
        found = first_owners(sizes, range(n_workers))
        assert found == {worker: set(np.flatnonzero(middles == worker)) for worker in range(n_workers)}


def test_each_worker_has_work_and_none_has_much_more_than_its_share():
    rng = np.random.default_rng(0)
    for _ in range(300):
        n_workers, n_shards = rng.integers(1, 9), rng.integers(1, 30)
        sizes = np.ceil(rng.pareto(rng.choice([0.5, 1, 3]), n_shards) * 10).astype(int).tolist()
        found = first_owners(sizes, range(n_workers))
        assert sorted(n for own in found.values() for n in own) == list(range(n_shards))
        assert sum(not own for own in found.values()) == max(0, n_workers - n_shards)
        largest = max(sum(sizes[n] for n in own) for own in found.values())
        assert largest <= 1.1 * max(max(sizes), sum(sizes) / n_workers + max(sizes) * (1 - 1 / n_workers))
        assert found == first_owners(sizes, range(n_workers))


@pytest.mark.parametrize(
    ("sizes", "n_workers", "message"),
    [
        ([5], 2, "1 node has nothing to train, since the corpus has 1 part; cut the files"),
        ([5, 5], 4, "2 nodes have nothing to train, since the corpus has 2 parts; cut the files"),
        ([100, 10, 20], 3, "one of 3 nodes has 77 % of the corpus, and the others wait; cut the files"),
        ([3, 4, 4], 3, ""),
        ([5], 1, ""),
    ],
)
def test_nodes_with_little_to_train_are_told_of_with_the_cure(caplog, sizes, n_workers, message):
    shares = first_owners(sizes, range(n_workers)).values()
    warn_of_uneven(shares, [Shard("text", 0, size, size) for size in sizes])
    assert caplog.messages == [each for each in caplog.messages if each.startswith(message)]
    assert len(caplog.messages) == bool(message)
