"""Many workers in step, each blind to what the others are about to write: how the GPU trains, as a CPU can replay it.

A worker has a chunk of the corpus. It reads the row of a word once, when the word enters its window, changes its own
copy, and adds the difference to the matrix when the word leaves and is not in the window any more. Output rows are read
for one centre and added to after it. All workers read before any writes, which is the worst that a GPU can do.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


_FREE = -1


class Kept(NamedTuple):
    """The tokens of an epoch that survive subsampling: rows, sentence numbers, positions in the corpus."""

    id: Array
    sentence: Array
    pos: Array


class Guard(NamedTuple):
    """Factors of the moves of each word's input and output row."""

    rate_in: Array
    rate_out: Array


class Crew(NamedTuple):
    """The state of every worker: words in its window, their rows as they are and as they were read, its next centre."""

    word: Array
    row: Array
    was: Array
    move: Array
    target: Array
    at: Array
    end: Array
    low: Array
    high: Array


def new_crew(n_workers: int, dim: int, window: int, negative: int) -> Crew:
    """Workers without work."""
    row, was = (np.zeros((n_workers, 2 * window + 1, dim), np.float32) for _ in range(2))
    move, target = np.zeros((n_workers, negative + 1, dim), np.float32), np.zeros((n_workers, negative + 1), np.int64)
    return Crew(
        np.full(row.shape[:2], _FREE), row, was, move, target, *(np.zeros(n_workers, np.int64) for _ in range(4))
    )


