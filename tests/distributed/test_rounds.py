import numpy as np
import pytest

from fastw2v.config import TrainConfig
from fastw2v.distributed.rounds import first_in_round, round_ends, rounds_in_cycle, rows_in_round


def moves(config, ends):
    """Learning rate times words of each round."""
    begins, total = np.append(0, ends[:-1]), ends[-1]
    rates = config.alpha - (config.alpha - config.min_alpha) * (begins + ends) / 2 / total
    return rates * (ends - begins)


@pytest.mark.parametrize(("epochs", "n_tokens"), [(1, 1), (3, 7), (5, 10_000_000), (2, 1_000_000_000), (1000, 50_000)])
@pytest.mark.parametrize("rounds", [None, 1, 6])
def test_rounds_end_once_and_with_each_epoch(epochs, n_tokens, rounds):
    ends = round_ends(TrainConfig(epochs=epochs), n_tokens, rounds)
    assert (np.diff(ends) > 0).all()
    assert ends[0] > 0
    assert ends[-1] == epochs * n_tokens
    assert np.isin(n_tokens * np.arange(1, epochs + 1), ends).all()


def test_rounds_that_were_asked_for_are_equally_long():
    assert np.diff(round_ends(TrainConfig(epochs=3), 1200, rounds=6)).tolist() == [200] * 17


def test_first_rounds_are_short_and_grow():
    sizes = np.diff(round_ends(TrainConfig(epochs=5), 10_000_000), prepend=0)
    assert sizes[0] < 5000
    assert (sizes[1:30] <= 1.2 * sizes[:29]).all()
    assert sizes[30] > 100_000


def test_later_rounds_move_rows_equally_far():
    config = TrainConfig(epochs=1, alpha=0.05)
    ends = round_ends(config, 50_000_000)
    later = moves(config, ends)[50:-10]
    assert later.max() < 1.1 * later.min()
    assert 170 < len(ends) < 230


@pytest.mark.parametrize("n_tokens", [1_000_000, 1_000_000_000])
@pytest.mark.parametrize("epochs", [1, 5])
def test_there_are_about_190_rounds(n_tokens, epochs):
    assert 160 < len(round_ends(TrainConfig(epochs=epochs), n_tokens)) < 230


def test_no_short_round_is_left_at_the_end_of_an_epoch():
    sizes = np.diff(round_ends(TrainConfig(epochs=7), 10_000_000))
    assert (sizes[40:] > 0.3 * sizes[39:-1]).all()


def test_frequent_rows_are_merged_more_often():
    assert [rows_in_round(n, 8, 200_000) for n in range(1, 9)] == [
        16384, 32768, 16384, 65536, 16384, 32768, 16384, 200_000
    ]  # fmt: skip
    assert rows_in_round(1, 4, 100) == 100


def test_all_rows_are_merged_in_each_round_where_the_first_are_not_the_most_frequent():
    assert [rounds_in_cycle(8, np.array(counts)) for counts in ([3, 3, 1], [3, 0, 1], [7], [])] == [8, 1, 8, 8]


@pytest.mark.parametrize("n_nodes", range(2, 9))
@pytest.mark.parametrize("cycle", [1, 2, 4, 8])
def test_each_node_is_first_as_often_among_all_rounds_and_among_the_last_of_cycles(n_nodes, cycle):
    begins = range(0, cycle * n_nodes * 10, cycle)
    firsts = np.array([[first_in_round(begin, n, cycle) % n_nodes for n in range(1, cycle + 1)] for begin in begins])
    for chosen in (firsts, *firsts.T):
        assert len(set(np.bincount(chosen.ravel(), minlength=n_nodes))) == 1
