"""Counting pairs: calls that stop early, words divided among calls, and what is refused."""

import numpy as np
import pytest

from fastw2v_kernels.count_bigrams.cpu import count_bigrams_cpu
from fastw2v_kernels.count_bigrams.reference import PREFIX, count_bigrams_reference, least_slots

FUNCTIONS = [count_bigrams_cpu, count_bigrams_reference]
each = pytest.mark.parametrize("count", FUNCTIONS, ids=["cpu", "reference"])


def case(sentences, roles, n_max):
    ids = np.array([word for sentence in sentences for word in sentence], np.int32)
    starts = np.cumsum([0, *map(len, sentences)])
    return {
        "ids": ids,
        "starts": starts,
        "roles": np.array(roles, np.uint8),
        "slots": np.zeros(4 << (n_max - 1).bit_length(), np.uint64),
        "entries": np.zeros((n_max, 4), np.int64),
        "cursor": np.zeros(2, np.int64),
    }


@each
def test_known_counts(count):
    """Words 0 and 1, and the connector 2: "0 2 2 1" is another phrase than "0 1", and none crosses a sentence."""
    arguments = case([[2, 0, 1, 0, 1], [1], [0, 2, 2, 1, 2], [0, 2, 2, 1]], [1, 1, 2], 9)
    count(**arguments)
    prefix = PREFIX + 2
    expected = [(0, 1, 2, 2), (1, 0, 3, 1), (0, 2, 7, 0), (prefix, 2, 8, 0), (prefix + 1, 1, 9, 2), (1, 2, 10, 0)]
    assert arguments["cursor"].tolist() == [15, 6]
    assert [tuple(entry) for entry in arguments["entries"][:6].tolist()] == expected


def counted(count, sentences, roles, *, n_max):
    """Count with arrays that grow each time that they are full."""
    arguments, n_calls = case(sentences, roles, n_max), 0
    while arguments["cursor"][0] < len(arguments["ids"]):
        n_calls += 1
        count(**arguments)
        assert arguments["cursor"][1] <= n_max
        n_max = 2 * n_max
        larger = case([], [], n_max)
        larger["entries"][: len(arguments["entries"])] = arguments["entries"]
        arguments |= {"entries": larger["entries"], "slots": larger["slots"]}
    return arguments["entries"][: arguments["cursor"][1]], n_calls


@each
def test_calls_that_stop_early_count_as_one_call_does(count):
    rng = np.random.default_rng(0)
    sentences = [rng.integers(0, 30, n).tolist() for n in rng.integers(0, 40, 120)]
    roles = [1] * 22 + [2] * 8
    at_once, _ = counted(count_bigrams_reference, sentences, roles, n_max=1 << 12)
    in_calls, n_calls = counted(count, sentences, roles, n_max=1)
    assert n_calls > 5
    assert (in_calls == at_once).all()


def test_words_divided_among_calls_are_counted_once():
    rng = np.random.default_rng(1)
    sentences = [rng.integers(0, 30, n).tolist() for n in rng.integers(0, 400, 20)]
    roles = np.array([1] * 25 + [2] * 5)
    whole, _ = counted(count_bigrams_cpu, sentences, roles, n_max=1 << 12)
    halves = [np.where((roles == 1) & (np.arange(30) % 2 == n), 0, roles) for n in range(2)]
    parts = [counted(count_bigrams_cpu, sentences, half, n_max=1 << 12)[0] for half in halves]
    counts = [entries[entries[:, 3] > 0, 3] for entries in (whole, *parts)]
    assert counts[0].sum() == counts[1].sum() + counts[2].sum()
    assert sorted(counts[0]) == sorted(np.concatenate(counts[1:]))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ids": np.array([0, 3, 1], np.int32)}, IndexError, "ids has 3 at position 1"),
        ({"ids": np.array([0, -1, 1], np.int32)}, IndexError, "ids has -1 at position 1"),
        ({"starts": np.array([0, 2])}, ValueError, "starts is"),
        ({"starts": np.array([1, 3])}, ValueError, "starts is"),
        ({"starts": np.array([], np.int64)}, ValueError, "starts is"),
        ({"slots": np.zeros(48, np.uint64)}, ValueError, "slots has 48 elements; expected a power of two"),
        ({"cursor": np.array([0, 10])}, ValueError, "cursor is"),
        ({"cursor": np.array([-1, 0])}, ValueError, "cursor is"),
    ],
)
def test_wrong_values_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        count_bigrams_cpu(**case([[0, 2, 1]], [1, 1, 2], 9) | change)


def test_a_table_of_the_least_size_is_searched_to_an_end():
    for n_entries in range(1, 40):
        n_slots = 1 << (least_slots(n_entries) - 1).bit_length()
        assert n_slots // 2 > n_entries
        full = case([list(range(n_entries + 1))], [1] * (n_entries + 1), n_entries)
        count_bigrams_cpu(**full | {"slots": np.zeros(n_slots, np.uint64)})
        assert (full["entries"] == [(n, n + 1, n + 1, 1) for n in range(n_entries)]).all()


def test_starts_in_a_wrong_order_are_read_within_bounds():
    arguments = case([[0, 2, 1]], [1, 1, 2], 9) | {"starts": np.array([0, 99, -5, 3])}
    count_bigrams_cpu(**arguments)
    assert arguments["cursor"][0] == 3