_jit = numba.njit(nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_jit
def _seed(seed: int) -> None:
    np.random.seed(seed)  # noqa: NPY002 - Numba's own generator


@_jit
def _take_chunk(crew: Crew, k: int, begin: int, end: int, kept: Kept, window: int) -> None:
    first = begin
    while first > 0 and begin - first < window and kept.sentence[first - 1] == kept.sentence[begin]:
        first -= 1
    crew.at[k], crew.end[k], crew.low[k], crew.high[k] = begin, end, first, first


@_jit
def _slot_of(crew: Crew, k: int, word: int) -> int:
    for slot in range(crew.word.shape[1]):
        if crew.word[k, slot] == word:
            return slot
    return -1


@_jit
def _load_entering(w_in: Array, crew: Crew, k: int, kept: Kept, window: int) -> None:
    centre = crew.at[k]
    while crew.high[k] < min(centre + window + 1, len(kept.id)):
        word = kept.id[crew.high[k]]
        if kept.sentence[crew.high[k]] != kept.sentence[centre]:
            break
        if _slot_of(crew, k, word) < 0:
            slot = _slot_of(crew, k, _FREE)
            crew.word[k, slot] = word
            crew.row[k, slot] = crew.was[k, slot] = w_in[word]
        crew.high[k] += 1


@_jit
def _store_leaving(w_in: Array, crew: Crew, k: int, kept: Kept, window: int, guard: Guard) -> None:
    centre = crew.at[k] + 1
    at_end = centre == crew.end[k] or kept.sentence[centre] != kept.sentence[centre - 1]
    first = crew.high[k] if at_end else max(crew.low[k], centre - window)
    for slot in range(crew.word.shape[1]):
        word = crew.word[k, slot]
        if word != _FREE:
            stays = False
            for i in range(first, crew.high[k]):
                stays |= kept.id[i] == word
            if not stays:
                w_in[word] += guard.rate_in[word] * (crew.row[k, slot] - crew.was[k, slot])
                crew.word[k, slot] = _FREE
    crew.low[k], crew.at[k] = first, centre


@_jit
def _draw_targets(target: Array, positive: int, alias_prob: Array, alias_id: Array) -> None:
    target[0] = positive
    for t in range(1, len(target)):
        u = np.random.random() * len(alias_prob)  # noqa: NPY002
        column = int(u)
        drawn = column if u - column < alias_prob[column] else alias_id[column]
        target[t] = -1 if drawn == positive else drawn


@_jit
def _step(x: Array, w_out: Array, target: Array, move: Array, dx: Array, lr: float) -> float:
    """Add the targets' moves to `move`; put that of the input row x into dx; return the loss."""
    loss = 0.0
    dx[:] = 0
    for t in range(len(target)):
        if target[t] >= 0:
            out = w_out[target[t]]
            score = np.float32(0)
            for col in range(len(x)):
                score += x[col] * out[col]
            score = min(max(score, np.float32(-30)), np.float32(30))
            loss += math.log1p(math.exp(-score if t == 0 else score))
            coef = np.float32(lr * ((t == 0) - 1 / (1 + math.exp(-score))))
            for col in range(len(x)):
                dx[col] += coef * out[col]
                move[t, col] += coef * x[col]
    return loss


@_jit
def _train_centre(
    w_out: Array,
    crew: Crew,
    k: int,
    words: Array,
    reach: int,
    lr: float,
    is_cbow: bool,
    hidden: Array,
    dx: Array,
    tally: Array,
) -> None:
    centre = crew.at[k]
    low, high = max(crew.low[k], centre - reach), min(crew.high[k], centre + reach + 1)
    crew.move[k] = 0
    hidden[:] = 0
    for i in range(low, high):
        if i == centre:
            continue
        slot = _slot_of(crew, k, words[i])
        if is_cbow:
            hidden += crew.row[k, slot] / np.float32(high - low - 1)
        else:
            tally[0] += _step(crew.row[k, slot], w_out, crew.target[k], crew.move[k], dx, lr)
            crew.row[k, slot] += dx
    if is_cbow and high - low > 1:
        tally[0] += _step(hidden, w_out, crew.target[k], crew.move[k], dx, lr)
        for i in range(low, high):
            if i != centre:
                crew.row[k, _slot_of(crew, k, words[i])] += dx
    tally[1] += min(high - low - 1, 1) if is_cbow else high - low - 1


@_jit
def train_epoch(
    w_in: Array,
    w_out: Array,
    kept: Kept,
    cuts: Array,
    alias_prob: Array,
    alias_id: Array,
    crew: Crew,
    guard: Guard,
    window: int,
    lr_first: float,
    lr_step: float,
    is_cbow: bool,
    seed: int,
) -> float:
    """Train the chunks between `cuts` (places in `kept`), as many at a time as there are workers; return the loss."""
    _seed(seed)
    hidden, dx, tally = np.zeros(w_in.shape[1], np.float32), np.zeros(w_in.shape[1], np.float32), np.zeros(2)
    n_workers, chunk, n_busy = len(crew.at), 0, 1
    crew.at[:] = crew.end[:] = 0
    is_busy = np.zeros(n_workers, np.bool_)
    while n_busy:
        n_busy = 0
        for k in range(n_workers):
            while crew.at[k] == crew.end[k] and chunk < len(cuts) - 1:
                _take_chunk(crew, k, cuts[chunk], cuts[chunk + 1], kept, window)
                chunk += 1
            is_busy[k] = crew.at[k] < crew.end[k]
            if is_busy[k]:
                n_busy += 1
                centre = crew.at[k]
                _load_entering(w_in, crew, k, kept, window)
                _draw_targets(crew.target[k], kept.id[centre], alias_prob, alias_id)
                reach = 1 + int(np.random.random() * window)  # noqa: NPY002
                lr = lr_first + lr_step * kept.pos[centre]
                _train_centre(w_out, crew, k, kept.id, reach, lr, is_cbow, hidden, dx, tally)
        for k in range(n_workers):
            if is_busy[k]:
                for t in range(crew.target.shape[1]):
                    if crew.target[k, t] >= 0:
                        w_out[crew.target[k, t]] += guard.rate_out[crew.target[k, t]] * crew.move[k, t]
                _store_leaving(w_in, crew, k, kept, window, guard)
    return tally[0] / max(tally[1], 1)
