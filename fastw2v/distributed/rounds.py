"""When the rounds of a training end, at which machines merge what they have learned, and which rows they merge."""

from __future__ import annotations

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.runtime.arrays import Ids

FIRST_ROWS = 1 << 14  # that every round of a long cycle merges
_N_EQUAL = 160  # rounds in which rows move equally far, if the whole training had such (README of this folder)
_FIRST_WORDS = 4096  # of the first rounds
_GROWTH = 0.15  # later ones train so much of what was trained before them, until they are as long as equal ones


def round_ends(config: TrainConfig, n_tokens: int, rounds: int | None = None) -> Ids:
    """Return after how many words of a training each of its rounds ends; an epoch ends with a round.

    Rows move by the learning rate times the words, so rounds in which they move equally far are the longer the lower
    the rate is. At first, while few words are trained, the rows change fast in all they have: rounds are short then.

    Parameters
    ----------
    config : TrainConfig
    n_tokens : int
        In an epoch.
    rounds : int, optional
        In an epoch, all equally long.

    Returns
    -------
    int64[n_rounds]
        Ascending; the last is the words of the training.

    Examples
    --------
    >>> from fastw2v.config import TrainConfig
    >>> from fastw2v.distributed.rounds import round_ends
    >>> round_ends(TrainConfig(epochs=2), 100, rounds=4).tolist()
    [25, 50, 75, 100, 125, 150, 175, 200]
    >>> ends = round_ends(TrainConfig(epochs=5), 10_000_000)
    >>> len(ends), ends[:3].tolist(), ends[-3:].tolist()
    (189, [4096, 8192, 12288], [46173920, 48129590, 50000000])
    """
    n_words = config.epochs * n_tokens
    if rounds is not None:
        parts = -(-np.arange(1, rounds + 1) * n_tokens // rounds)
        return np.unique(np.arange(config.epochs)[:, None] * n_tokens + parts)
    ends, done = list[int](), 0
    mean_rate = (config.alpha + config.min_alpha) / 2
    while done < n_words:
        rate = config.alpha - (config.alpha - config.min_alpha) * done / n_words
        equal = n_words * mean_rate / (_N_EQUAL * rate)
        wanted = int(np.ceil(min(equal, max(_FIRST_WORDS, _GROWTH * done))))
        left = n_tokens - done % n_tokens  # of the epoch: no short round is left at its end
        done += left if 2 * left < 3 * wanted else wanted
        ends.append(done)
    return np.array(ends, np.int64)


def rounds_in_cycle(wanted: int, counts: Ids) -> int:
    """Return how many rounds a cycle has: as many as wanted where rows are by falling count, and 1 otherwise.

    The first rows of a vocabulary that is not sorted, or has a row for each id, are not the most frequent. So no round
    can do with them, and each merges all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed.rounds import rounds_in_cycle
    >>> rounds_in_cycle(4, np.array([9, 5, 5])), rounds_in_cycle(4, np.array([5, 9, 5]))
    (4, 1)
    """
    return wanted if bool((counts[1:] <= counts[:-1]).all()) else 1


def rows_in_round(number: int, cycle: int, n_vocab: int) -> int:
    """Return how many rows, the most frequent, are merged in a round of a cycle; `number` is from 1 to `cycle`.

    The marks of a ruler: each second round merges twice as many rows, each fourth four times as many, the last one all.

    Examples
    --------
    >>> [rows_in_round(number, 4, 1_000_000) for number in (1, 2, 3, 4)]
    [16384, 32768, 16384, 1000000]
    """
    return n_vocab if number >= cycle else min(n_vocab, FIRST_ROWS * (number & -number))


def first_in_round(n_rounds: int, number: int, cycle: int) -> int:
    """Return whose moves come first when a round is merged, modulo the nodes; those of the one before it count most.

    It goes on by one from round to round, and from each last round of a cycle to the next: so each node's moves are
    the last as often, also of the rows that only these rounds merge.

    Parameters
    ----------
    n_rounds : int
        Rounds of the training before this cycle.
    number : int
        Of the round in its cycle, from 1 to `cycle`.
    cycle : int

    Examples
    --------
    >>> from fastw2v.distributed.rounds import first_in_round
    >>> [[first_in_round(begin, number, 2) % 3 for number in (1, 2)] for begin in (0, 2, 4)]
    [[1, 2], [2, 0], [0, 1]]
    """
    return n_rounds // cycle + number
